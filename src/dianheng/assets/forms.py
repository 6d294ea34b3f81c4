"""Shape of input."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.common.forms import DayField, Form, PlainSelectMultiple

from .choices import (
    METERS,
    STANDARDS,
    TRANSFORMERS,
    DeviceKind,
    DeviceState,
    HungElement,
    HungRole,
    PlaceKind,
)
from .fields import DeviceField, KeyForm, MakerField, ModelField, PlaceField, UnitField
from .models import (
    Device,
    DeviceModel,
    Installation,
    Meter,
    StandardEquipment,
    Terminal,
    Transformer,
)
from .plates import PARAMETERS, PLATE
from .selectors.facts import plain
from .services import DETAILS
from .services.correct import OWN

STARTS = (
    DeviceState.AWAITING_VERIFICATION, DeviceState.IN_SERVICE, DeviceState.AWAITING_ACCEPTANCE,
    DeviceState.UNQUALIFIED, DeviceState.SUSPENDED,
)  # fmt: skip


DETAIL_MODELS: dict[str, type[Any]] = {
    **dict.fromkeys(METERS, Meter),
    **dict.fromkeys(TRANSFORMERS, Transformer),
    DeviceKind.TERMINAL: Terminal,
    **dict.fromkeys(STANDARDS, StandardEquipment),
}


class ReasonForm(KeyForm):
    """Why, once."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))


