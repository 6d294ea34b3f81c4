"""Rights of this app."""

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import register_rights

register_rights(
    {
        "archives.view": _("See the archive"),
        "archives.file": _("File pieces and keep volumes"),
        "archives.secret": _("Read business secrets of the archive"),
        "archives.fonds": _("Enter fonds"),
        "regulations.view": _("See regulations"),
        "regulations.edit": _("Keep regulations and what carries them out"),
    }
)
