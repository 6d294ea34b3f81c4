"""Rights and settings of this app."""

import re
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import SettingKind, register_rights, register_settings, target

# Who sees verification sees what it rests on; the codes are those that posts hold.
VIEW = "verification.view"
RIGHT = "verification.laboratory"

register_rights({RIGHT: _("Keep standards, certificates and authorisations")})


def _count(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 1000:
        raise ValueError(text)
    return value


MOST_MONTHS = 60


class Months(tuple[int, ...]):
    """Months before a last day, the earliest first; read and written as people do.

    >>> str(Months.parse("1，6、3"))
    '6, 3, 1'
    """

    @classmethod
    def parse(cls, text: str) -> "Months":
        found = sorted({_count(part) for part in re.split("[,，、;；\\s]+", text.strip())})
        if not 1 <= found[0] <= found[-1] <= MOST_MONTHS:
            raise ValueError(text)
        return cls(reversed(found))

    def __str__(self) -> str:
        return ", ".join(map(str, self))


register_settings(
    SettingKind(
        "verification.due_days",
        _("Standards and papers of the laboratory are due so many days before their last day"),
        90,
        _count,
        source="own choice: time to send a standard to the higher laboratory",
        certainty="project",
        unit="d",
    ),
    SettingKind(
        "standards.reminder_months",
        _("Reminders of a paper's end are raised so many months before its last day"),
        Months((6, 3, 1)),
        Months.parse,
        source="utility practice: six, three and one months before",
        certainty="project",
        unit=_("months"),
    ),
    SettingKind(
        "standards.environment_minutes",
        _("Records of the room lie within bounds from so long before a test to so long after it"),
        30,
        _count,
        source="own choice: loggers write every half-hour or oftener",
        certainty="project",
        unit="min",
    ),
    SettingKind(
        "standards.sendout_days",
        _("A standard is sent out so many days before its certificate ends"),
        30,
        _count,
        source="own choice: time on the way and at the higher body",
        certainty="project",
        unit="d",
    ),
    SettingKind(
        "figures.standards_target_pct",
        _("Target: standards verified in time"),
        Decimal(100),
        target,
        source="DL/T 448, assessment of periodic verification of standards",
        certainty="from_memory",
        unit="%",
    ),
)
