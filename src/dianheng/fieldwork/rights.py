"""Rights of this app."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import SettingKind, register_rights, register_settings, target

register_rights(
    {
        "fieldwork.view": _("See checks on site"),
        "fieldwork.plan": _("Plan checks on site"),
        "fieldwork.record": _("Record checks on site and what was put right"),
    }
)


FEES = {
    "fieldwork.doubt_fee_single": _("Fee for testing a doubted single-phase meter"),
    "fieldwork.doubt_fee_three": _("Fee for testing a doubted three-phase meter"),
    "fieldwork.arbitration_fee": _("Fee of a verification for arbitration"),
}
register_settings(
    *(
        SettingKind(
            key, label, Decimal("0.00"), target, certainty="doubtful", unit="元",
            source="set by the price authority of the province; many companies charge nothing",
        )
        for key, label in FEES.items()
    )
)  # fmt: skip
