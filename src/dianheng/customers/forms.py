"""Shapes of what people type about usage points."""

import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.forms import DayField, Form
from dianheng.identity.models import Unit
from dianheng.identity.selectors import units_with_right

from .choices import CLASSES, Circuit, Purpose
from .rules import EDITION, EDITIONS, LEAST_KV, MOST_KV


class OnceForm(Form):
    """A form that is carried out once, however often it is sent."""

    request_key = forms.CharField(required=False, widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["request_key"].initial = uuid.uuid4().hex


def _reason() -> forms.CharField:
    return forms.CharField(
        label=_("Reason"), max_length=400, widget=forms.Textarea(attrs={"rows": 2})
    )


class PointForm(OnceForm):
    """A new usage point."""

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
        label=_("Supply voltage, kV"), max_digits=8, decimal_places=3, min_value=LEAST_KV,
        max_value=MOST_KV,
    )  # fmt: skip
    class_edition = forms.ChoiceField(
        label=_("Edition of DL/T 448"),
        choices=[(edition, edition) for edition in EDITIONS],
        initial=EDITION,
        required=False,
    )
    device_class = forms.ChoiceField(
        label=_("Class of the device"),
        required=False,
        choices=[("", _("By voltage and purpose")), *CLASSES],
        help_text=_(
            "DL/T 448-2016: by purpose and supply voltage, where these settle it."
            " The edition of 2000 goes by energy and capacity: write the class."
        ),
    )

    def __init__(self, *args: Any, rights: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["unit"]
        field.queryset = units_with_right(rights, "customers.edit").filter(is_active=True)

    def clean_class_edition(self) -> str:
        """The edition in force, where none is chosen."""
        return self.cleaned_data["class_edition"] or EDITION


class PointChangeForm(PointForm):
    """What is written of a usage point, corrected; the number stays."""

    number = None  # type: ignore[assignment]
    reason = _reason()


def _today() -> str:
    return timezone.localdate().isoformat()


class CloseForm(OnceForm):
    """From when on a point is closed, and why."""

    closed_on = DayField(label=_("Closed on"), help_text=_("t is today"), initial=_today)
    reason = _reason()


class ReopenForm(OnceForm):
    """Why a point is opened again."""

    reason = _reason()


class ImportForm(Form):
    """A file of usage points."""

    file = forms.FileField(
        label=_("File"), help_text=_("CSV or Excel; heads in Chinese or English.")
    )
