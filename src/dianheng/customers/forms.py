"""Shapes of what people type about usage points."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.common.forms import Form
from dianheng.identity.models import Unit
from dianheng.identity.selectors import units_with_right

from .choices import CLASSES, Circuit, Purpose


class PointForm(Form):
    """A new usage point."""

    request_key = forms.CharField(required=False, widget=forms.HiddenInput, max_length=64)
    number = forms.CharField(label=_("Usage point"), max_length=40)
    name = forms.CharField(label=_("Name"), max_length=120)
    customer_name = forms.CharField(label=_("Customer"), required=False, max_length=120)
    address = forms.CharField(label=_("Address"), required=False, max_length=200)
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"))
    purpose = forms.ChoiceField(label=_("Purpose"), choices=Purpose.choices)
    wiring = forms.ChoiceField(
        label=_("Wiring"), choices=Circuit.choices, initial=Circuit.THREE_PHASE_THREE_WIRE
    )
    rated_kv = forms.DecimalField(
        label=_("Supply voltage, kV"), max_digits=8, decimal_places=3, min_value=0
    )
    device_class = forms.ChoiceField(
        label=_("Class of the device"),
        required=False,
        choices=[("", _("By voltage and purpose")), *CLASSES],
        help_text=_("DL/T 448-2016: by purpose and supply voltage, where these settle it."),
    )

    def __init__(self, *args: Any, rights: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["request_key"].initial = uuid.uuid4().hex
        field: Any = self.fields["unit"]
        field.queryset = units_with_right(rights, "customers.edit").filter(is_active=True)


class ImportForm(Form):
    """A file of usage points."""

    file = forms.FileField(
        label=_("File"), help_text=_("CSV or Excel; heads in Chinese or English.")
    )
