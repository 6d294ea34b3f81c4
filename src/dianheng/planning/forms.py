"""Forms of the pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.common.forms import Form
from dianheng.identity.models import Unit
from dianheng.identity.selectors import units_with_right

from .choices import ResourceKind

REMARK = _("Seats, range, where it stands: what helps to choose.")


class ResourceForm(Form):
    """A resource that can be booked."""

    code = forms.CharField(
        label=_("Code"), max_length=40, help_text=_("Number plate, room or asset number.")
    )
    name = forms.CharField(label=_("Name"), max_length=60)
    kind = forms.ChoiceField(label=_("Kind"), choices=ResourceKind.choices)
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"))
    remark = forms.CharField(
        label=_("Particulars"), max_length=500, required=False, help_text=REMARK,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(self, *args: Any, rights: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["unit"]
        field.queryset = units_with_right(rights, "planning.manage").filter(is_active=True)


class ResourceChangeForm(Form):
    """What may change of a resource."""

    name = forms.CharField(label=_("Name"), max_length=60)
    remark = forms.CharField(
        label=_("Particulars"), max_length=500, required=False, help_text=REMARK,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    is_active = forms.BooleanField(label=_("Can be booked"), required=False)


class ResultForm(Form):
    """What became of a task."""

    result = forms.CharField(
        label=_("Result"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
