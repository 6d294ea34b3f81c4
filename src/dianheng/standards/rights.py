"""Rights and settings of this app."""

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
        "figures.standards_target_pct",
        _("Target: standards verified in time"),
        Decimal(100),
        target,
        source="DL/T 448, assessment of periodic verification of standards",
        certainty="from_memory",
        unit="%",
    ),
)
