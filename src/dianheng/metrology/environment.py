"""Reference conditions of a verification: what must be known, and what lies outside."""

from decimal import Decimal
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
    missing = []
    outside = []
    if found.temperature_c is None:
        missing.append("temperature")
    else:
        reference = rules.figure("reference_conditions/temperature_c").value
        tolerance = rules.figure("reference_conditions/temperature_tolerance_c").value
        if EXACT.subtract(found.temperature_c, reference).copy_abs() > tolerance:
            outside.append("temperature")
    if found.humidity_pct is None:
        missing.append("humidity")
    else:
        low = rules.figure("reference_conditions/humidity_min_pct").value
        high = rules.figure("reference_conditions/humidity_max_pct").value
        if not low <= found.humidity_pct <= high:
            outside.append("humidity")
    return EnvironmentCheck(tuple(missing), tuple(outside))
