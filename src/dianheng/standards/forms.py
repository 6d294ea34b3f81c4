"""Shapes of what people type; decisions are the services'."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import METERS, STANDARDS, DeviceKind
from dianheng.assets.models import Device
from dianheng.common.forms import DayField, Form, PlainSelectMultiple
from dianheng.identity.models import Unit

from .choices import Project
from .selectors import bench_label

KINDS = [(kind.value, kind.label) for kind in DeviceKind if kind in METERS]


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


class DayReasonForm(Form):
    """A day and a reason."""

    day = DayField(label=_("On"))
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea({"rows": 2}), max_length=2000)


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
