"""Tests of measuring standards."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.common.forms import DayField, Form
from dianheng.common.numbers import halfwidth

from ..choices import TestKind
from ..rules import read_numbers


class TestForm(Form):
    """A test of a measuring standard."""

    kind = forms.ChoiceField(label=_("Kind"), choices=TestKind.choices)
    done_on = DayField(label=_("Done on"))
    check_standard = forms.CharField(
        label=_("Check standard"), max_length=200,
        help_text=_("What was measured: bar code and name, or the other laboratory of a comparison."),
    )  # fmt: skip
    point = forms.CharField(
        label=_("Measuring point"), max_length=100,
        help_text=_("Tests of one kind, check standard, point and unit make a control chart. For example 220 V, 5 A, 1.0."),
    )  # fmt: skip
    unit = forms.CharField(label=_("Unit of measurement"), max_length=20, initial="%")
    readings = forms.CharField(
        label=_("Readings"), widget=forms.Textarea({"rows": 4, "spellcheck": "false"}),
        help_text=_("Between blanks, or one a line; a column of a table can be pasted."),
    )  # fmt: skip
    limit = forms.DecimalField(
        label=_("Limit"), required=False,
        help_text=_(
            "Repeatability: s of the uncertainty budget. Stability and check: the largest "
            "permissible error, or U where corrections are used."
        ),
    )  # fmt: skip
    reference = forms.DecimalField(
        label=_("Reference value"),
        required=False,
        help_text=_("Of a comparison only, as the next two."),
    )
    u_ours = forms.DecimalField(label=_("Our expanded uncertainty"), required=False)
    u_reference = forms.DecimalField(
        label=_("Expanded uncertainty of the reference"), required=False
    )
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea({"rows": 2}))

    def clean_readings(self) -> list[Decimal]:
        numbers, wrong = read_numbers(halfwidth(self.cleaned_data["readings"]))
        if wrong:
            raise forms.ValidationError(
                [_("“%(cell)s” is no number.") % {"cell": cell} for cell in wrong]
            )
        return numbers


class TestCorrectForm(TestForm):
    """What takes the place of a mistyped test."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("What was wrong with the first entry.")
    )
