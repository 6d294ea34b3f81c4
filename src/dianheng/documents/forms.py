"""Shape of input."""

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.common.forms import Form


class EndForm(Form):
    """Why a document no longer counts."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))


class BodyForm(Form):
    """The head of a unit's papers."""

    name = forms.CharField(label=_("Name"))
    name_en = forms.CharField(label=_("English name"), required=False)
    department = forms.CharField(label=_("Department"), required=False)
    address = forms.CharField(label=_("Address"), required=False)
    post_code = forms.CharField(label=_("Post code"), required=False)
    phone = forms.CharField(label=_("Telephone"), required=False)
    email = forms.CharField(label=_("E-mail"), required=False)
