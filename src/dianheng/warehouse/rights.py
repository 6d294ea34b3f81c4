"""Rights and settings of this app."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import SettingKind, register_rights, register_settings, target

register_rights(
    {
        "warehouse.view": _("See stock and movements"),
        "warehouse.move": _("Take into stock and move"),
        "warehouse.hand_over": _("Hand over and issue"),
        "warehouse.receive": _("Receive hand-overs"),
    }
)


def _edition(text: str) -> str:
    if text not in ("2016", "2000"):
        raise ValueError(text)
    return text


register_settings(
    SettingKind(
        "warehouse.recheck_edition",
        _("Edition of DL/T 448 whose stock rule locks devices for recheck"),
        "2016",
        _edition,
        source="DL/T 448-2016, meters in stock longer than 6 months",
        certainty="from_memory",
    ),
)
register_settings(
    SettingKind(
        "figures.recheck_target",
        _("Target: at most so many devices to be rechecked within 30 days"),
        Decimal(0),
        target,
        source="own choice",
        certainty="project",
        unit="",
    ),
)
