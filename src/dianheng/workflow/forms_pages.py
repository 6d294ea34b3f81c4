"""Forms of the pages; forms of packs are drawn by `fields`."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.common.forms import Form
from dianheng.identity.models import Unit
from dianheng.identity.selectors import units_with_right


class StartForm(Form):
    """What an instance is about, and for which unit."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"))
    title = forms.CharField(label=_("Subject"), max_length=80)
    subject = forms.CharField(widget=forms.HiddenInput, required=False, max_length=120)

    def __init__(self, *args: Any, rights: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["unit"]
        field.queryset = units_with_right(rights, "workflow.start").filter(is_active=True)


class ReasonForm(Form):
    """A reason, and where several steps may be meant, which."""

    to = forms.ChoiceField(label=_("To which step"))
    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000
    )

    def __init__(self, *args: Any, steps: Any = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        if steps:
            field: Any = self.fields["to"]
            field.choices = steps
        else:
            del self.fields["to"]
