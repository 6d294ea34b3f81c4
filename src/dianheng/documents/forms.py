"""Shape of input."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.common.forms import Form

from .selectors import Series


class EndForm(Form):
    """Why a document no longer counts."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))


class VoidForm(Form):
    """The next number of a series is used up without a paper."""

    series = forms.ChoiceField(label=_("Series"))
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, series: Sequence[Series], **options: Any) -> None:
        super().__init__(*args, **options)
        self.series = series
        field: Any = self.fields["series"]
        field.choices = [(one.pk, f"{one.prefix}-{one.year} {one.label}".strip()) for one in series]


class BodyForm(Form):
    """The head of a unit's papers."""

    name = forms.CharField(label=_("Name"))
    name_en = forms.CharField(label=_("English name"), required=False)
    department = forms.CharField(label=_("Department"), required=False)
    address = forms.CharField(label=_("Address"), required=False)
    post_code = forms.CharField(label=_("Post code"), required=False)
    phone = forms.CharField(label=_("Telephone"), required=False)
    email = forms.CharField(label=_("E-mail"), required=False)
