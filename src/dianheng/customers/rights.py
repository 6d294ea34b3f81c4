"""Rights of this app."""

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import register_rights

register_rights(
    {
        "customers.view": _("See usage points"),
        "customers.edit": _("Enter, correct and close usage points"),
    }
)