class CorrectForm(Form):
    """Facts of the record that may be corrected, as they stand, with a reason."""

    def __init__(self, *args: Any, device: Device, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.holders: dict[str, Any] = dict.fromkeys(OWN, device)
        for table, (kinds, columns) in DETAILS.items():
            name = table.removeprefix("assets_").replace("standardequipment", "standard")
            if device.kind in kinds and hasattr(device, name):
                self.holders |= dict.fromkeys(columns, getattr(device, name))
        for name, holder in self.holders.items():
            field = holder._meta.get_field(name).formfield(required=False)
            if isinstance(field, forms.DateField):
                field = DayField(label=field.label, required=False)
            field.initial = getattr(holder, name)
            field.widget.attrs.setdefault(
                "class", "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            )
            self.fields[name] = field
        self.fields["reason"] = forms.CharField(
            label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"})
        )

    @property
    def changes(self) -> dict[str, Any]:
        """Fields that are not as they were."""
        found = {}
        for name, holder in self.holders.items():
            value = self.cleaned_data.get(name)
            if value is None and holder._meta.get_field(name).empty_strings_allowed:
                value = None if holder._meta.get_field(name).null else ""
            if value != getattr(holder, name):
                found[name] = value
        return found


def column_field(model: type[Any], name: str, required: bool = False) -> Any:
    """A form field for a column of a model, in the manner of these pages."""
    field = model._meta.get_field(name).formfield(required=required)
    if isinstance(field, forms.DateField):
        return DayField(label=field.label, required=required)
    return field


class RegisterForm(KeyForm):
    """One device that is entered by hand: legacy stock, a client's own, a standard.

    The fields are those of its kind; what is empty is not known.
    """

    model = ModelField(label=_("Model"))
    barcode = forms.CharField(label=_("Bar code"), max_length=64)
    serial_no = forms.CharField(label=_("Maker's number"), required=False)
    asset_no = forms.CharField(
        label=_("Asset number"),
        required=False,
        help_text=_("Empty: the bar code is the asset number."),
    )
    unit = UnitField(label=_("Unit"))
    place = PlaceField(label=_("Place"), help_text=_("Code or name."))
    state = forms.ChoiceField(label=_("State"), choices=[(s.value, s.label) for s in STARTS])
    ownership = forms.ChoiceField(
        label=_("Owner"), choices=[("utility", _("Utility")), ("customer", _("Customer"))]
    )
    produced_on = DayField(label=_("Produced on"), required=False)
    purchased_on = DayField(label=_("Purchased on"), required=False)

    def __init__(self, *args: Any, kind: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        models: Any = self.fields["model"]
        models.queryset = models.queryset.filter(kind=kind)
        self.details = [
            name for table, (kinds, names) in DETAILS.items() if kind in kinds for name in names
        ]
        holder = DETAIL_MODELS.get(kind)
        for name in self.details:
            self.fields[name] = column_field(holder, name)  # type: ignore[arg-type]
        if "name" in self.fields:
            self.fields["name"].help_text = _("Empty: the name of the model.")
        self.dress()


class MakerForm(Form):
    """A maker."""

    code = forms.CharField(label=_("Code"), max_length=20)
    name = forms.CharField(label=_("Name"), max_length=100)
    short_name = forms.CharField(label=_("Short name"), max_length=40, required=False)


class MakerChangeForm(Form):
    """A maker's names, and whether it is still bought from."""

    name = forms.CharField(label=_("Name"), max_length=100)
    short_name = forms.CharField(label=_("Short name"), max_length=40, required=False)
    is_active = forms.BooleanField(label=_("Active"), required=False)
    reason = forms.CharField(
        label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class PlateForm(Form):
    """A model with the plate of its kind; `model` when it is changed."""

    def __init__(self, *args: Any, kind: str, model: DeviceModel | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kind, self.columns, self.more = kind, ["code", "name", *PLATE[kind]], PARAMETERS[kind]
        if model is None:
            self.fields["manufacturer"] = MakerField(label=_("Maker"))
        else:
            self.columns.remove("code")
        for name in self.columns:
            self.fields[name] = column_field(DeviceModel, name, required=name in ("code", "name"))
        for key, parameter in self.more.items():
            label = f"{parameter.label}, {parameter.unit}" if parameter.unit else parameter.label
            self.fields[f"more_{key}"] = (
                forms.ChoiceField(
                    label=label, required=False, choices=[("", "–"), *parameter.options]
                )
                if parameter.options
                else forms.CharField(label=label, required=False, max_length=60)
            )
        if model is not None:
            self.fields["is_active"] = column_field(DeviceModel, "is_active")
            self.fields["reason"] = forms.CharField(
                label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 2})
            )
            for name, field in self.fields.items():
                key = name.removeprefix("more_")
                field.initial = (
                    (model.parameters or {}).get(key, "")
                    if name.startswith("more_")
                    else getattr(model, name, None)
                )
                if isinstance(field.initial, Decimal):
                    field.initial = plain(field.initial)
        self.dress()

    def facts(self, model: DeviceModel | None = None) -> dict[str, Any]:
        """Columns and parameters as they were typed; parameters that no form shows stay."""
        data = self.cleaned_data
        found = {name: data[name] for name in self.columns if name != "code"}
        for name, value in found.items():
            column = DeviceModel._meta.get_field(name)
            if value is None and not column.null:
                found[name] = column.get_default()
        more = dict(model.parameters or {}) if model else {}
        for key in self.more:
            value = data[f"more_{key}"].strip()
            if value:
                more[key] = value
            else:
                more.pop(key, None)
        found["parameters"] = more
        if "is_active" in data:
            found["is_active"] = data["is_active"]
        return found


class PlaceForm(KeyForm):
    """A new place of the tree."""

    code = forms.CharField(label=_("Code"), max_length=40)
    name = forms.CharField(label=_("Name"), max_length=100)
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(k.value, k.label) for k in PlaceKind if k not in (PlaceKind.PERSON, PlaceKind.TRANSIT, PlaceKind.USAGE_POINT)],
    )  # fmt: skip
    unit = UnitField(label=_("Unit"))
    parent = PlaceField(label=_("Stands in"), required=False)
    level = forms.IntegerField(label=_("Level of store"), required=False, min_value=1, max_value=3)
    capacity = forms.IntegerField(label=_("Capacity, devices"), required=False, min_value=1)


class PlaceChangeForm(Form):
    """A place's name and room, and whether it is open."""

    name = forms.CharField(label=_("Name"), max_length=100)
    capacity = forms.IntegerField(label=_("Capacity, devices"), required=False, min_value=1)
    is_active = forms.BooleanField(label=_("Active"), required=False)


class RegisterFileForm(Form):
    """A list out of a former system, and what holds where it says nothing."""

    file = forms.FileField(
        label=_("List of devices"), help_text=_(".xlsx or .csv, heads in Chinese or English."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
    )  # fmt: skip
    source = forms.CharField(
        label=_("Former system"), max_length=60,
        help_text=_("Its columns and its words for states are asked once and remembered by this name."),
    )  # fmt: skip
    unit = UnitField(label=_("Unit"), help_text=_("Of devices for which the list names none."))
    model = ModelField(
        label=_("Model, where none is named"), required=False, empty_label=_("The list names it")
    )
    place = PlaceField(label=_("Place, where none is named"), required=False, help_text=_("Code or name."))  # fmt: skip

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units.filter(is_active=True).order_by("path")  # type: ignore[attr-defined]


class RefuseForm(Form):
    """Why a list is refused."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))


class StateWordForm(Form):
    """What a former system calls a state."""

    source = forms.CharField(
        label=_("Former system"), max_length=60, initial="*", help_text=_("A star: all of them.")
    )
    text = forms.CharField(label=_("Text in the file"), max_length=60)
    state = forms.ChoiceField(label=_("State"), choices=DeviceState.choices)


class MomentField(forms.DateTimeField):
    """A day and time of the organisation; empty is now."""

    def __init__(self, **kwargs: Any):
        kwargs.setdefault("required", False)
        kwargs.setdefault("widget", forms.DateTimeInput(attrs={"placeholder": "2026-11-30 09:30"}))
        kwargs.setdefault("help_text", _("Day and time; empty: now."))
        super().__init__(**kwargs)


class InstallForm(KeyForm):
    """A device comes to a usage point."""

    device = DeviceField(
        label=_("Device"),
        widget=forms.TextInput(attrs={"data-scan-field": "", "autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Role"), choices=HungRole.choices)
    element = forms.ChoiceField(
        label=_("Phase or element"),
        choices=HungElement.choices,
        required=False,
        help_text=_("Meters: all. Transformers: their phase; in a three-wire circuit AB and CB."),
    )
    installed_at = MomentField(label=_("Installed"))
    document = forms.CharField(label=_("Document"), required=False, max_length=80)


class TakeOffForm(KeyForm):
    """What leaves a usage point, and why."""

    chosen = forms.ModelMultipleChoiceField(
        Installation.objects.none(),
        label=_("Devices"),
        widget=PlainSelectMultiple,
    )
    removed_at = MomentField(label=_("Taken off"))
    reason = forms.CharField(label=_("Reason"), max_length=400)

    def __init__(self, *args: Any, hanging: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["chosen"]
        field.queryset = hanging
        field.label_from_instance = lambda one: (
            f"{one.device.barcode} {one.get_role_display()} {one.get_element_display()}"
        )
