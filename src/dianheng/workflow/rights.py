"""Rights of this app. Tasks themselves belong to the posts of their lanes."""

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import register_rights

RIGHTS = {
    "workflow.view": _("See processes and their course"),
    "workflow.start": _("Start processes"),
    "workflow.manage": _("Suspend, resume and hand over others' tasks"),
    "workflow.duties": _("Accept ways by which one person could handle and approve"),
    "workflow.packs": _("Bring packs into force and switch them"),
}
register_rights(RIGHTS)
