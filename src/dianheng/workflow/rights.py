"""Rights and settings of this app. Tasks themselves belong to the posts of their lanes."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.hours import OfficeHours
from dianheng.identity.registry import SettingKind, register_rights, register_settings

RIGHTS = {
    "workflow.view": _("See processes and their course"),
    "workflow.start": _("Start processes"),
    "workflow.manage": _("Suspend, resume and hand over others' tasks"),
    "workflow.duties": _("Accept ways by which one person could handle and approve"),
    "workflow.packs": _("Bring packs into force and switch them"),
}
register_rights(RIGHTS)


def _whole(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 3660:
        raise ValueError(text)
    return value


register_settings(
    SettingKind(
        "workflow.office_hours",
        _("Office hours, in which time limits of processes run"),
        OfficeHours.parse("08:30–12:00, 13:30–18:00"),
        OfficeHours.parse,
        source="own choice: an ordinary office day",
        certainty="project",
    ),
    SettingKind(
        "workflow.acceptance_days",
        _(
            "A way by which one person could handle and approve is accepted for at most so many days"
        ),
        366,
        _whole,
        source="own choice: a leader looks again every year",
        certainty="project",
        unit="d",
    ),
    SettingKind(
        "workflow.unused_days",
        _("A right that was not used for so many days is looked at as one too many"),
        90,
        _whole,
        source="own choice: a quarter of a year, as often as posts and rights are looked through",
        certainty="project",
        unit="d",
    ),
    SettingKind(
        "workflow.urge_hours",
        _("Hours between two urgings of a step"),
        4,
        _whole,
        source="own choice: half an office day",
        certainty="project",
        unit="h",
    ),
    SettingKind(
        "workflow.meter_doubt_days",
        _("Working days from a customer's request to the approved verdict on the meter"),
        5,
        _whole,
        source="service promises of the grid company: 5 working days from the request to the result",
        certainty="from_memory",
        unit="d",
    ),
)
