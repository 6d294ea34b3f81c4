"""Rights and settings of this app."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import SettingKind, register_rights, register_settings, target

register_rights(
    {
        "verification.view": _("See tasks and results"),
        "verification.plan": _("Make verification tasks and schemes"),
        "verification.test": _("Load benches and enter results"),
        "verification.upload": _("Upload results of benches"),
        "verification.review": _("Review results"),
        "verification.approve": _("Approve results"),
        "verification.laboratory": _("Keep standards, certificates and authorisations"),
        "verification.confirm_rules": _("Sign rule sets as metrologist"),
    }
)


def _part(text: str) -> Decimal:
    value = Decimal(text.strip().rstrip("%"))
    if text.strip().endswith("%"):
        value /= 100
    if not Decimal(0) < value <= 1:
        raise ValueError(text)
    return value


def _count(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 1000:
        raise ValueError(text)
    return value


register_settings(
    SettingKind(
        "verification.internal_factor",
        _("Internal control band as part of the legal limit"),
        None,
        _part,
        source="absent: the figure of the rule set “Utility practice”",
        certainty="project",
    ),
    SettingKind(
        "verification.due_days",
        _("Standards and papers of the laboratory are due so many days before their last day"),
        90,
        _count,
        source="own choice: time to send a standard to the higher laboratory",
        certainty="project",
        unit="d",
    ),
)
register_settings(
    SettingKind(
        "figures.pass_target_pct",
        _("Target: verification pass rate"),
        Decimal(98),
        target,
        source="own choice",
        certainty="project",
        unit="%",
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
