"""Shapes of what people type about checks on site."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.fields import KeyForm, PersonField
from dianheng.common.errors import NotFound
from dianheng.common.forms import DayField, Form
from dianheng.customers.models import UsagePoint
from dianheng.customers.selectors import point_by_number
from dianheng.metrology.plates import Wiring

from .choices import TaskKind, TaskReason
from .sheet import NUMBERS, RATES, READINGS, elements_of, names_of


class PointField(forms.CharField):
    """A usage point by its number."""

    def clean(self, value: Any) -> UsagePoint:
        number = super().clean(value).strip()
        try:
            return point_by_number(number)
        except NotFound as refused:
            raise forms.ValidationError(str(refused.refusal.text)) from None


class TaskForm(KeyForm):
    """Who checks what until when."""

    point = PointField(label=_("Usage point"), max_length=40)
    kind = forms.ChoiceField(label=_("What is checked"), choices=TaskKind.choices)
    reason = forms.ChoiceField(
        label=_("Why"), choices=TaskReason.choices, initial=TaskReason.PERIODIC
    )
    due_on = DayField(label=_("Due"))
    leader = PersonField(label=_("Leader"), help_text=_("Name or staff number"))
    second = PersonField(label=_("Second person"), help_text=_("Two people work on site."))
    note = forms.CharField(label=_("Note"), required=False, max_length=400)


class CrewForm(Form):
    """Who checks the chosen points; each by the day on which it is due, at the earliest this one."""

    leader = PersonField(label=_("Leader"), help_text=_("Name or staff number"))
    second = PersonField(label=_("Second person"), help_text=_("Two people work on site."))
    not_before = DayField(
        label=_("What is late is due on"), help_text=_("t+7: a week from today"), initial="t+7"
    )


class ReasonForm(KeyForm):
    """Why a task is called off."""

    reason = forms.CharField(label=_("Reason"), max_length=400)


class UploadForm(Form):
    """A file of a calibrator."""

    file = forms.FileField(
        label=_("File of the calibrator"), help_text=_("JSON of the upload schema, or CSV.")
    )
    calibrator_no = forms.CharField(
        label=_("Calibrator"),
        required=False,
        max_length=64,
        help_text=_("Where the file does not name it."),
    )


class DoneForm(KeyForm):
    """What was done about an order."""

    done_on = DayField(label=_("Carried out on"), help_text=_("t is today"))
    what_done = forms.CharField(
        label=_("What was done"), max_length=400, widget=forms.Textarea(attrs={"rows": 3})
    )


def _text_input(label: Any, unit: str = "") -> forms.CharField:
    said = f"{label}, {unit}" if unit else label
    attrs = {"inputmode": "decimal", "autocomplete": "off", "aria-label": said}
    field = forms.CharField(
        label=label, required=False, max_length=40, widget=forms.TextInput(attrs=attrs)
    )
    field.unit = unit  # type: ignore[attr-defined]  # shown in the field
    return field


def phasor_rows(form: Form, wiring: Wiring) -> list[tuple[str, str, BoundField, BoundField]]:
    """Name, unit, size and lag of each voltage and current."""
    rows = []
    for kind, unit, names in zip("ui", "VA", names_of(wiring), strict=True):
        rows += [
            (name, unit, form[f"{kind}{n}"], form[f"{kind}{n}_deg"])
            for n, name in enumerate(names, 1)
        ]
    return rows


class RecordForm(Form):
    """When, with what, by whom, and what is signed: of every record that is typed.

    Numbers are text here: the sheet reads them and tells everything that is wrong at once.
    """

    CONDITIONS = ("temperature_c", "humidity_pct")
    TEXTS = ("seals_removed", "seals_applied", "signer", "remark")

    done_at = forms.DateTimeField(
        label=_("Checked at"), widget=forms.DateTimeInput(attrs={"placeholder": "2026-11-30 09:30"})
    )
    calibrator_no = forms.CharField(label=_("Calibrator"), max_length=64)
    leader = PersonField(label=_("Leader"))
    second = PersonField(label=_("Second person"))
    seals_removed = forms.CharField(
        label=_("Seals removed"),
        required=False,
        max_length=400,
        help_text=_("Numbers, apart by spaces"),
    )
    seals_applied = forms.CharField(label=_("Seals applied"), required=False, max_length=400)
    signer = forms.CharField(label=_("Signed for the customer"), required=False, max_length=60)
    remark = forms.CharField(label=_("Remark"), required=False, max_length=400)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["done_at"].initial = timezone.localtime().strftime("%Y-%m-%d %H:%M")
        for key in self.keys():
            number = NUMBERS[key]
            self.fields[key] = _text_input(number.label, number.unit)

    def keys(self) -> Iterator[str]:
        """Names of the numbers that are typed."""
        yield from self.CONDITIONS

    @property
    def head(self) -> list[BoundField]:
        """When, with what, by whom."""
        return [self[name] for name in ("done_at", "calibrator_no", "leader", "second")]

    @property
    def conditions(self) -> list[tuple[BoundField, str]]:
        """Conditions with their units."""
        return [(self[name], NUMBERS[name].unit) for name in self.CONDITIONS]

    @property
    def rest(self) -> list[BoundField]:
        """Seals, who signed, remarks."""
        return [self[name] for name in ("seals_removed", "seals_applied", "signer", "remark")]

    def raw(self) -> dict[str, Any]:
        """What was typed, by the names of a sheet."""
        data = self.cleaned_data
        return {key: str(data[key]) for key in (*self.keys(), *self.TEXTS) if data.get(key)}


class TransformerForm(RecordForm):
    """A transformer that was measured where it hangs; its errors stand in the sheets below."""

    calibrator_no = forms.CharField(label=_("Standard or tester"), max_length=64)
    signs_confirmed = forms.BooleanField(
        label=_("I looked at the tester: the signs are as measured."), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.dress()


class EntryForm(RecordForm):
    """A check of the meter and its circuits as it is written; the fields follow the circuit."""

    CONDITIONS = ("temperature_c", "humidity_pct", "frequency_hz", "cos_phi")
    TEXTS = ("load_kind", "sequence", *RecordForm.TEXTS)

    load_kind = forms.ChoiceField(
        label=_("Kind of load"), choices=[("L", _("inductive")), ("C", _("capacitive"))]
    )
    sequence = forms.ChoiceField(
        label=_("Phase sequence"),
        required=False,
        choices=[("", _("not measured")), ("positive", _("positive")), ("negative", _("negative"))],
    )

    def __init__(
        self, *args: Any, wiring: Wiring, seen: Mapping[str, str] | None = None, **kwargs: Any
    ):
        """Begin; `seen` names what is compared with the archive, with its label."""
        self.wiring = wiring
        self.count = elements_of(wiring)
        self.seen_names = tuple(seen or ())
        super().__init__(*args, **kwargs)
        for name, label in (seen or {}).items():
            self.fields[name] = forms.ChoiceField(
                label=label, required=False,
                choices=[("", _("not looked at")), ("yes", _("yes")), ("no", _("no"))],
            )  # fmt: skip
        for n in range(1, READINGS + 1):
            self.fields[f"error_{n}"].label = _("Reading %(n)s") % {"n": n}
        self.dress()

    def keys(self) -> Iterator[str]:
        """Names of the numbers that this circuit has."""
        for key in NUMBERS:
            place = next((sign for sign in key if sign.isdigit()), "")
            is_element = key[0] in "ui" or key.startswith(("drop_", "vt_", "ct_"))
            if not is_element or not place or int(place) <= self.count:
                yield key

    @property
    def seen(self) -> list[BoundField]:
        """What is compared with the archive."""
        return [self[name] for name in self.seen_names]

    def raw(self) -> dict[str, Any]:
        data = self.cleaned_data
        return super().raw() | {name: data[name] for name in self.seen_names if data.get(name)}

    @property
    def load(self) -> list[BoundField]:
        """What is chosen about the load."""
        return [self["load_kind"], self["sequence"]]

    @property
    def phasors(self) -> list[tuple[str, str, BoundField, BoundField]]:
        """Name, unit, size and lag of each voltage and current."""
        return phasor_rows(self, self.wiring)

    @property
    def readings(self) -> list[BoundField]:
        """Working errors."""
        return [self[f"error_{n}"] for n in range(1, READINGS + 1)]

    @property
    def registers(self) -> list[BoundField]:
        """Registers of the meter and the offset of its clock."""
        return [*(self[f"register_{rate}"] for rate in RATES), self["clock_offset_s"]]

    @property
    def secondary(self) -> list[tuple[str, list[BoundField]]]:
        """Drop and burdens of each element."""
        rows = []
        for n, name in enumerate(names_of(self.wiring)[0], 1):
            names = ("drop_{}_f", "drop_{}_d", "vt_{}_va", "vt_{}_rated", "ct_{}_va", "ct_{}_rated")
            rows.append((name, [self[each.format(n)] for each in names]))
        return rows


class EnergyForm(Form):
    """For which energy and which power factor the correction is worked out."""

    recorded_kwh = forms.DecimalField(
        label=_("Energy registered, kWh"), max_digits=18, decimal_places=4
    )
    cos_phi = forms.DecimalField(
        label=_("Mean cosφ of the period"), min_value=Decimal("0.01"), max_value=1, max_digits=6, decimal_places=4,
    )  # fmt: skip
    spread = forms.DecimalField(
        label=_("Uncertainty of cosφ"), min_value=0, max_value=1, max_digits=6, decimal_places=4,
    )  # fmt: skip
    load = forms.ChoiceField(
        label=_("Kind of load"), choices=[("L", _("inductive")), ("C", _("capacitive"))]
    )
    rank = forms.IntegerField(label=_("Wiring, by its place"), min_value=1, max_value=5)
    from_on = DayField(label=_("From"), required=False)
    through_on = DayField(label=_("Through"), required=False)


class DiagnosisForm(Form):
    """Phasors to be explained, without a record."""

    wiring = forms.ChoiceField(
        label=_("Wiring"),
        choices=[
            ("three_phase_three_wire", _("Three-phase three-wire")),
            ("three_phase_four_wire", _("Three-phase four-wire")),
        ],
    )
    nominal_v = forms.DecimalField(
        label=_("Reference voltage, V"), required=False, min_value=1, max_digits=8, decimal_places=2
    )
    sequence = forms.ChoiceField(
        label=_("Phase sequence"),
        required=False,
        choices=[("", _("not measured")), ("positive", _("positive")), ("negative", _("negative"))],
    )

    def __init__(self, *args: Any, wiring: Wiring, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.circuit = wiring
        for kind in "ui":
            for n in range(1, elements_of(wiring) + 1):
                for key in (f"{kind}{n}", f"{kind}{n}_deg"):
                    self.fields[key] = _text_input(NUMBERS[key].label, NUMBERS[key].unit)
        self.dress()

    @property
    def phasors(self) -> list[tuple[str, str, BoundField, BoundField]]:
        """Name, unit, size and lag of each voltage and current."""
        return phasor_rows(self, self.circuit)

    @property
    def head(self) -> list[BoundField]:
        """What is known besides."""
        return [self[name] for name in ("wiring", "nominal_v", "sequence")]
