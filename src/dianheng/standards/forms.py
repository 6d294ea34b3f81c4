"""Shapes of what people type; decisions are the services'."""

import csv
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import METERS, STANDARDS, TRANSFORMERS, DeviceKind
from dianheng.assets.models import Device, Place
from dianheng.common.files import Unreadable, open_table
from dianheng.common.forms import DayField, Form, PlainSelectMultiple
from dianheng.common.numbers import halfwidth
from dianheng.common.uploads import uploaded
from dianheng.identity.models import Unit

from .choices import Found, Project, TestKind, Way
from .models import OutsideStandard, SendoutItem
from .rules import POSSIBLE, read_numbers
from .selectors import bench_label

KINDS = [(kind.value, kind.label) for kind in DeviceKind if kind in (*METERS, *TRANSFORMERS)]


class BenchField(forms.ModelChoiceField):
    """One bench."""

    def label_from_instance(self, obj: Any) -> str:
        return bench_label(obj)


class AuthorisationForm(Form):
    """计量授权证书."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Laboratory"), empty_label=None)
    number = forms.CharField(label=_("Number"), max_length=100)
    issuer = forms.CharField(label=_("Issued by"), max_length=200)
    scope = forms.CharField(label=_("Scope"), widget=forms.Textarea({"rows": 3}))
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of device"), choices=KINDS, widget=PlainSelectMultiple
    )
    valid_from = DayField(label=_("From"))
    valid_through = DayField(label=_("Through"))

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


class InstallationForm(Form):
    """计量标准."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Laboratory"), empty_label=None)
    code = forms.CharField(label=_("Code"), max_length=60)
    name = forms.CharField(label=_("Name"), max_length=200)
    project = forms.ChoiceField(label=_("Project"), choices=Project.choices)
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of device"), choices=KINDS, widget=PlainSelectMultiple
    )
    bench = BenchField(Device.objects.none(), label=_("Bench"), required=False, empty_label="–")
    measuring_range = forms.CharField(label=_("Measuring range"), required=False, max_length=200)
    accuracy = forms.CharField(label=_("Class or uncertainty"), required=False, max_length=100)

    def __init__(self, *args: Any, units: Any, benches: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields["bench"].queryset = benches  # type: ignore[attr-defined]


class CertificateForm(Form):
    """A paper with number, issuer, first and last day."""

    number = forms.CharField(label=_("Number"), max_length=100)
    issuer = forms.CharField(label=_("Issued by"), max_length=200)
    valid_from = DayField(label=_("From"))
    valid_through = DayField(label=_("Through"))


def standard_by_barcode(code: str) -> Device:
    """The standard of a typed or scanned bar code."""
    found = Device.objects.filter(barcode=code.strip(), kind__in=STANDARDS).first()
    if found is None:
        raise forms.ValidationError(_("No standard has the bar code %(code)s.") % {"code": code})
    return found


class ValuesForm(Form):
    """Values by point: pasted from a table, or as a file."""

    values = forms.CharField(
        label=_("Values by point"), required=False, strip=False,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false", "wrap": "off"}),
        help_text=_(
            "Paste them from a table. Columns: quantity, point, value, correction, "
            "expanded uncertainty, k, unit; with or without a line of heads."
        ),
    )  # fmt: skip
    table = forms.FileField(
        label=_("Values as a file"), required=False,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
        help_text=_("A table as .xlsx or .csv."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=500,
        help_text=_("Why other values take the place of those that are there."),
    )  # fmt: skip
    needs_values = True

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        table, text = data.pop("table", None), data.get("values") or ""
        rows: list[list[str]] = []
        if table is not None and text.strip():
            self.add_error("table", _("Paste the values or send a file, not both."))
        elif table is not None:
            try:
                with uploaded(table) as path:
                    rows = [list(row) for _no, row in open_table(path).rows()]
            except Unreadable as error:
                self.add_error("table", str(error.refusal.text))
        elif text.strip():
            rows = pasted_rows(text)
        elif self.needs_values:
            self.add_error("values", _("Paste the values, or send them as a file."))
        data["values"] = rows
        return data


def pasted_rows(text: str) -> list[list[str]]:
    """Cells of pasted lines: tabs as spreadsheets copy them, else commas or semicolons."""
    sign = next((sign for sign in ("\t", ";", ",") if sign in text), "\t")
    return [list(row) for row in csv.reader(text.splitlines(), delimiter=sign)]


class StandardCertificateForm(CertificateForm, ValuesForm):
    """The certificate of a standard, bench or instrument."""

    accuracy_class = forms.CharField(
        label=_("Class"),
        required=False,
        max_length=20,
        help_text=_("For example 0.05; empty: by uncertainty."),
    )
    uncertainty = forms.CharField(label=_("Uncertainty"), required=False, max_length=100)
    higher_standard = forms.CharField(
        label=_("Traced to"), required=False, max_length=200,
        help_text=_("The issuer's standard by which it was made, as the certificate names it."),
    )  # fmt: skip
    higher_device = forms.CharField(
        label=_("Traced to our own standard"), required=False, max_length=64,
        help_text=_("Its bar code, where we made the certificate ourselves."),
    )  # fmt: skip
    takes_over = forms.BooleanField(
        label=_("It takes over from a certificate that still holds"), required=False
    )
    sent = forms.FileField(
        label=_("Scanned certificate"), required=False,
        widget=forms.FileInput(attrs={"accept": ".pdf,.ofd,.jpg,.jpeg,.png,.webp"}),
    )  # fmt: skip
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea({"rows": 2}))
    reason = None  # type: ignore[assignment]
    needs_values = False
    field_order = [
        "number", "issuer", "valid_from", "valid_through", "takes_over", "accuracy_class",
        "uncertainty", "higher_standard", "higher_device", "sent", "values", "table", "note",
    ]  # fmt: skip

    def clean_higher_device(self) -> Device | None:
        code = self.cleaned_data["higher_device"]
        return standard_by_barcode(code) if code.strip() else None


class OutsideStandardForm(Form):
    """A standard of another body."""

    body = forms.CharField(label=_("Other body"), max_length=200)
    name = forms.CharField(label=_("Name"), max_length=200)
    accuracy = forms.CharField(label=_("Class or uncertainty"), required=False, max_length=100)
    certificate_no = forms.CharField(label=_("Certificate"), required=False, max_length=100)
    valid_through = DayField(label=_("Valid through"), required=False)
    is_national = forms.BooleanField(
        label=_("National primary standard"), required=False,
        help_text=_("Nothing stands above it: the chain ends here."),
    )  # fmt: skip
    higher = forms.ModelChoiceField(
        OutsideStandard.objects.none(), label=_("Traced to"), required=False, empty_label="–"
    )

    def __init__(self, *args: Any, standard: OutsideStandard | None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        others = OutsideStandard.objects.all()
        if standard is not None:
            others = others.exclude(pk=standard.pk)
        self.fields["higher"].queryset = others  # type: ignore[attr-defined]


class EquipForm(Form):
    """A standard becomes part of an installation."""

    device = forms.CharField(label=_("Bar code of the standard"), max_length=64)
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[("main", _("main standard")), ("auxiliary", _("auxiliary equipment"))],
    )
    valid_from = DayField(label=_("From"))

    def clean_device(self) -> Device:
        return standard_by_barcode(self.cleaned_data["device"])


class DayReasonForm(Form):
    """A day and a reason."""

    day = DayField(label=_("On"))
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea({"rows": 2}), max_length=2000)


