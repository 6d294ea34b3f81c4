"""Rights and settings of this app."""

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import SettingKind, register_rights, register_settings

register_rights(
    {
        "planning.view": _("See resources, bookings and tasks of meetings"),
        "planning.manage": _("Keep resources, enter what became of others' tasks"),
    }
)


def _days(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 366:
        raise ValueError(text)
    return value


register_settings(
    SettingKind(
        "planning.booking_days",
        _("A resource is booked for at most so many days at once"),
        92,
        _days,
        source="own choice: a quarter of a year; who needs it longer owns it",
        certainty="project",
        unit="d",
    )
)
