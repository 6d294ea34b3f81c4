"""Reference conditions of a verification: what must be known, and what lies outside."""

from decimal import Decimal
from functools import cache
from typing import NamedTuple

from dianheng.metrology.quantities import EXACT
from dianheng.metrology.rule_sets import RuleSet


class Environment(NamedTuple):
    """Conditions during the test; None is "not recorded"."""

    temperature_c: Decimal | None = None
    humidity_pct: Decimal | None = None


class EnvironmentCheck(NamedTuple):
    """Names of what is missing (the record is incomplete) and of what lies outside (a warning)."""

    missing: tuple[str, ...]
    outside: tuple[str, ...]


def check_environment(rules: RuleSet, found: Environment) -> EnvironmentCheck:
    """Compare the conditions with the reference conditions.

    Source:
        docs/sources/jjg-596.md, reference conditions.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> check_environment(rule_set("JJG 596", "2012"), Environment(Decimal("26.1")))
    EnvironmentCheck(missing=('humidity',), outside=('temperature',))
    """
    bounds = _bounds(rules)
    missing = []
    outside = []
    for name, value in (("temperature", found.temperature_c), ("humidity", found.humidity_pct)):
        low, high = bounds[name]
        if value is None:
            missing.append(name)
        elif (low is not None and value < low) or value > high:
            outside.append(name)
    return EnvironmentCheck(tuple(missing), tuple(outside))


@cache
def _bounds(rules: RuleSet) -> dict[str, tuple[Decimal | None, Decimal]]:
    """From where to where: meters have a tolerance about a reference, transformers a range."""
    if rules.find("environment/temperature_max_c") is not None:
        figure = {name: found.value for name, found in rules.group("environment").items()}
        return {
            "temperature": (figure["temperature_min_c"], figure["temperature_max_c"]),
            "humidity": (None, figure["humidity_max_pct"]),
        }
    reference = rules.figure("reference_conditions/temperature_c").value
    tolerance = rules.figure("reference_conditions/temperature_tolerance_c").value
    return {
        "temperature": (EXACT.subtract(reference, tolerance), EXACT.add(reference, tolerance)),
        "humidity": (
            rules.figure("reference_conditions/humidity_min_pct").value,
            rules.figure("reference_conditions/humidity_max_pct").value,
        ),
    }