class UnequipForm(DayReasonForm):
    """A standard leaves a measuring standard."""

    day = DayField(
        label=_("Last day"),
        help_text=_(
            "The last day on which it belongs to it. A day before its first one says that it was "
            "added by mistake: the entry goes, the audit trail keeps it."
        ),
    )


def _bound(quantity: str, label: Any, initial: int) -> forms.DecimalField:
    low, high = POSSIBLE[quantity]
    return forms.DecimalField(
        label=label, initial=Decimal(initial), min_value=low, max_value=high, decimal_places=2
    )


class ReasonForm(Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea({"rows": 2}), max_length=2000)


class EnvironmentForm(Form):
    """The laboratory's own bounds."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Laboratory"), empty_label=None)
    temperature_low_c = _bound("temperature", _("Lowest, °C"), 21)
    temperature_high_c = _bound("temperature", _("Highest, °C"), 25)
    humidity_low_pct = _bound("humidity", _("Lowest, %RH"), 45)
    humidity_high_pct = _bound("humidity", _("Highest, %RH"), 75)
    source = forms.CharField(label=_("Source"), max_length=500)
    valid_from = DayField(label=_("From"))

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


class AcknowledgeForm(Form):
    """Who knows that a paper ends says what is done about it."""

    word = forms.CharField(
        label=_("What is done"), max_length=500, widget=forms.Textarea({"rows": 2}),
        help_text=_("For example: sent to the institute on 5 December."),
    )  # fmt: skip


class TestForm(Form):
    """A test of a measuring standard."""

    kind = forms.ChoiceField(label=_("Kind"), choices=TestKind.choices)
    done_on = DayField(label=_("Done on"))
    check_standard = forms.CharField(
        label=_("Check standard"), max_length=200,
        help_text=_("What was measured: bar code and name, or the other laboratory of a comparison."),
    )  # fmt: skip
    point = forms.CharField(
        label=_("Measuring point"), max_length=100,
        help_text=_("Tests of one kind, check standard, point and unit make a control chart. For example 220 V, 5 A, 1.0."),
    )  # fmt: skip
    unit = forms.CharField(label=_("Unit of measurement"), max_length=20, initial="%")
    readings = forms.CharField(
        label=_("Readings"), widget=forms.Textarea({"rows": 4, "spellcheck": "false"}),
        help_text=_("Between blanks, or one a line; a column of a table can be pasted."),
    )  # fmt: skip
    limit = forms.DecimalField(
        label=_("Limit"), required=False,
        help_text=_(
            "Repeatability: s of the uncertainty budget. Stability and check: the largest "
            "permissible error, or U where corrections are used."
        ),
    )  # fmt: skip
    reference = forms.DecimalField(
        label=_("Reference value"),
        required=False,
        help_text=_("Of a comparison only, as the next two."),
    )
    u_ours = forms.DecimalField(label=_("Our expanded uncertainty"), required=False)
    u_reference = forms.DecimalField(
        label=_("Expanded uncertainty of the reference"), required=False
    )
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea({"rows": 2}))

    def clean_readings(self) -> list[Decimal]:
        numbers, wrong = read_numbers(halfwidth(self.cleaned_data["readings"]))
        if wrong:
            raise forms.ValidationError(
                [_("“%(cell)s” is no number.") % {"cell": cell} for cell in wrong]
            )
        return numbers


class TestCorrectForm(TestForm):
    """What takes the place of a mistyped test."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("What was wrong with the first entry.")
    )


