"""Verdicts: what was judged, by which row, with which numbers, and the steps that explain it."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from dianheng.metrology.errors import NoRule
from dianheng.metrology.limits import BALANCED, limit_at
from dianheng.metrology.loads import read_factor
from dianheng.metrology.plates import Connection
from dianheng.metrology.quantities import EXACT, ZERO, mean, sure
from dianheng.metrology.rounding import decimals_of, error_interval, round_to_interval, signed_text
from dianheng.metrology.rule_sets import Certainty, RuleRef, RuleSet, weakest

Fact: TypeAlias = Decimal | str | int | bool | tuple[Decimal, ...] | tuple[str, ...] | None


class Conclusion(StrEnum):
    """Result of one item or of a whole record."""

    PASS = "pass"  # noqa: S105 - a conclusion, no password
    FAIL = "fail"
    INCOMPLETE = "incomplete"  # something is missing: no verdict yet


class Step(NamedTuple):
    """One step of a derivation: an identifier that the page translates, and its facts."""

    name: str
    facts: Mapping[str, Fact]


class Verdict(NamedTuple):
    """Verdict on one item at one point.

    `value` is what was judged before rounding (the mean, a derived quantity) in `unit`;
    `rounded` is what decides where the rule rounds. `internal` is the company's own control band:
    a second verdict that never changes the first.
    """

    item: str
    point: str
    conclusion: Conclusion
    reason: str
    rule: RuleRef
    unit: str = ""
    samples: tuple[Decimal, ...] = ()
    extra_samples: tuple[Decimal, ...] = ()
    is_extra_needed: bool = False
    value: Decimal | None = None
    interval: Decimal | None = None
    rounded: Decimal | None = None
    limit_low: Decimal | None = None
    limit_high: Decimal | None = None
    internal: Conclusion | None = None
    internal_limit: Decimal | None = None
    derivation: tuple[Step, ...] = ()

    @property
    def rounded_text(self) -> str:
        """The rounded value as on paper: signed, a zero without sign; empty where none is."""
        if self.rounded is None or self.interval is None:
            return ""
        return signed_text(self.rounded, decimals_of(self.interval))

    @property
    def steps(self) -> tuple[Step, ...]:
        """How the verdict came about, in order."""
        steps: list[Step] = []
        if self.samples:
            facts: dict[str, Fact] = {"readings": self.samples, "unit": self.unit}
            if self.extra_samples:
                facts["extra_readings"] = self.extra_samples
            facts["extra_needed"] = self.is_extra_needed
            steps.append(Step("readings", facts))
        steps.extend(self.derivation)
        if self.value is not None:
            steps.append(Step("value", {"value": self.value, "unit": self.unit}))
        if self.rounded is not None and self.interval is not None:
            steps.append(
                Step("rounding", {"interval": self.interval, "rounded": self.rounded_text})
            )
        if self.limit_high is not None or self.limit_low is not None:
            steps.append(
                Step(
                    "limit",
                    {
                        "limit_low": self.limit_low,
                        "limit_high": self.limit_high,
                        "unit": self.unit,
                        "row": self.rule.row,
                        "certainty": self.rule.certainty.value,
                    },
                )
            )
        steps.append(
            Step("conclusion", {"conclusion": self.conclusion.value, "reason": self.reason})
        )
        if self.internal is not None:
            steps.append(
                Step(
                    "internal_control",
                    {"limit": self.internal_limit, "conclusion": self.internal.value},
                )
            )
        return tuple(steps)


class PointRule(NamedTuple):
    """Everything that judges one load point, looked up once and used for every meter."""

    limit_pct: Decimal
    interval_pct: Decimal
    quantum: Decimal
    zero: Decimal
    extra_from_pct: Decimal
    extra_to_pct: Decimal
    first_count: int
    extra_count: int
    internal_limit_pct: Decimal | None
    ref: RuleRef


class InternalControl(NamedTuple):
    """The company's own band: this part of the legal limit, and the rule that says so."""

    factor: Decimal
    certainty: Certainty


