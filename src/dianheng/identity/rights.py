"""Rights of this app."""

from django.utils.translation import gettext_lazy as _

from dianheng.common.hours import OfficeHours

from .registry import SettingKind, register_rights, register_settings

RIGHTS = {
    "identity.view": _("See organisation and people"),
    "identity.organise": _("Change units, people and posts"),
    "identity.qualify": _("Keep qualifications"),
    "identity.delegate": _("Name a stand-in for others"),
    "identity.except": _("Grant exceptions of separation"),
    "identity.settings": _("Change settings of the company"),
    "audit.view": _("Read the audit trail"),
    "audit.clean_up": _("Clean up the security log"),
    "figures.view": _("See the figures of the units on the home page"),
    "jobs.view_all": _("See everybody's jobs"),
}
register_rights(RIGHTS)

SIX_MONTHS_DAYS = 184  # as long as six months can be


def _keep_days(text: str) -> int:
    days = int(text)
    if not SIX_MONTHS_DAYS <= days <= 36600:
        raise ValueError(text)
    return days


def _whole(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 100_000:
        raise ValueError(text)
    return value


register_settings(
    SettingKind(
        "audit.access_keep_days",
        _("Events of the security log are kept for at least so many days"),
        SIX_MONTHS_DAYS,
        _keep_days,
        source="Cybersecurity Law, article 21 no. 3 in the numbering of 2016: network logs are kept "
        "for not less than six months, which are at most 184 days; shorter is not taken",
        certainty="from_memory",
        unit="d",
    ),
    SettingKind(
        "audit.usual_hours",
        _("Usual hours of a working day for changes of master data"),
        OfficeHours.parse("07:00–20:00"),
        OfficeHours.parse,
        source="own choice: office hours with an hour and a half before and two hours after",
        certainty="project",
    ),
    SettingKind(
        "audit.bulk_rows",
        _("Master data changed at once: more rows than so many are unusual"),
        50,
        _whole,
        source="own choice: more than one edits by hand",
        certainty="project",
    ),
    SettingKind(
        "audit.rare_days",
        _("Who has not done an action for so many days does it rarely"),
        90,
        _whole,
        source="own choice: a quarter of a year",
        certainty="project",
        unit="d",
    ),
)
