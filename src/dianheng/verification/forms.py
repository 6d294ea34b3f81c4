"""Shapes of what people type; decisions are the services'."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import METERS, STANDARDS, DeviceKind
from dianheng.assets.models import Device, DeviceModel, Lot
from dianheng.common.forms import DayField, Form, PlainSelectMultiple
from dianheng.identity.models import Unit
from dianheng.metrology.periods import ValidityMode

from .choices import Project, TaskKind

KINDS = [(kind.value, kind.label) for kind in DeviceKind if kind in METERS]


class TaskForm(Form):
    """A new task: for a lot, or for the devices of a model that are scanned."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Laboratory"), empty_label=None)
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(k.value, k.label) for k in TaskKind if k != TaskKind.FIELD_CHECK],
        initial=TaskKind.INITIAL.value,
    )
    lot = forms.ModelChoiceField(
        Lot.objects.none(),
        label=_("Lot"),
        required=False,
        empty_label=_("no lot: devices are scanned"),
        help_text=_("The model is that of the lot."),
    )
    model = forms.ModelChoiceField(
        DeviceModel.objects.none(), label=_("Model"), required=False, empty_label="–"
    )
    at_most = forms.IntegerField(
        label=_("At most so many devices of the lot"),
        required=False,
        min_value=1,
        max_value=100_000,
    )
    validity_mode = forms.ChoiceField(
        label=_("Validity"),
        required=False,
        choices=[
            ("", _("as usual for the kind")),
            (ValidityMode.FIRST_ONLY.value, _("verified once, then replaced")),
            (ValidityMode.PERIODIC.value, _("verified again and again")),
        ],
    )
    client = forms.CharField(
        label=_("Client"), required=False, max_length=200, help_text=_("Empty: the company itself.")
    )
    planned_from = DayField(label=_("Planned from"))
    planned_through = DayField(label=_("Planned through"))
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        # A slice could not be looked up in; the newest are chosen by their keys.
        newest = Lot.objects.order_by("-pk").values("pk")[:200]
        lots = Lot.objects.filter(pk__in=newest).select_related("model__manufacturer")
        self.fields["lot"].queryset = lots.order_by("-pk")  # type: ignore[attr-defined]
        models = DeviceModel.objects.filter(kind__in=METERS, is_active=True)
        self.fields["model"].queryset = models.select_related("manufacturer")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not data.get("lot") and not data.get("model") and "model" not in self.errors:
            self.add_error("model", _("Choose a lot or a model."))
        return data