def internal_control(practice: RuleSet) -> InternalControl:
    """The band of a rule set of utility practice.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> internal_control(rule_set("Utility practice", "2013")).factor
    Decimal('0.6')
    """
    figure = practice.figure("internal_control/factor")
    return InternalControl(figure.value, figure.certainty)


@lru_cache(maxsize=8192)
def point_rule(
    rules: RuleSet,
    *,
    accuracy_class: str,
    connection: Connection,
    load: str,
    factor: str,
    measure: str = "active",
    loading: str = BALANCED,
    imax_ratio: Decimal | None = None,
    control: InternalControl | None = None,
) -> PointRule:
    """Look up limit, rounding interval and reading rule of a load point.

    Raises:
        NoRule: the class or the point has no row.
        WrongValue: the load or factor is not one.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> point_rule(rule_set("JJG 596", "2012"), accuracy_class="0.5S", load="In", factor="1.0",
    ...            connection=Connection.VIA_TRANSFORMER).extra_from_pct
    Decimal('0.40')
    """
    row = limit_at(
        rules,
        accuracy_class=accuracy_class,
        connection=connection,
        load=load,
        factor=read_factor(factor),
        measure=measure,
        loading=loading,
        imax_ratio=imax_ratio,
    )
    interval = error_interval(rules, accuracy_class, measure)
    decimals = decimals_of(interval.value)
    limit = row.limit_pct
    low = rules.figure("readings/extra_from_ratio")
    high = rules.figure("readings/extra_to_ratio")
    return PointRule(
        limit_pct=limit,
        interval_pct=interval.value,
        quantum=Decimal(1).scaleb(-decimals),
        zero=ZERO.scaleb(-decimals),
        extra_from_pct=EXACT.multiply(limit, low.value),
        extra_to_pct=EXACT.multiply(limit, high.value),
        first_count=int(rules.figure("readings/first_count").value),
        extra_count=int(rules.figure("readings/extra_count").value),
        internal_limit_pct=None if control is None else EXACT.multiply(limit, control.factor),
        ref=RuleRef(
            rules.standard,
            rules.edition,
            row.source.row,
            weakest((row.source.certainty, interval.certainty)),
        ),
    )


def error_verdict(
    rule: PointRule,
    first: Sequence[Decimal],
    extra: Sequence[Decimal] = (),
    *,
    takes_extra: bool = True,
    point: str = "",
    item: str = "basic_error",
) -> Verdict:
    """Judge the relative error at a load point.

    The mean of the first readings is judged. Where it lies in the band around the limit
    (0.8 to 1.2 of it, ends included), two more readings are taken and the mean of all is judged;
    until they are there the verdict is incomplete. The mean is rounded to the interval of the
    class and the rounded value decides; raw and rounded value are both kept.

    Args:
        rule: limit, interval and reading rule of the point.
        first: first readings, %.
        extra: further readings, %; they count only where the rule asks for them.
        takes_extra: whether the rule of the further readings is applied.
        point: name of the load point for the record.
        item: item of the record.

    Raises:
        ValueError: no readings.

    Source:
        docs/sources/jjg-596.md, readings, rounding and verdict.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> rule = point_rule(rule_set("JJG 596", "2012"), accuracy_class="0.5S", load="In",
    ...                   factor="1.0", connection=Connection.VIA_TRANSFORMER)
    >>> verdict = error_verdict(rule, [Decimal("0.52"), Decimal("0.53")], takes_extra=False)
    >>> verdict.value, verdict.rounded_text, verdict.conclusion.value
    (Decimal('0.525'), '+0.50', 'pass')
    """
    samples = tuple(first)
    more = tuple(extra)
    value = mean(samples)
    magnitude = value.copy_abs()
    is_extra_needed = takes_extra and rule.extra_from_pct <= magnitude <= rule.extra_to_pct
    is_missing = is_extra_needed and len(more) < rule.extra_count
    if is_extra_needed and more:
        value = mean(samples + more)
    multiple = EXACT.divide(value, rule.interval_pct).to_integral_value(ROUND_HALF_EVEN)
    if multiple:
        rounded = EXACT.multiply(multiple, rule.interval_pct)
        if rounded.as_tuple().exponent != rule.quantum.as_tuple().exponent:
            rounded = rounded.quantize(rule.quantum, context=EXACT)
        size = rounded.copy_abs()
    else:
        rounded = size = rule.zero
    internal: Conclusion | None = None
    if is_missing:
        conclusion, reason = Conclusion.INCOMPLETE, "extra_readings_needed"
    else:
        if size <= rule.limit_pct:
            conclusion, reason = Conclusion.PASS, "within_limit"
        else:
            conclusion, reason = Conclusion.FAIL, "over_limit"
        if rule.internal_limit_pct is not None:
            internal = Conclusion.PASS if size <= rule.internal_limit_pct else Conclusion.FAIL
    return Verdict(
        item,
        point,
        conclusion,
        reason,
        rule.ref,
        "%",
        samples,
        more,
        is_extra_needed,
        value,
        rule.interval_pct,
        rounded,
        rule.limit_pct.copy_negate(),
        rule.limit_pct,
        internal,
        rule.internal_limit_pct,
    )


