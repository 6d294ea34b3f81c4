"""Shape of input of regulations."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.fields import KeyForm
from dianheng.common.forms import DayField, Form
from dianheng.identity.models import Unit
from dianheng.identity.selectors import units_with_right

from .choices import RegulationKind


class RegulationForm(Form):
    """A law, standard, rule or instruction."""

    code = forms.CharField(label=_("Number"), max_length=60)
    title = forms.CharField(label=_("Name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=RegulationKind.choices)
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"))

    def __init__(self, *args: Any, rights: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["unit"]
        field.queryset = units_with_right(rights, "regulations.edit").filter(is_active=True)


class EditionForm(KeyForm):
    """An edition with its clauses."""

    edition = forms.CharField(label=_("Edition"), max_length=40)
    in_force_from = DayField(label=_("In force from"))
    record = forms.CharField(
        label=_("Full text in the archive"),
        required=False,
        max_length=80,
        help_text=_("Its archival number."),
    )
    text = forms.CharField(
        label=_("Clauses"), widget=forms.Textarea(attrs={"rows": 14}), max_length=200_000,
        help_text=_("Each clause begins a line with its number: 5.2, A.1, 第三条."),
    )  # fmt: skip


class WordsForm(Form):
    """What carries a clause out and has no place in the program."""

    name = forms.CharField(
        label=_("Outside the program"), max_length=200,
        help_text=_("In words, for instance a log book on paper. It leads nowhere and is not checked."),
    )  # fmt: skip


class EndForm(Form):
    """Why something no longer carries a clause out."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))
