"""Rights and settings of this app."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from dianheng.customers.rules import EDITIONS
from dianheng.identity.registry import (
    SettingKind,
    register_rights,
    register_settings,
    target,
    yes_no,
)


def _edition(text: str) -> str:
    if text.strip() not in EDITIONS:
        raise ValueError(text)
    return text.strip()


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
register_settings(
    SettingKind(
        "fieldwork.orders_as_process",
        _("An order after a check on site begins the process “Work order” where it is offered"),
        True,
        yes_no,
        source="own choice: the order is assigned, done and looked at with names and dates",
        certainty="project",
    ),
    SettingKind(
        "fieldwork.opening_needs_scan",
        _(
            "The opening of the seal before both sides is handed in with the scan of its signed record"
        ),
        True,
        yes_no,
        source="practice of arbitration: who came signs the record of the opening",
        certainty="from_memory",
    ),
    SettingKind(
        "fieldwork.composite_edition",
        _("Edition of DL/T 448 by which the composite error is worked out"),
        "2016",
        _edition,
        source="DL/T 448-2016, the edition in force",
        certainty="from_memory",
    ),
)
