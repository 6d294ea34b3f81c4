"""Forms of analyses."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.fields import KeyForm
from dianheng.common.forms import DayField
from dianheng.identity.models import Unit

from .choices import ERRORS_ONLY, Cause
from .selectors import item_word, items_to_try, rule_sets_in_use, rule_sets_to_try


class TrialForm(KeyForm):
    """What is tried, on which records."""

    title = forms.CharField(
        label=_("What is asked"),
        max_length=200,
        help_text=_("For example: who fails if the control band becomes 50 % of the limit?"),
    )
    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        label=_("Unit"),
        help_text=_("Records of this unit and of those below it."),
    )
    from_day = DayField(label=_("Tested from"), required=False)
    through_day = DayField(label=_("Tested through"), required=False)
    rule_set_now = forms.ChoiceField(label=_("Only records judged by"), required=False)
    rule_set_tried = forms.ChoiceField(label=_("Rule set to try"), required=False)
    item = forms.ChoiceField(
        label=_("Tried on"),
        required=False,
        initial=ERRORS_ONLY,
        help_text=_("The other items stay as they were judged."),
    )
    limit_factor = forms.DecimalField(
        label=_("Limit times"),
        initial=Decimal(1),
        help_text=_(
            "1: as it is; 0.6: 60 % of the limit. The band of further readings moves along."
        ),
    )
    interval_factor = forms.DecimalField(
        label=_("Rounding interval times"),
        initial=Decimal(1),
        help_text=_("1: as it is; 0.5: half of it; 0: the mean is not rounded."),
    )

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields["rule_set_now"].choices = [  # type: ignore[attr-defined]
            ("", _("every rule set")),
            *((name, name) for name in rule_sets_in_use()),
        ]
        self.fields["rule_set_tried"].choices = [  # type: ignore[attr-defined]
            ("", _("the one of the record")),
            *((name, name) for name in rule_sets_to_try()),
        ]
        self.fields["item"].choices = [  # type: ignore[attr-defined]
            ("", _("everything that has a limit")),
            *((name, item_word(name)) for name in items_to_try()),
        ]


class TraceForm(KeyForm):
    """What turned out bad, and between which moments."""

    cause = forms.ChoiceField(label=_("What turned out bad"), choices=Cause.choices)
    code = forms.CharField(
        label=_("Which"),
        max_length=100,
        help_text=_(
            "Bar code of a standard, bench or calibrator, name of a standard of another body, login of a"
            " person, code and version of a scheme (S-12/3), code of a laboratory or of a room."
        ),
    )
    from_at = forms.DateTimeField(
        label=_("Last known good"), help_text=_("For example the day of its last good check.")
    )
    through_at = forms.DateTimeField(label=_("Found bad"))
    found_error_pct = forms.DecimalField(
        label=_("Error found, %"),
        required=False,
        help_text=_(
            "The guard band of the risk. Empty: by the share of the limit in the settings."
        ),
    )
    reason = forms.CharField(label=_("What was found"), widget=forms.Textarea(attrs={"rows": 3}))
