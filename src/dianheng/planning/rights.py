"""Rights of this app."""

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import register_rights

register_rights(
    {
        "planning.view": _("See resources, bookings and tasks of meetings"),
        "planning.manage": _("Keep resources, enter what became of others' tasks"),
    }
)
