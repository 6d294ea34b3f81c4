"""Entries of the menu."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.actions import register_actions
from dianheng.common.menu import MenuEntry, register

register(
    MenuEntry("verification", _("Error analysis"), "error_analysis", ("analysis.view",), 78),
    MenuEntry("verification", _("What a bad cause touched"), "traces", ("analysis.view",), 79),
    MenuEntry("verification", _("Rules tried on the past"), "rule_trials", ("analysis.view",), 80),
)
register_actions(
    {
        "trace.declare": _("Declare that something turned out bad"),
        "trace.end": _("Keep what a bad cause touched"),
        "trace.recall": _("Order a recall"),
        "trial.start": _("Try another rule on past records"),
        "trial.end": _("Keep what a trial of a rule found"),
    }
)
