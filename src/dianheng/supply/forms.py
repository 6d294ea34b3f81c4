"""Shape of input."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.models import DeviceModel, Manufacturer, Place
from dianheng.common.forms import DayField, Form, PlainSelectMultiple
from dianheng.identity.models import Unit

from .choices import Opinion, Outcome
from .services.arrival import RECEIVING

LEVELS = [(level, level) for level in ("I", "II", "III")]
CLASSES = [("", "–"), ("A", "A"), ("B", "B"), ("C", "C")]
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


class ReasonForm(Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))


class ArrivalForm(Form):
    """Where and by which note a delivery is received."""

    place = forms.ModelChoiceField(label=_("Received in"), queryset=Place.objects.none())
    delivery_note_no = forms.CharField(label=_("Delivery note"), required=False, max_length=60)
    arrived_on = DayField(label=_("Arrived on"))

    def __init__(self, *args: Any, paths: list[str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        places = Place.objects.filter(kind__in=RECEIVING, is_active=True).select_related("unit")
        allowed = [p.pk for p in places if p.unit.path.startswith(tuple(paths))]
        self.fields["place"].queryset = places.filter(pk__in=allowed).order_by("code")  # type: ignore[attr-defined]


class InspectionForm(Form):
    """The split, stated before the draw."""

    arrivals = forms.ModelMultipleChoiceField(
        label=_("Arrivals"), queryset=None, widget=PlainSelectMultiple()
    )
    split = forms.ChoiceField(
        label=_("Inspected as"),
        choices=[("one", _("One lot")), ("each", _("Each arrival a lot of its own"))],
    )
    statement = forms.CharField(
        label=_("Why split so"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    level = forms.ChoiceField(label=_("Inspection level"), choices=LEVELS, initial="II")
    aql_b = forms.CharField(label=_("AQL of class B, %"), initial="1.0", max_length=6)
    aql_c = forms.CharField(label=_("AQL of class C, %"), required=False, max_length=6)

    def __init__(self, *args: Any, arrivals: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["arrivals"].queryset = arrivals  # type: ignore[attr-defined]


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
        label=_("Class"), choices=CLASSES, required=False,
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


class ReturnForm(Form):
    """A return of failed devices of a lot."""

    lot = forms.ModelChoiceField(label=_("Lot"), queryset=None)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, lots: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["lot"].queryset = lots  # type: ignore[attr-defined]
