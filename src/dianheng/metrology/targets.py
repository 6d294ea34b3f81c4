"""Targets of the indicators of metering management: what DL/T 448 asks, and whether it is met."""

import re
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.indicators import SHOWN_PCT, ratio_pct
from dianheng.metrology.quantities import plain_text, read_decimal
from dianheng.metrology.rounding import round_to_interval
from dianheng.metrology.rule_sets import RuleRef, RuleSet
from dianheng.metrology.verdicts import Step
from dianheng.metrology.words import words

_ONE_SIDED = re.compile(r"(==|>=|<=|=|≥|≤)\s*([^\s%]+)\s*%?")
_BAND = re.compile(r"([^\s%]+?)\s*\.\.\s*([^\s%]+)\s*%?")
_SIGNS = {"=": "==", "≥": ">=", "≤": "<="}
_WITH_CLASS = re.compile(r"(.+?)\s+class\s+(I|II|III|IV|V)", re.IGNORECASE)


class Target(NamedTuple):
    """What an indicator has to reach, %; both ends count, None is open."""

    low_pct: Decimal | None
    high_pct: Decimal | None
    least_count: int = 0  # so many at least, however few there are

    @property
    def text(self) -> str:
        """As it is written: `== 100`, `>= 98`, `<= 1`, `5..10`.

        >>> Target(Decimal(5), Decimal(10)).text
        '5..10'
        """
        low = "" if self.low_pct is None else plain_text(self.low_pct)
        high = "" if self.high_pct is None else plain_text(self.high_pct)
        if low and high:
            return f"== {low}" if low == high else f"{low}..{high}"
        return f">= {low}" if low else f"<= {high}"


class Indicator(NamedTuple):
    """An indicator of the tables, for one class of metering devices or for all."""

    code: str
    device_class: str  # empty: all
    target: Target | None
    rule: RuleRef


class IndicatorVerdict(NamedTuple):
    """Value of an indicator and whether it meets its target; None: does not apply, or no target."""

    value_pct: Decimal | None
    shown_pct: Decimal | None
    target: Target | None
    is_met: bool | None
    rule: RuleRef
    steps: tuple[Step, ...]


def read_target(text: str) -> Target:
    """Read a target, %.

    Args:
        text: `== 100`, `>= 98`, `<= 1`, or a band with both ends, `5..10`.

    Raises:
        WrongValue: not such a target.

    >>> read_target(">= 98").low_pct, read_target("5..10").high_pct
    (Decimal('98'), Decimal('10'))
    """
    refused = WrongValue(
        "no_target", "a target such as == 100, >= 98, <= 1, 5..10", {"given": text[:40]}
    )
    found = _ONE_SIDED.fullmatch(text.strip())
    band = _BAND.fullmatch(text.strip())
    try:
        if found is not None:
            bound = read_decimal(found[2])
            sign = _SIGNS.get(found[1], found[1])
            return Target(
                None if sign == "<=" else bound,
                None if sign == ">=" else bound,
            )
        if band is not None:
            low, high = read_decimal(band[1]), read_decimal(band[2])
            if low <= high:
                return Target(low, high)
    except WrongValue:
        raise refused from None
    raise refused


@cache
def indicators(rules: RuleSet) -> dict[tuple[str, str], Indicator]:
    """All indicators of an edition, by code and class.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> indicators(rule_set("DL/T 448", "2000"))["field_pass_rate", "III"].target.text
    '>= 95'
    """
    found = {}
    for line in rules.table("indicators"):
        cells = line.cells
        target = read_target(cells["target"]) if cells["target"] else None
        if target is not None and cells["least_count"]:
            target = target._replace(least_count=int(cells["least_count"]))
        key = cells["indicator"], cells["class"]
        found[key] = Indicator(*key, target, rules.ref(line))
    return found


def indicator_named(rules: RuleSet, text: str) -> Indicator | None:
    """The indicator of a name: its code or its words, a class of metering devices behind it.

    An indicator whose target depends on the class has none without it.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> rules = rule_set("DL/T 448", "2000")
    >>> indicator_named(rules, "field_pass_rate class II").target.text
    '>= 98'
    >>> indicator_named(rules, "现场检验率").code, indicator_named(rules, "cups of tea")
    ('field_check_rate', None)
    """
    name, device_class = " ".join(text.split()), ""
    classed = _WITH_CLASS.fullmatch(name)
    if classed is not None:
        name, device_class = classed[1], classed[2].upper()
    known = indicators(rules)
    codes = {
        spoken.casefold(): code
        for code, _ in known
        for spoken in (code, *words().get(("indicator", code), ()))
    }
    code = codes.get(name.casefold())
    if code is None:
        return None
    return (
        known.get((code, device_class))
        or known.get((code, ""))
        or Indicator(code, device_class, None, rules.ref(rules.figure("indicator/decimals")))
    )


def indicator_verdict(
    rules: RuleSet,
    name: str,
    *,
    numerator: Decimal,
    denominator: Decimal,
    target: Target | None = None,
) -> IndicatorVerdict:
    """Value of an indicator, and whether the unrounded ratio meets its target.

    Where a least count is asked for too, so many (or all, where there are fewer) must have been
    done; the ceiling of the band does not forbid the least count.

    Args:
        rules: edition of DL/T 448 with indicators.
        name: code of an indicator, a class may follow, or any text.
        numerator: what was reached.
        denominator: out of what; zero: the indicator does not apply.
        target: target to hold it against; the table's where absent.

    Source:
        docs/sources/dl-t-448.md, indicators.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> found = indicator_verdict(rule_set("DL/T 448", "2000"), "std_periodic_verified_rate",
    ...                           numerator=Decimal(47), denominator=Decimal(49))
    >>> found.shown_pct, found.is_met
    (Decimal('95.92'), False)
    """
    known = indicator_named(rules, name)
    ref = rules.ref(rules.figure("indicator/decimals"))
    if target is None and known is not None:
        target, ref = known.target, known.rule
    value = ratio_pct(numerator, denominator)
    is_met = None
    if value is not None and target is not None:
        is_met = _is_met(target, value, numerator, denominator)
    return IndicatorVerdict(
        value,
        None if value is None else round_to_interval(value, SHOWN_PCT),
        target,
        is_met,
        ref,
        (
            Step("ratio", {"numerator": numerator, "denominator": denominator, "value": value}),
            Step(
                "target",
                {
                    "indicator": name if known is None else known.code,
                    "class": "" if known is None else known.device_class,
                    "target": None if target is None else target.text,
                    "least_count": None if target is None else target.least_count,
                    "is_met": is_met,
                },
            ),
        ),
    )


def _is_met(target: Target, value: Decimal, numerator: Decimal, denominator: Decimal) -> bool:
    least = min(Decimal(target.least_count), denominator)
    if numerator < least or (target.low_pct is not None and value < target.low_pct):
        return False
    if target.high_pct is None or value <= target.high_pct:
        return True
    return 0 < numerator <= least