class ReasonForm(Form):
    """A step that owes a reason."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea({"rows": 2}), max_length=2000)


def bench_label(bench: Device) -> str:
    """Number, name and positions of a bench, as people know it."""
    known = getattr(bench, "standard", None)
    words = [bench.barcode, known.name if known else str(bench.model)]
    if known and known.position_count:
        words.append(str(_("%(n)s positions") % {"n": known.position_count}))
    return " · ".join(words)


class BenchField(forms.ModelChoiceField):
    """One bench."""

    def label_from_instance(self, obj: Any) -> str:
        return bench_label(obj)


class BenchesField(forms.ModelMultipleChoiceField):
    """Several benches."""

    def label_from_instance(self, obj: Any) -> str:
        return bench_label(obj)


class FillForm(Form):
    """Loads of several benches in one step."""

    benches = BenchesField(Device.objects.none(), label=_("Benches"), widget=PlainSelectMultiple)
    at_most = forms.IntegerField(
        label=_("At most so many loads of each bench"),
        required=False,
        min_value=1,
        max_value=1000,
        help_text=_("Empty: until no device waits."),
    )

    def __init__(self, *args: Any, benches: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["benches"].queryset = benches  # type: ignore[attr-defined]


class LoadForm(Form):
    """A new load of a bench."""

    bench = BenchField(Device.objects.none(), label=_("Bench"), empty_label=None)

    def __init__(self, *args: Any, benches: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["bench"].queryset = benches  # type: ignore[attr-defined]
        self.fields["bench"].label_from_instance = _bench_label  # type: ignore[attr-defined]


def _bench_label(bench: Device) -> str:
    detail = getattr(bench, "standard", None)
    name = detail.name if detail else bench.model.name
    count = detail.position_count if detail else None
    return f"{bench.barcode} {name}" + (f" ({count})" if count else "")


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
    bench = forms.ModelChoiceField(
        Device.objects.none(), label=_("Bench"), required=False, empty_label="–"
    )
    measuring_range = forms.CharField(label=_("Measuring range"), required=False, max_length=200)
    accuracy = forms.CharField(label=_("Class or uncertainty"), required=False, max_length=100)

    def __init__(self, *args: Any, units: Any, benches: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields["bench"].queryset = benches  # type: ignore[attr-defined]
        self.fields["bench"].label_from_instance = _bench_label  # type: ignore[attr-defined]


class CertificateForm(Form):
    """A paper with number, issuer, first and last day."""

    number = forms.CharField(label=_("Number"), max_length=100)
    issuer = forms.CharField(label=_("Issued by"), max_length=200)
    valid_from = DayField(label=_("From"))
    valid_through = DayField(label=_("Through"))


class StandardCertificateForm(CertificateForm):
    """The certificate of a standard, bench or instrument."""

    accuracy_class = forms.CharField(
        label=_("Class"),
        required=False,
        max_length=20,
        help_text=_("For example 0.05; empty: by uncertainty."),
    )
    uncertainty = forms.CharField(label=_("Uncertainty"), required=False, max_length=100)
    higher_standard = forms.CharField(label=_("Traced to"), required=False, max_length=200)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea({"rows": 2}))


class EquipForm(Form):
    """A standard becomes part of an installation."""

    device = forms.CharField(label=_("Bar code of the standard"), max_length=64)
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[("main", _("main standard")), ("auxiliary", _("auxiliary equipment"))],
    )
    valid_from = DayField(label=_("From"))

    def clean_device(self) -> Device:
        code = self.cleaned_data["device"].strip()
        found = Device.objects.filter(barcode=code, kind__in=STANDARDS).first()
        if found is None:
            raise forms.ValidationError(
                _("No standard has the bar code %(code)s.") % {"code": code}
            )
        return found


class DayReasonForm(ReasonForm):
    """A day and a reason."""

    day = DayField(label=_("On"))
    field_order = ["day", "reason"]


class EnvironmentForm(Form):
    """The laboratory's own bounds."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Laboratory"), empty_label=None)
    temperature_low_c = forms.DecimalField(label=_("Lowest, °C"), initial=Decimal(21))
    temperature_high_c = forms.DecimalField(label=_("Highest, °C"), initial=Decimal(25))
    humidity_low_pct = forms.DecimalField(
        label=_("Lowest, %RH"), initial=Decimal(45), min_value=0, max_value=100
    )
    humidity_high_pct = forms.DecimalField(
        label=_("Highest, %RH"), initial=Decimal(75), min_value=0, max_value=100
    )
    source = forms.CharField(label=_("Source"), max_length=500)
    valid_from = DayField(label=_("From"))

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


class SignForm(Form):
    """A metrologist's signature under a rule set."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Laboratory"), empty_label=None)
    statement = forms.CharField(
        label=_("Statement"),
        widget=forms.Textarea({"rows": 3}),
        help_text=_(
            "Against which text the figures were checked, or why the signature is taken back."
        ),
    )
    digest = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


class SchemeForm(Form):
    """A new version of a scheme: items ticked, load points a line each."""

    items = forms.MultipleChoiceField(label=_("Items"), widget=PlainSelectMultiple)
    points = forms.CharField(
        label=_("Load points of the basic error"),
        widget=forms.Textarea({"rows": 14, "spellcheck": "false"}),
        help_text=_(
            "One a line: current, factor, and the phase for single-phase load. For example 0.1Ib 0.5L, or In 1.0 A."
        ),
    )
    takes_extra = forms.BooleanField(
        label=_("Two more readings near the limit"), required=False, initial=True
    )
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"rows": 2}),
        help_text=_(
            "Fewer points than the rule book has need the authority's consent; name it here."
        ),
    )

    def __init__(self, *args: Any, known_items: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["items"].choices = known_items  # type: ignore[attr-defined]
