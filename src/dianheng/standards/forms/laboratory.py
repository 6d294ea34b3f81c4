"""Authorisations, measuring standards and what belongs to them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import METERS, TRANSFORMERS, DeviceKind
from dianheng.assets.models import Device
from dianheng.common.forms import DayField, Form, PlainSelectMultiple
from dianheng.identity.models import Unit

from ..choices import Project
from ..selectors import bench_label
from .common import DayReasonForm, standard_by_barcode

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


class UnequipForm(DayReasonForm):
    """A standard leaves a measuring standard."""

    day = DayField(
        label=_("Last day"),
        help_text=_(
            "The last day on which it belongs to it. A day before its first one says that it was "
            "added by mistake: the entry goes, the audit trail keeps it."
        ),
    )
