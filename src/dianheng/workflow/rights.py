"""Rights and settings of this app. Tasks themselves belong to the posts of their lanes."""

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import SettingKind, register_rights, register_settings

from .rules import OfficeHours

RIGHTS = {
    "workflow.view": _("See processes and their course"),
    "workflow.start": _("Start processes"),
    "workflow.manage": _("Suspend, resume and hand over others' tasks"),
    "workflow.duties": _("Accept ways by which one person could handle and approve"),
    "workflow.packs": _("Bring packs into force and switch them"),
}
register_rights(RIGHTS)
register_settings(
    SettingKind(
        "workflow.office_hours",
        _("Office hours, in which time limits of processes run"),
        OfficeHours.parse("08:30–12:00, 13:30–18:00"),
        OfficeHours.parse,
        source="own choice: an ordinary office day",
        certainty="project",
    ),
)
