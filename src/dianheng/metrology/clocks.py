"""Clock and tariff switching."""

from collections.abc import Sequence
from decimal import Decimal

from dianheng.metrology.items import Item
from dianheng.metrology.quantities import mean
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.verdicts import Step, Verdict, incomplete_verdict, measured_verdict


def clock_rate_verdict(
    rules: RuleSet, readings_s_per_d: Sequence[Decimal], *, needed: int | None = None
) -> Verdict:
    """Judge the rate of the clock: mean, rounded to 0.01 s/d, at most 0.5 s/d.

    Args:
        rules: edition of JJG 596.
        readings_s_per_d: one-minute results, s/d.
        needed: how many results a verdict needs; the rule set's count when absent.

    Source:
        docs/sources/jjg-596.md, clock.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> readings = [Decimal(x) for x in ("0.12", "0.15", "0.11", "0.14", "0.13")]
    >>> clock_rate_verdict(rule_set("JJG 596", "2012"), readings).rounded_text
    '+0.13'
    """
    limit = rules.figure("clock/rate_limit_s_per_d")
    interval = rules.figure("clock/rate_interval_s_per_d")
    count = rules.figure("clock/rate_count")
    wanted = int(count.value) if needed is None else needed
    ref = rules.ref(limit, interval, count)
    if len(readings_s_per_d) < max(wanted, 1):
        return incomplete_verdict(
            Item.CLOCK_RATE,
            "too_few_readings",
            ref,
            derivation=[Step("readings", {"count": len(readings_s_per_d), "needed": wanted})],
        )
    return measured_verdict(
        Item.CLOCK_RATE,
        value=mean(readings_s_per_d),
        limit=limit.value,
        ref=ref,
        unit="s/d",
        interval=interval.value,
        samples=readings_s_per_d,
    )


def clock_value_verdict(rules: RuleSet, offset_s: Decimal) -> Verdict:
    """Judge the time shown: meter minus standard time, s, at most 5 s either way.

    Source:
        docs/sources/jjg-596.md, clock value.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> clock_value_verdict(rule_set("JJG 596", "2012"), Decimal("-6")).conclusion.value
    'fail'
    """
    limit = rules.figure("clock/value_limit_s")
    return measured_verdict(
        Item.CLOCK_VALUE, value=offset_s, limit=limit.value, ref=rules.ref(limit), unit="s"
    )


def tariff_switch_verdict(rules: RuleSet, offsets_min: Sequence[Decimal]) -> Verdict:
    """Judge the moments of switching: the largest deviation, min, at most 5 min.

    Source:
        docs/sources/jjg-596.md, tariff switching.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> tariff_switch_verdict(rule_set("JJG 596", "2012"), [Decimal("0.1"), Decimal("-5.1")]).value
    Decimal('-5.1')
    """
    limit = rules.figure("tariff_switch/limit_min")
    if not offsets_min:
        return incomplete_verdict(Item.TARIFF_SWITCH, "readings_missing", rules.ref(limit))
    return measured_verdict(
        Item.TARIFF_SWITCH,
        value=max(offsets_min, key=lambda offset: offset.copy_abs()),
        limit=limit.value,
        ref=rules.ref(limit),
        unit="min",
        samples=offsets_min,
    )
