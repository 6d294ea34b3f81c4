"""Rights of this app."""

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import register_rights

register_rights(
    {
        "fieldwork.view": _("See checks on site"),
        "fieldwork.plan": _("Plan checks on site"),
        "fieldwork.record": _("Record checks on site and what was put right"),
    }
)
