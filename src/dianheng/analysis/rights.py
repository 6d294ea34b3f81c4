"""Rights and settings of this app."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import SettingKind, register_rights, register_settings

register_rights(
    {
        "analysis.view": _("See analyses of records"),
        "analysis.try": _("Try other rules on past records"),
        "analysis.trace": _("Declare something bad, order recalls"),
    }
)


def _share(text: str) -> Decimal:
    value = Decimal(text)
    if not 0 < value < 1:
        raise ValueError(text)
    return value


register_settings(
    SettingKind(
        "analysis.near_limit",
        _("A verdict is at high risk within this share of the limit, where no error was found"),
        Decimal("0.2"),
        _share,
        source="own choice: further readings are asked for within 0.8 to 1.2 of the limit",
        certainty="project",
    ),
    SettingKind(
        "analysis.maker_band",
        _("Maker and centre agree within this share of the limit"),
        Decimal("0.3"),
        _share,
        source="default of this program: two measurements, each by a standard that errs by at most a fifth"
        " of the limit, lie within √2 × 0.2 = 0.28 of it",
        certainty="project",
    ),
)