class EnvironmentFileForm(ValuesForm):
    """What a logger measured in a room."""

    place = forms.ModelChoiceField(
        Place.objects.none(), label=_("Laboratory room"), empty_label=None
    )
    values = forms.CharField(
        label=_("Lines of the logger"), required=False, strip=False,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false", "wrap": "off"}),
        help_text=_("Columns: moment, temperature, humidity; with or without a line of heads."),
    )  # fmt: skip
    reason = None  # type: ignore[assignment]
    field_order = ["place", "table", "values"]

    def __init__(self, *args: Any, rooms: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["place"].queryset = rooms  # type: ignore[attr-defined]


# -- send-out --------------------------------------------------------------------------------------


class SendoutPlanForm(Form):
    """A plan is drawn up."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Laboratory"), empty_label=None)
    title = forms.CharField(label=_("Title"), max_length=200)
    first_on = DayField(label=_("From"))
    last_on = DayField(
        label=_("Through"), help_text=_("Standards whose certificate ends by this day are listed.")
    )

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


class BarcodeForm(Form):
    """One standard by its bar code."""

    device = forms.CharField(label=_("Bar code of the standard"), max_length=64)

    def clean_device(self) -> Device:
        return standard_by_barcode(self.cleaned_data["device"])


class PlanLineForm(Form):
    """A line of a plan as long as it is a draft."""

    body = forms.CharField(label=_("Higher body"), required=False, max_length=200)
    way = forms.ChoiceField(label=_("Way"), choices=Way.choices)
    planned_on = DayField(label=_("Planned for"))
    appointed_on = DayField(label=_("Day given by the body"), required=False)
    cycle_months = forms.IntegerField(label=_("Cycle, months"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=500)


class ListedLineForm(Form):
    """A standard on the hand-over list out."""

    accessories = forms.CharField(label=_("Accessories"), required=False, max_length=500)
    condition = forms.CharField(label=_("Condition"), required=False, max_length=500)


class ReturnLineForm(Form):
    """A standard that comes in."""

    is_here = forms.BooleanField(label=_("Has come in"), required=False)
    found = forms.ChoiceField(label=_("Came back as"), choices=Found.choices)
    condition = forms.CharField(label=_("Condition found"), required=False, max_length=500)
    accessories = forms.CharField(
        label=_("Accessories that came back"), required=False, max_length=500
    )


class CostLineForm(Form):
    """What the body charged for a standard."""

    cost_yuan = forms.DecimalField(label=_("Cost, yuan"), required=False)


class HandOverForm(Form):
    """Who takes the standards, there and on the way."""

    receiver = forms.CharField(label=_("Received there by"), max_length=200)
    carrier = forms.CharField(label=_("Carried by"), required=False, max_length=200)
    at = forms.DateTimeField(
        label=_("When"), required=False, help_text=_("Empty: now. For example 2026-11-22 14:30.")
    )


class LeftForm(Form):
    """When a send-out left, corrected."""

    at = forms.DateTimeField(label=_("When"), help_text=_("For example 2026-11-22 14:30."))
    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("What was wrong with the first entry.")
    )


class BroughtForm(Form):
    """Who brought the standards back."""

    brought_by = forms.CharField(label=_("Brought back by"), max_length=200)
    at = forms.DateTimeField(
        label=_("When"), required=False, help_text=_("Empty: now. For example 2026-11-22 14:30.")
    )


class InvoiceForm(Form):
    """The invoice of the costs."""

    invoice_no = forms.CharField(label=_("Invoice"), required=False, max_length=100)


class SendoutForm(Form):
    """Standards that go to one body together."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Laboratory"), empty_label=None)
    body = forms.CharField(label=_("Higher body"), max_length=200)
    expected_on = DayField(label=_("Expected back on"))
    item_ids = forms.MultipleChoiceField(
        label=_("Planned, its day given"), required=False, widget=PlainSelectMultiple
    )
    devices = forms.CharField(
        label=_("Not planned"), required=False, widget=forms.Textarea({"rows": 2}),
        help_text=_("Bar codes, one a line: scan them."),
    )  # fmt: skip

    def __init__(self, *args: Any, units: Any, items: Sequence[SendoutItem], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields["item_ids"].choices = [  # type: ignore[attr-defined]
            (item.pk, f"{item.device.barcode} · {item.body} · {item.appointed_on}")
            for item in items
        ]

    def clean_item_ids(self) -> list[int]:
        return [int(key) for key in self.cleaned_data["item_ids"]]

    def clean_devices(self) -> list[Device]:
        return [standard_by_barcode(code) for code in self.cleaned_data["devices"].split()]


class Lines:
    """One small form for each standard of a table; valid together or not."""

    def __init__(
        self,
        kind: type[Form],
        items: Sequence[SendoutItem],
        data: Any,
        initial: Callable[[SendoutItem], Mapping[str, Any]],
    ):
        self.rows: list[tuple[SendoutItem, Form]] = []
        for item in items:
            form = kind(data, prefix=f"i{item.pk}", initial=dict(initial(item)))
            for field in form.fields.values():
                field.widget.attrs["aria-label"] = f"{item.device.barcode} {field.label}"
            self.rows.append((item, form))

    def is_valid(self) -> bool:
        answers = [form.is_valid() for _item, form in self.rows]  # every one, for its faults
        return all(answers)

    @property
    def typed(self) -> dict[int, dict[str, Any]]:
        """What was typed, by key of the item."""
        return {item.pk: form.cleaned_data for item, form in self.rows}

    @property
    def faults(self) -> list[str]:
        """Everything that could not be read, with the bar code of its line."""
        return [
            f"{item.device.barcode} {form.fields[name].label}: {text}"
            for item, form in self.rows
            for name, texts in form.errors.items()
            for text in texts
        ]
