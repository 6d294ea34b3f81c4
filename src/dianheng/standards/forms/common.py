"""Shapes that several nouns share: a standard by its bar code, a day, a reason."""

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import STANDARDS
from dianheng.assets.models import Device
from dianheng.common.forms import DayField, Form


def standard_by_barcode(code: str) -> Device:
    """The standard of a typed or scanned bar code."""
    found = Device.objects.filter(barcode=code.strip(), kind__in=STANDARDS).first()
    if found is None:
        raise forms.ValidationError(_("No standard has the bar code %(code)s.") % {"code": code})
    return found


class DayReasonForm(Form):
    """A day and a reason."""

    day = DayField(label=_("On"))
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea({"rows": 2}), max_length=2000)


class ReasonForm(Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea({"rows": 2}), max_length=2000)


class BarcodeForm(Form):
    """One standard by its bar code."""

    device = forms.CharField(label=_("Bar code of the standard"), max_length=64)

    def clean_device(self) -> Device:
        return standard_by_barcode(self.cleaned_data["device"])
