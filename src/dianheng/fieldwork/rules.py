"""What is decided about checks on site: pure, over facts handed in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from dianheng.common.errors import Refusal
from dianheng.common.texts import gettext_lazy as _
from dianheng.metrology.field_check import Outside
from dianheng.metrology.periods import add_months
from dianheng.metrology.rule_sets import RuleSet

# Conditions under which readings are not even taken in; others keep the record without verdict.
FORBIDDEN = ("load_too_low", "cos_phi_too_low")
BLOCK_TEXTS: Mapping[str, Any] = {
    "calibrator_missing": _("The record names no calibrator."),
    "calibrator_unknown": _("Calibrator %(number)s is not in the register."),
    "calibrator_not_in_date": _("Calibrator %(number)s had no certificate in date on %(day)s."),
    "calibrator_stopped": _("Calibrator %(number)s was out of use on %(day)s."),
    "calibrator_away": _(
        "Calibrator %(number)s was at %(body)s for verification on %(day)s, or back without its new certificate"
        " (%(order)s). Use another one, or take the certificate in and check again."
    ),
    "calibrator_too_coarse": _("Calibrator %(number)s (class %(stated)s) is not two classes better than what it measured."),
    "temperature_too_low": _("%(value)s °C: the active energy is tested from %(low)s °C."),
    "temperature_too_high": _("%(value)s °C: the active energy is tested up to %(high)s °C."),
    "humidity_too_high": _("%(value)s %% relative humidity: at most %(high)s %%."),
    "frequency_too_low": _("%(value)s Hz: at least %(low)s Hz."),
    "frequency_too_high": _("%(value)s Hz: at most %(high)s Hz."),
    "voltage_too_low": _("The voltage is at %(value)s %% of the meter's: at least %(low)s %%."),
    "voltage_too_high": _("The voltage is at %(value)s %% of the meter's: at most %(high)s %%."),
    "temperature_outside": _("%(value)s °C lies outside what %(rules)s allows."),
    "humidity_outside": _("%(value)s %% relative humidity lies outside what %(rules)s allows."),
    "rules_unsigned": _("%(rules)s has figures that no metrologist has signed."),
}  # fmt: skip
FORBIDDEN_TEXTS: Mapping[str, Any] = {
    "load_too_low": _(
        "The load is at %(value)s %% of the base current, below %(low)s %%: the active energy is"
        " not tested. Leave the readings out, or come back at a higher load."
    ),
    "cos_phi_too_low": _(
        "cosφ is %(value)s, below %(low)s: the active energy is not tested."
        " Leave the readings out, or come back at another load."
    ),
    "temperature_missing": _("The temperature belongs to the readings."),
    "humidity_missing": _("The relative humidity belongs to the readings."),
    "frequency_missing": _("The frequency belongs to the readings."),
    "voltage_missing": _("The voltages belong to the readings."),
    "load_missing": _("The currents belong to the readings."),
    "cos_phi_missing": _("The power factor belongs to the readings."),
}  # fmt: skip
CONDITION_FIELDS = {
    "temperature": "temperature_c", "humidity": "humidity_pct", "frequency": "frequency_hz",
    "voltage": "u1", "load": "i1", "cos_phi": "cos_phi",
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """One reason why a record gets no verdict, or only one item of it."""

    code: str
    facts: Mapping[str, str] = field(default_factory=dict)
    item: str = ""  # the only item that it locks; empty: the whole record

    def as_json(self) -> dict[str, Any]:
        """To be kept."""
        found = {"code": self.code, "facts": dict(self.facts)}
        return {**found, "item": self.item} if self.item else found


UNSIGNED = "rules_unsigned"


@dataclass(frozen=True)
class Calibrator:
    """The calibrator as the register knows it on the day of the check."""

    number: str
    is_known: bool = False
    is_in_date: bool = False
    is_stopped: bool = False
    accuracy_class: str = ""
    is_good_enough: bool | None = None  # None: no class is asked for
    away: Mapping[str, str] = field(default_factory=dict)  # where to, with which order


def calibrator_blocks(found: Calibrator, day: date) -> list[Block]:
    """Why what the calibrator measured gets no verdict."""
    facts = {"number": found.number, "day": day.isoformat(), "stated": found.accuracy_class or "–"}
    if not found.number:
        return [Block("calibrator_missing")]
    if not found.is_known:
        return [Block("calibrator_unknown", facts)]
    blocks = []
    if found.is_stopped:
        blocks.append(Block("calibrator_stopped", facts))
    if found.away:
        blocks.append(Block("calibrator_away", {**facts, **found.away}))
    if not found.is_in_date:
        blocks.append(Block("calibrator_not_in_date", facts))
    elif found.is_good_enough is False:
        blocks.append(Block("calibrator_too_coarse", facts))
    return blocks


def forbids(outside: Outside) -> bool:
    """Whether readings under this condition are refused: never to be tested, or not recorded."""
    return outside.code in FORBIDDEN or outside.code.endswith("_missing")


def outcome_of(conclusions: Iterable[str], blocks: Sequence[Block]) -> str:
    """What a check comes to: what failed beside a locked item has failed.

    >>> outcome_of(["pass", "fail"], [])
    'fail'
    >>> outcome_of(["fail"], [Block("calibrator_missing")])
    'not_judged'
    >>> frost = Block("temperature_too_low", item="working_error")
    >>> outcome_of(["incomplete", "fail"], [frost]), outcome_of(["incomplete", "pass"], [frost])
    ('fail', 'not_judged')
    >>> outcome_of(["pass"], [Block(UNSIGNED)])
    'provisional'
    """
    found = list(conclusions)
    whole = {block.code for block in blocks if not block.item}
    if whole:
        return "provisional" if whole == {UNSIGNED} else "not_judged"
    if "fail" in found:
        return "fail"
    if blocks:
        return "not_judged"
    return "incomplete" if "incomplete" in found or not found else "pass"


@dataclass(frozen=True)
class OrderWanted:
    """An order that a check asks for: what, why, the figure that gives its time."""

    kind: str
    items: tuple[str, ...]
    figure: str
    working_days: int = 0
    months: int = 0

    def due_on(self, day: date, workdays_after: Any) -> date:
        """The last day; `workdays_after(days)` is the day so many working days on."""
        if self.working_days:
            found: date = workdays_after(self.working_days)
            return found
        return add_months(day, self.months)


KIND_OF_ITEM = {
    "working_error": "replace_meter",
    "clock_offset": "replace_meter",
    "wiring": "mend_wiring",
    "secondary_voltage_drop": "mend_drop",
    "secondary_burden": "mend_burden",
    **dict.fromkeys(
        ("ratio_error", "phase_displacement", "stability", "polarity", "appearance", "insulation"),
        "replace_transformer",
    ),
}


def orders_wanted(rules: RuleSet, failed_items: Sequence[str]) -> list[OrderWanted]:
    """Orders that failed items ask for, each kind once.

    Args:
        rules: edition of DL/T 448.
        failed_items: items of the record that failed, in order.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> [(one.kind, one.working_days, one.months) for one in orders_wanted(
    ...     rule_set("DL/T 448", "2016"), ["working_error", "secondary_voltage_drop"])]
    [('replace_meter', 3, 0), ('mend_drop', 0, 1)]
    """
    by_kind: dict[str, list[str]] = {}
    for item in failed_items:
        if item in KIND_OF_ITEM:
            by_kind.setdefault(KIND_OF_ITEM[item], []).append(item)
    found = []
    for kind, items in by_kind.items():
        named = {
            "replace_meter": "replace_working_days", "mend_wiring": "wiring_working_days",
            "replace_transformer": "transformer_months",
        }  # fmt: skip
        name = f"actions/{named.get(kind, 'mend_months')}"
        figure = rules.figure(name)
        amount = int(figure.value)
        is_months = name.endswith("months")
        found.append(
            OrderWanted(
                kind, tuple(dict.fromkeys(items)), f"{rules.name} {name}",
                0 if is_months else amount, amount if is_months else 0,
            )
        )  # fmt: skip
    return found


def guard_two_people(leader: int, second: int) -> Refusal | None:
    """Work on site is done by two."""
    if leader == second:
        return Refusal("one_person", _("Two people work on site: name another one."))
    return None


def guard_done_on(done_on: date, opened_on: date, today: date) -> Refusal | None:
    """An order is carried out between the day it was opened and today."""
    if opened_on <= done_on <= today:
        return None
    facts = {"day": done_on.isoformat(), "opened": opened_on.isoformat()}
    text = _("%(day)s is before the order (%(opened)s) or has not come yet.") % facts
    return Refusal("day", text, facts, [{"field": "done_on", "code": "day", "text": text, **facts}])


@dataclass(frozen=True)
class DoubtFee:
    """Who bears the fee of a test that was asked for, and what is still to be paid or given back."""

    fee_yuan: Decimal
    is_borne_by_customer: bool
    due_yuan: Decimal
    refund_yuan: Decimal


def doubt_fee(*, is_right: bool, fee_yuan: Decimal, paid_yuan: Decimal) -> DoubtFee:
    """The customer bears the fee where the meter is right, the company where it is wrong.

    Source:
        docs/sources/supply-rules.md, a customer's doubt of the meter.

    >>> found = doubt_fee(is_right=False, fee_yuan=Decimal(30), paid_yuan=Decimal(30))
    >>> found.is_borne_by_customer, found.due_yuan, found.refund_yuan
    (False, Decimal('0'), Decimal('30'))
    >>> doubt_fee(is_right=True, fee_yuan=Decimal(30), paid_yuan=Decimal(20)).due_yuan
    Decimal('10')
    """
    owed_yuan = fee_yuan if is_right else Decimal(0)
    over_yuan = paid_yuan - owed_yuan
    return DoubtFee(fee_yuan, is_right, max(-over_yuan, Decimal(0)), max(over_yuan, Decimal(0)))


OF_METER = (
    "working_error",
    "clock_offset",
)  # items that the meter answers for, not what is around it


def is_meter_right(rows: Iterable[Mapping[str, Any]]) -> bool | None:
    """What a check says of the meter alone: wiring, drop and burden have orders of their own.

    Args:
        rows: results of the check, `item` and `conclusion`.

    Returns:
        None: its working error was not measured, or has no verdict.

    >>> wiring = {"item": "wiring", "conclusion": "fail"}
    >>> is_meter_right([wiring, {"item": "working_error", "conclusion": "pass"}])
    True
    >>> is_meter_right([wiring]) is None
    True
    """
    found = {row["item"]: row["conclusion"] for row in rows if row["item"] in OF_METER}
    if found.get("working_error") not in ("pass", "fail"):
        return None
    return "fail" not in found.values()


def settled_pct(error_pct: Decimal) -> Decimal:
    """What is to be settled of the energy read by a meter with this error, %.

    Args:
        error_pct: relative error of the meter, %; above -100.

    Returns:
        Share of the energy read: negative is given back to the customer, positive is charged.

    Source:
        docs/sources/supply-rules.md, settlement on the basis of an error of zero.

    >>> round(settled_pct(Decimal("3.12")), 4)
    Decimal('-3.0256')
    """
    return -error_pct * 100 / (100 + error_pct)


def settled_days(since: date, through: date) -> Decimal:
    """Half of the days since the last test or installation until the error was found.

    Source:
        docs/sources/supply-rules.md, period of the settlement.

    >>> settled_days(date(2026, 1, 1), date(2026, 11, 24))
    Decimal('163.5')
    """
    return Decimal((through - since).days) / 2


def guard_other_testers(testers: Mapping[int, str], before: Mapping[int, str]) -> Refusal | None:
    """Nobody who tested the meter before tests, reviews or approves an arbitration.

    Args:
        testers: people by key who had a hand in it, or would.
        before: those who tested the meter before, with the record.
    """
    for key, name in testers.items():
        if key in before:
            facts = {"name": name, "record": before[key]}
            text = _(
                "%(name)s tested this meter before (%(record)s): others test, review and approve an"
                " arbitration. Have somebody else do it; where it is done already, send the process"
                " back and arrange another test."
            )
            return Refusal("same_person", text % facts, facts)
    return None