def measured_verdict(
    item: str,
    *,
    value: Decimal,
    limit: Decimal,
    ref: RuleRef,
    unit: str,
    interval: Decimal | None = None,
    point: str = "",
    samples: Sequence[Decimal] = (),
    derivation: Sequence[Step] = (),
) -> Verdict:
    """Judge a value against a symmetric limit, rounded first where an interval is given.

    >>> ref = RuleRef("JJG 596", "2012", "clock/rate_limit_s_per_d", Certainty.CONFIRMED)
    >>> measured_verdict("clock_rate", value=Decimal("0.504"), limit=Decimal("0.5"), ref=ref,
    ...                  unit="s/d", interval=Decimal("0.01")).conclusion.value
    'pass'
    """
    rounded = None if interval is None else round_to_interval(sure(value), interval)
    judged = sure(value) if rounded is None else rounded
    is_within = judged.copy_abs() <= sure(limit)
    return Verdict(
        item=item,
        point=point,
        conclusion=Conclusion.PASS if is_within else Conclusion.FAIL,
        reason="within_limit" if is_within else "over_limit",
        rule=ref,
        unit=unit,
        samples=tuple(samples),
        value=value,
        interval=interval,
        rounded=rounded,
        limit_low=limit.copy_negate(),
        limit_high=limit,
        derivation=tuple(derivation),
    )


def incomplete_verdict(
    item: str, reason: str, ref: RuleRef, *, point: str = "", derivation: Sequence[Step] = ()
) -> Verdict:
    """No verdict yet: `reason` says what is missing."""
    return Verdict(item, point, Conclusion.INCOMPLETE, reason, ref, derivation=tuple(derivation))


def difference_verdict(
    rules: RuleSet,
    *,
    accuracy_class: str,
    balanced_error_pct: Decimal,
    phase_error_pct: Decimal,
    measure: str = "active",
    point: str = "",
) -> Verdict:
    """Judge the error with single-phase load against the error with balanced load.

    Both at base current and factor 1. The difference of the unrounded means is rounded once, to
    the interval of the class, and its magnitude decides.

    Raises:
        NoRule: the class has no such limit.

    Source:
        docs/sources/jjg-596.md, difference between single-phase and balanced load.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> difference_verdict(rule_set("JJG 596", "2012"), accuracy_class="1",
    ...     balanced_error_pct=Decimal("0.20"), phase_error_pct=Decimal("1.80")).conclusion.value
    'fail'
    """
    limit = rules.find(f"difference_limit_pct/{measure}/{accuracy_class}")
    if limit is None:
        raise NoRule(
            "no_class",
            f"{rules.name} has no limit of the difference for this class",
            {"accuracy_class": accuracy_class, "measure": measure},
        )
    interval = error_interval(rules, accuracy_class, measure)
    return measured_verdict(
        "load_difference",
        value=EXACT.subtract(phase_error_pct, balanced_error_pct),
        limit=limit.value,
        ref=rules.ref(limit, interval),
        unit="%",
        interval=interval.value,
        point=point,
        derivation=[
            Step(
                "difference",
                {"single_phase_error": phase_error_pct, "balanced_error": balanced_error_pct},
            )
        ],
    )
