"""Rights of this app."""

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import SettingKind, register_rights, register_settings

register_rights(
    {
        "documents.view": _("See documents"),
        "documents.issue": _("Issue certificates and notices"),
        "documents.print": _("Print documents"),
        "documents.revoke": _("Revoke or supersede documents"),
        "documents.body": _("Change the head of papers"),
    }
)


def _megabytes(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 200:
        raise ValueError(text)
    return value


register_settings(
    SettingKind(
        "documents.file_mb",
        _("Largest file that is taken in"),
        30,
        _megabytes,
        source="own choice: a scanned matter of a hundred pages",
        certainty="project",
        unit="MB",
    )
)
