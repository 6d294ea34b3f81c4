"""Shape of input."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from dianheng.assets.models import DeviceModel, Manufacturer, Place
from dianheng.common.forms import DayField, Form, PlainSelectMultiple
from dianheng.identity.models import Unit

from .choices import ARRIVAL_CHECKS, Opinion, Outcome
from .services.arrival import RECEIVING

LEVELS = [(level, level) for level in ("I", "II", "III")]
CLASSES = [("", "–"), ("A", "A"), ("B", "B"), ("C", "C")]
CONCLUSIONS = [("", "–"), ("pass", _("Conforms")), ("fail", _("Does not conform"))]
ITEMS = (
    "appearance", "ac_voltage", "creep", "start", "basic_error", "constant", "clock_rate",
    "clock_value", "combination", "demand", "tariff_switch", "standard_deviation", "consistency",
    "variation", "load_variation", "communication", "key_state", "parameter", "relay",
)  # fmt: skip


class LineForm(Form):
    """One line of an order."""

    model = forms.ModelChoiceField(
        label=_("Model"), queryset=DeviceModel.objects.select_related("manufacturer")
    )
    quantity = forms.IntegerField(label=_("Quantity"), min_value=1)
    material_code = forms.CharField(label=_("Material code"), required=False, max_length=60)
    price_preset = forms.CharField(label=_("Price preset"), required=False, max_length=60)
    due_on = DayField(label=_("Due on"), required=False)


class OrderForm(LineForm):
    """A purchase order with its first line."""

    order_no = forms.CharField(label=_("Order"), max_length=60)
    manufacturer = forms.ModelChoiceField(label=_("Maker"), queryset=Manufacturer.objects.all())
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.none())
    ordered_on = DayField(label=_("Ordered on"))
    tender_batch = forms.CharField(label=_("Tender batch"), max_length=60)
    contract_no = forms.CharField(label=_("Contract"), required=False, max_length=60)
    note = forms.CharField(label=_("Note"), required=False)
    field_order = (
        "order_no", "manufacturer", "unit", "ordered_on", "tender_batch", "contract_no", "note",
    )  # fmt: skip

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


class SegmentForm(Form):
    """A number segment."""

    first = forms.CharField(
        label=_("First bar code"), max_length=22,
        help_text=_("22 digits, or 21 without the check digit."),
    )  # fmt: skip
    count = forms.IntegerField(label=_("Numbers"), min_value=1)
    issued_on = DayField(label=_("Issued on"), required=False)


class DeliveryForm(Form):
    """The maker's file."""

    file = forms.FileField(
        label=_("Delivery file"), help_text=_(".xlsx or .csv, heads in Chinese or English."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
    )  # fmt: skip


class MakerTestForm(Form):
    """What the maker states of a lot."""

    file = forms.FileField(
        label=_("Maker's test data"),
        help_text=_(".xlsx or .csv, one row for each device and point; the blank file shows the heads."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
    )  # fmt: skip


class ReasonForm(Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))


class LaboratoryForm(Form):
    """Where the sample is tested."""

    laboratory = forms.ModelChoiceField(label=_("Laboratory"), queryset=Unit.objects.none())

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["laboratory"].queryset = units  # type: ignore[attr-defined]


class ResultForm(Form):
    """Result of a drawn device, by hand."""

    barcode = forms.ChoiceField(label=_("Device"))
    outcome = forms.ChoiceField(label=_("Result"), choices=Outcome.choices)
    item = forms.ChoiceField(label=_("Item"), required=False)
    nonconformity_class = forms.ChoiceField(
        label=_("Nonconformity class"), choices=CLASSES, required=False,
        help_text=_("Empty: the class that the acceptance rules give the item."),
    )  # fmt: skip
    measured = forms.CharField(label=_("Found"), required=False)
    limit = forms.CharField(label=_("Required"), required=False)
    tested_on = DayField(label=_("Tested on"))
    note = forms.CharField(label=_("Note"), required=False)

    def __init__(self, *args: Any, codes: list[str], items: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["barcode"].choices = [(code, code) for code in codes]  # type: ignore[attr-defined]
        self.fields["item"].choices = [("", "–"), *items]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("outcome") == Outcome.FAIL and not data.get("item"):
            self.add_error("item", _("Say in which item it does not conform."))
        return data


class DecisionForm(Form):
    """A department's opinion."""

    opinion = forms.ChoiceField(label=_("Opinion"), choices=Opinion.choices)
    text = forms.CharField(
        label=_("Reasons"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class NoticeForm(Form):
    """What is asked of the maker."""

    demand = forms.CharField(
        label=_("What is asked of the maker"), widget=forms.Textarea(attrs={"rows": 2})
    )
    answer_until_on = DayField(label=_("Answer until"), required=False)
    contact = forms.CharField(label=_("Contact"), required=False, max_length=60)


class ShipForm(Form):
    """The devices leave."""

    carrier = forms.CharField(label=_("Carrier"), required=False, max_length=60)


class ReturnForm(NoticeForm):
    """A return of failed or held devices of a lot."""

    devices = forms.MultipleChoiceField(
        label=_("Devices"), choices=(), widget=PlainSelectMultiple()
    )
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))
    field_order = ("devices", "reason", "demand", "answer_until_on", "contact")

    def __init__(self, *args: Any, devices: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["devices"].choices = devices  # type: ignore[attr-defined]
        self.fields["demand"].required = False


class PlaceForm(Form):
    """Where something is received."""

    place = forms.ModelChoiceField(label=_("Received in"), queryset=Place.objects.none())

    def __init__(self, *args: Any, paths: list[str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        places = Place.objects.filter(kind__in=RECEIVING, is_active=True).select_related("unit")
        allowed = [p.pk for p in places if p.unit.path.startswith(tuple(paths))]
        self.fields["place"].queryset = places.filter(pk__in=allowed).order_by("code")  # type: ignore[attr-defined]


class ArrivalForm(PlaceForm):
    """Where and by which note a delivery is received."""

    delivery_note_no = forms.CharField(label=_("Delivery note"), required=False, max_length=60)
    arrived_on = DayField(label=_("Arrived on"))


class ComeBackForm(PlaceForm):
    """Devices that the maker sorted come back."""

    codes = forms.CharField(
        label=_("Bar codes"), required=False, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Scan or paste them, one below the other. Empty: all of the return."),
    )  # fmt: skip


class ResubmitForm(Form):
    """What the maker did to a rejected lot."""

    statement = forms.CharField(
        label=_("What the maker did"), widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Sorted, repaired or replaced; the number of its report."),
    )  # fmt: skip


class ResumeForm(Form):
    """Why inspection is resumed."""

    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What the maker improved, and which authority agrees by which paper."),
    )  # fmt: skip


class SendForm(Form):
    """Which centre tests the sample."""

    sent_to = forms.CharField(label=_("Sent to"), max_length=120)


class HandOverForm(Form):
    """Both names of the hand-over."""

    received_by_name = forms.CharField(label=_("Received there by"), max_length=60)
    carrier = forms.CharField(label=_("Carrier"), required=False, max_length=60)


FAILURE_ROWS = 8


class ReportForm(Form):
    """The higher centre's report: a table that names each device, or the failures by hand."""

    report_no = forms.CharField(label=_("Number of the report"), max_length=60)
    report_on = DayField(label=_("Date of the report"))
    file = forms.FileField(
        label=_("Report as a table"), required=False,
        help_text=_(
            "The list that went along, filled in (.xlsx or .csv). "
            "Without it all devices conform, except those named below."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
    )  # fmt: skip

    def __init__(self, *args: Any, codes: list[str], items: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.rows = []
        for row in range(FAILURE_ROWS):
            fields = {
                f"device_{row}": forms.ChoiceField(
                    label=_("Device"), required=False, choices=[("", "–"), *((c, c) for c in codes)]
                ),
                f"item_{row}": forms.ChoiceField(
                    label=_("Item"), required=False, choices=[("", "–"), *items]
                ),
                f"class_{row}": forms.ChoiceField(
                    label=_("Nonconformity class"), required=False, choices=CLASSES
                ),
                f"measured_{row}": forms.CharField(label=_("Found"), required=False),
                f"limit_{row}": forms.CharField(label=_("Required"), required=False),
            }
            for name, field in fields.items():
                is_choice = isinstance(field, forms.ChoiceField)
                field.widget.attrs["class"] = "form-select" if is_choice else "form-control"
                field.widget.attrs["aria-label"] = f"{field.label} {row + 1}"
                self.fields[name] = field
            self.rows.append([self[name] for name in fields])

    def above(self) -> list[Any]:
        """The fields over the table."""
        return [self[name] for name in ("report_no", "report_on", "file")]

    def clean(self) -> dict[str, Any]:
        """Failures by device; a row that names a device names an item."""
        data = super().clean() or self.cleaned_data
        failing: dict[str, dict[str, Any]] = {}
        for row in range(FAILURE_ROWS):
            device, item = data.pop(f"device_{row}", ""), data.pop(f"item_{row}", "")
            more = {name: data.pop(f"{name}_{row}", "") for name in ("class", "measured", "limit")}
            if bool(device) != bool(item):
                text = _("Row %(n)s names a device and its item, or neither.")
                self.add_error(None, text % {"n": row + 1})
            elif device:
                one = failing.setdefault(device, {"barcode": device, "nonconformities": []})
                one["nonconformities"].append({"item": item, **more})
        if failing and data.get("file"):
            self.add_error("file", _("The table names the failures already; leave the rows empty."))
        data["failing"] = list(failing.values())
        return data


class SplitForm(Form):
    """What of a lot is inspected as one: whole, by arrival, or by ranges of bar codes."""

    split = forms.ChoiceField(
        label=_("Inspected as"),
        choices=[
            ("one", _("One lot")),
            ("each", _("Each arrival a lot of its own")),
            ("ranges", _("Divided by bar code, as in the table below")),
        ],
    )
    arrivals = forms.ModelMultipleChoiceField(
        label=_("Arrivals"), queryset=None, widget=PlainSelectMultiple(), required=False
    )
    statement = forms.CharField(
        label=_("Why split so"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    level = forms.ChoiceField(label=_("Inspection level"), choices=LEVELS, initial="II")
    aql_b = forms.CharField(label=_("AQL of class B, %"), initial="1.0", max_length=6)
    aql_c = forms.CharField(label=_("AQL of class C, %"), required=False, max_length=6)

    def __init__(self, *args: Any, arrivals: Any, rows: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["arrivals"].queryset = arrivals  # type: ignore[attr-defined]
        self.names = list(self.fields)
        self.rows: list[list[Any]] = []
        known = {arrival.number: arrival for arrival in arrivals}
        self.known = known
        for row in range(rows):
            fields: dict[str, forms.Field] = {
                f"part_{row}": forms.IntegerField(
                    label=_("Part"), required=False, min_value=1, max_value=99
                ),
                f"arrival_{row}": forms.ChoiceField(
                    label=_("Arrival"),
                    required=False,
                    choices=[("", "–"), *((n, n) for n in known)],
                ),
                f"first_{row}": forms.CharField(
                    label=_("From bar code"), required=False, max_length=40
                ),
                f"last_{row}": forms.CharField(
                    label=_("To bar code"), required=False, max_length=40
                ),
            }
            for name, field in fields.items():
                is_choice = isinstance(field, forms.ChoiceField)
                field.widget.attrs["class"] = "form-select" if is_choice else "form-control"
                field.widget.attrs["aria-label"] = f"{field.label} {row + 1}"
                self.fields[name] = field
            self.rows.append([self[name] for name in fields])

    def above(self) -> list[Any]:
        """The fields over the table."""
        return [self[name] for name in self.names[:3]]

    def below(self) -> list[Any]:
        """The fields under it."""
        return [self[name] for name in self.names[3:]]

    def clean(self) -> dict[str, Any]:
        """The split as the service takes it: parts of each inspection, in the order of numbers."""
        data = super().clean() or self.cleaned_data
        ranges: dict[int, list[dict[str, Any]]] = {}
        for row in range(len(self.rows)):
            part, number = data.get(f"part_{row}"), data.get(f"arrival_{row}")
            ends = {
                end: (data.get(f"{end.split('_')[0]}_{row}") or "").strip()
                for end in ("first_code", "last_code")
            }
            if part and number:
                ranges.setdefault(part, []).append({"arrival": self.known[number], **ends})
            elif part or number or any(ends.values()):
                text = _("Row %(n)s needs the number of its part and an arrival.")
                self.add_error(None, text % {"n": row + 1})
        if data.get("split") == "ranges":
            data["parts"] = [ranges[part] for part in sorted(ranges)]
            if not ranges:
                self.add_error(None, _("Fill in the table: which part has which bar codes."))
            return data
        if ranges:
            text = _(
                "The table counts only for a division by bar code: choose it, or empty the table."
            )
            self.add_error("split", text)
        chosen = [{"arrival": arrival} for arrival in data.get("arrivals") or ()]
        if not chosen:
            self.add_error("arrivals", _("Choose at least one arrival."))
        data["parts"] = [chosen] if data.get("split") == "one" else [[one] for one in chosen]
        return data


class ChecksForm(Form):
    """What was looked at when a delivery was received."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.rows = []
        for check, (label, _requirement) in ARRIVAL_CHECKS.items():
            self.fields[f"{check}_conclusion"] = forms.ChoiceField(
                label=_("Conclusion"), required=False, choices=CONCLUSIONS,
                widget=forms.Select(attrs={"class": "form-select", "aria-label": label}),
            )  # fmt: skip
            for name, what in (("requirement", _("Requirement")), ("result", _("Result"))):
                self.fields[f"{check}_{name}"] = forms.CharField(
                    label=what, required=False, max_length=200,
                    widget=forms.TextInput(
                        attrs={"class": "form-control", "aria-label": format_lazy("{}: {}", label, what)}
                    ),
                )  # fmt: skip
            names = (f"{check}_requirement", f"{check}_result", f"{check}_conclusion")
            self.rows.append((label, [self[name] for name in names]))

    def clean(self) -> dict[str, Any]:
        """Checks as they are kept: those with a conclusion; what fails says what was found."""
        data = super().clean() or self.cleaned_data
        checks = []
        for check, (label, _requirement) in ARRIVAL_CHECKS.items():
            one = {
                name: (data.get(f"{check}_{name}") or "").strip()
                for name in ("requirement", "result", "conclusion")
            }
            if one["conclusion"] == "fail" and not one["result"]:
                text = _("%(check)s does not conform: say what was found.")
                self.add_error(f"{check}_result", text % {"check": label})
            if one["conclusion"]:
                checks.append({"check": check, **one})
        return {"checks": checks}
