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
        "figures.pass_target_pct",
        _("Target: verification pass rate"),
        Decimal(98),
        target,
        source="own choice",
        certainty="project",
        unit="%",
    ),
)
