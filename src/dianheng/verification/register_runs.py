"""A register run worked out: increments, the difference to the reference meter, the rates."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from dianheng.metrology.plates import MeterPlate
from dianheng.metrology.quantities import EXACT, relative_error_pct
from dianheng.metrology.registers import combination_verdict, register_run_verdict
from dianheng.metrology.rule_sets import RuleSet
from dianheng.metrology.verdicts import Conclusion, Verdict

RATES = ("sharp", "peak", "flat", "valley")


@dataclass(frozen=True)
class Run:
    """What one meter did between start and end."""

    increments: Mapping[str, Decimal]  # kWh, by register
    against_reference: Verdict
    difference_pct: Decimal
    rates: Verdict | None  # total against the sum of the rates, where they can be judged
    lacks_rates: bool = False  # of more than were read, with the total ahead of those: not judged

    @property
    def failing_items(self) -> list[str]:
        """Items that do not pass."""
        judged = (self.against_reference, self.rates)
        return [str(one.item) for one in judged if one and one.conclusion is not Conclusion.PASS]


def increments_of(readings: Mapping[tuple[str, str], Decimal]) -> dict[str, Decimal]:
    """Increment of each register of which both ends were read.

    >>> increments_of({("start", "total"): Decimal("12.50"), ("end", "total"): Decimal("14.53"),
    ...                ("start", "peak"): Decimal("3.00")})
    {'total': Decimal('2.03')}
    """
    return {
        register: EXACT.subtract(readings["end", register], start)
        for (moment, register), start in readings.items()
        if moment == "start" and ("end", register) in readings
    }


def run_of(
    rules: RuleSet,
    plate: MeterPlate,
    increments: Mapping[str, Decimal],
    reference_kwh: Decimal,
) -> Run:
    """Judge a meter's increments; the total is among them, the reference meter has moved.

    Where the total runs ahead of the rates that were read, and the meter has more rates, they
    tell nothing.

    >>> from dianheng.metrology.examples import household_meter
    >>> from dianheng.metrology.rule_sets import rule_set
    >>> run = run_of(rule_set("JJG 596", "2012"), household_meter(),
    ...              {"total": Decimal("10.12"), "peak": Decimal("5.05"), "flat": Decimal("5.06")},
    ...              Decimal("10.00"))
    >>> run.failing_items, run.difference_pct, run.rates.value
    (['constant'], Decimal('1.2'), Decimal('0.01'))
    """
    total = increments["total"]
    rates = [increments[rate] for rate in RATES if rate in increments]
    combined, lacks_rates = None, False
    if len(rates) > 1:
        combined = combination_verdict(
            rules, total_kwh=total, rates_kwh=rates, register_decimals=plate.register_decimals
        )
        is_ahead = combined.value is not None and combined.value > 0
        if len(rates) < plate.rate_count and is_ahead and combined.conclusion is Conclusion.FAIL:
            combined, lacks_rates = None, True
    return Run(
        increments,
        register_run_verdict(rules, plate, register_kwh=total, reference_kwh=reference_kwh),
        relative_error_pct(total, reference_kwh),
        combined,
        lacks_rates,
    )
