"""Rights of this app."""

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import register_rights

register_rights(
    {
        "documents.view": _("See documents"),
        "documents.issue": _("Issue certificates and notices"),
        "documents.print": _("Print documents"),
        "documents.revoke": _("Revoke or supersede documents"),
        "documents.body": _("Change the head of papers"),
    }
)
