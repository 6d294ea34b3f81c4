"""The conclusion of a certificate or notice, worked out again from the readings in its data.

Every error is judged anew from its raw readings by the functions of `metrology`; what the paper
says is held against it. Where this program has the rule tables with the digest that stands in the
data, limits and intervals are held against them too. Items that rest on what a tester saw are
told as stated. `checkpage/rework.js` does the same in a browser, with the tables of the release
that wrote the page.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

from dianheng.documents.papers.schema import (
    FAIL,
    NOT_JUDGED,
    PASS,
    ErrorPoint,
    Evidence,
    Result,
    ResultNotice,
    TestItem,
    TransformerSheet,
)
from dianheng.metrology.dispersion import standard_deviation
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.limits import BALANCED, SINGLE_PHASE_LOAD
from dianheng.metrology.loads import read_factor, read_load
from dianheng.metrology.plates import Connection
from dianheng.metrology.quantities import EXACT, mean, plain_text, relative_error_pct
from dianheng.metrology.rounding import decimals_of
from dianheng.metrology.rule_sets import Certainty, RuleRef, RuleSet, rule_set
from dianheng.metrology.transformers import Device, point_rules
from dianheng.metrology.verdicts import (
    Conclusion,
    PointRule,
    Verdict,
    error_verdict,
    measured_verdict,
    point_rule,
)

# Items that a number decides: rounded where there is an interval, then held against the limits.
MEASURED = frozenset(
    {
        "clock_daily",
        "clock_value",
        "consistency",
        "constant",
        "demand",
        "deviation",
        "load_rise_fall",
        "register_combination",
        "stability",
        "tariff_switch",
        "unbalanced_difference",
        "up_down",
        "variation",
    }
)
PHASES = {"A": "phase_a", "B": "phase_b", "C": "phase_c"}
PLACES = 12  # decimals to which figures are held against each other
OF_READINGS = frozenset(
    {
        "clock_daily",
        "clock_value",
        "consistency",
        "demand",
        "deviation",
        "load_rise_fall",
        "tariff_switch",
        "variation",
    }
)
ERRORS = ("basic_error", "ratio_error", "phase_displacement")
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,60})?")
_LIMIT = re.compile(r"limit_(?:s|min|s_per_d|pct)(?:/|$)")  # rows that are a limit as it stands
_CONCLUSIONS = {Conclusion.PASS: PASS, Conclusion.FAIL: FAIL, Conclusion.INCOMPLETE: NOT_JUDGED}


@dataclass(frozen=True, slots=True)
class Difference:
    """What the paper says and what comes out: `what` is mean, value, rounded, limit, …"""

    what: str
    stated: str
    found: str


@dataclass(frozen=True, slots=True)
class Line:
    """One error or item: the way from the readings to the conclusion as it was worked out again.

    `where` are coded words (direction, load, part, burden) and names of the point; `is_stated`:
    nothing to work out, the conclusion is the paper's.
    """

    item: str
    where: tuple[str, ...]
    unit: str
    readings: tuple[str, ...]
    first_count: int
    mean: str
    interval: str
    rounded: str
    limit: str
    row: str
    conclusion: str
    facts: tuple[tuple[str, str], ...] = ()
    is_stated: bool = False
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Rework:
    """All lines; `tables` is same, other (not those that judged) or absent (no such edition)."""

    lines: tuple[Line, ...]
    tables: str
    failing_unnamed: tuple[str, ...] = ()
    named_without_failure: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()  # errors without conclusion on a paper that says pass


class EvidenceError(ValueError):
    """The evidence is not what it should be."""


def rework(paper: Result) -> Rework:
    """Work the conclusion of a paper out again.

    Raises:
        EvidenceError: the paper has no evidence, or a figure in it is none.
    """
    if paper.evidence is None:
        raise EvidenceError("no evidence")
    try:
        rules, tables = _tables(paper.evidence)
        lines = (
            *(_error(point, paper, rules) for point in paper.points),
            *(line for sheet in paper.sheets for line in _sheet(sheet, rules)),
            *(_item(item, paper, rules) for item in paper.items),
        )
    except (MetrologyError, ArithmeticError, ValueError) as error:
        raise EvidenceError(str(error)) from error
    failing = {line.item for line in lines if line.conclusion == FAIL and line.item in ERRORS}
    unjudged = {line.item for line in lines if _is_unjudged(line)}
    is_notice = isinstance(paper, ResultNotice)
    named = {*paper.failed_items} if is_notice else set()
    return Rework(
        lines,
        tables,
        tuple(sorted(failing - named)),
        tuple(sorted((named & {*ERRORS}) - failing)),
        () if is_notice else tuple(sorted(unjudged)),
    )


def _is_unjudged(line: Line) -> bool:
    """Whether an error has readings but no conclusion, or a conclusion that rests on nothing."""
    is_left = line.is_stated or line.conclusion == NOT_JUDGED
    return line.item in ERRORS and is_left and bool(line.readings or line.conclusion != NOT_JUDGED)


def _tables(evidence: Evidence) -> tuple[RuleSet | None, str]:
    book = evidence.rules
    try:
        rules = rule_set(book.standard, book.edition)
    except MetrologyError:
        return None, "absent"
    return (rules, "same") if rules.digest == book.digest else (None, "other")


def number(text: str) -> Decimal:
    """A figure of the data, exactly."""
    if not _NUMBER.fullmatch(text):
        raise EvidenceError(f"not a figure: {text[:40]!r}")
    return Decimal(text)


def _differs(what: str, stated: str, found: Decimal) -> Iterator[Difference]:
    """Whether a stated figure is the found one, at the decimals of the stated one."""
    if stated and not _is_stated(number(stated), found):
        yield Difference(what, stated, plain_text(found))


def _is_stated(stated: Decimal, found: Decimal) -> bool:
    decimals = min(PLACES, max(0, -int(stated.as_tuple().exponent)))
    unit = Decimal(1).scaleb(-decimals)
    return found.quantize(unit, context=EXACT) == stated.quantize(unit, context=EXACT)


def _conclusion(stated: str, found: str) -> Iterator[Difference]:
    if stated != found:
        yield Difference("conclusion", stated, found)


def _table(what: str, stated: str, found: Decimal) -> Iterator[Difference]:
    """Whether a limit or interval is that of the table, at six places as papers print them."""
    if plain_text(number(stated)) != plain_text(found):
        yield Difference(what, stated, plain_text(found))


def _judged(point: ErrorPoint, paper: Result) -> Verdict | None:
    """The verdict on a point by what the paper states; None where it lacks interval or readings."""
    evidence = paper.evidence
    assert evidence is not None
    readings = [number(each) for each in point.readings_pct]
    first = evidence.first_count
    if not point.interval_pct or not point.limit_pct or not 0 < first <= len(readings):
        return None
    limit, interval = number(point.limit_pct), number(point.interval_pct)
    if interval <= 0:
        raise EvidenceError("a rounding interval is greater than zero")
    has_extra = bool(evidence.extra_from_ratio and evidence.extra_to_ratio)
    decimals = decimals_of(interval)
    return error_verdict(
        PointRule(
            limit_pct=limit,
            interval_pct=interval,
            quantum=Decimal(1).scaleb(-decimals),
            zero=Decimal(0).scaleb(-decimals),
            extra_from_pct=EXACT.multiply(limit, number(evidence.extra_from_ratio or "0")),
            extra_to_pct=EXACT.multiply(limit, number(evidence.extra_to_ratio or "0")),
            first_count=first,
            extra_count=evidence.extra_count,
            internal_limit_pct=None,
            ref=_ref(evidence, point.row),
        ),
        readings[:first],
        readings[first:],
        takes_extra=has_extra,
    )


def _error(point: ErrorPoint, paper: Result, rules: RuleSet | None) -> Line:
    """A point of the basic error of a meter."""
    evidence = paper.evidence
    assert evidence is not None
    line = Line(
        item="basic_error",
        where=(point.direction, point.load, point.current, point.power_factor),
        unit="%",
        readings=point.readings_pct,
        first_count=evidence.first_count,
        mean="",
        interval=point.interval_pct,
        rounded="",
        limit=point.limit_pct,
        row=point.row,
        conclusion=point.conclusion,
    )
    verdict = _judged(point, paper)
    if verdict is None:
        return _without(line)
    differences = [
        *_of_verdict(verdict, point.mean_pct, point.rounded_pct, point.conclusion),
        *(_meter_tables(point, paper, rules) if rules else ()),
    ]
    return _worked(line, verdict, differences)


def _meter_tables(point: ErrorPoint, paper: Result, rules: RuleSet) -> Iterator[Difference]:
    """Limit, interval, row and the rule of the further readings against the tables."""
    evidence = paper.evidence
    assert evidence is not None
    measure = "reactive" if point.direction.startswith("reactive") else "active"
    active, _, reactive = paper.device.accuracy_class.partition(" / ")
    rule = point_rule(
        rules,
        accuracy_class=reactive if measure == "reactive" else active,
        connection=Connection(evidence.connection),
        load=point.current,
        factor=point.power_factor,
        measure=measure,
        loading=BALANCED if point.load == "balanced" else SINGLE_PHASE_LOAD,
        imax_ratio=number(evidence.imax_ratio) if evidence.imax_ratio else None,
    )
    yield from _table("limit", point.limit_pct, rule.limit_pct)
    yield from _table("interval", point.interval_pct, rule.interval_pct)
    if point.row != rule.ref.row:
        yield Difference("row", point.row, rule.ref.row)
    if evidence.first_count != rule.first_count:
        yield Difference("first_count", str(evidence.first_count), str(rule.first_count))
    if evidence.extra_from_ratio:
        low = EXACT.multiply(number(point.limit_pct), number(evidence.extra_from_ratio))
        high = EXACT.multiply(number(point.limit_pct), number(evidence.extra_to_ratio))
        wanted = (rule.extra_count, rule.extra_from_pct, rule.extra_to_pct)
        if rule.limit_pct == number(point.limit_pct) and wanted != (
            evidence.extra_count,
            low,
            high,
        ):
            said, found = ("–".join(map(plain_text, pair)) for pair in ((low, high), wanted[1:]))
            yield Difference("extra_rule", said, found)


def _sheet(sheet: TransformerSheet, rules: RuleSet | None) -> Iterator[Line]:
    """Both errors at every point of a part, phase and ratio of a transformer."""
    for point in sheet.points:
        ruled = (
            point_rules(
                rules,
                device=Device(sheet.part),
                accuracy_class=sheet.accuracy_class,
                percent_rated=number(point.percent),
            )
            if rules
            else None
        )
        for item, unit, readings, stated, limit, interval, row, said in (
            ("ratio_error", "%", point.f_readings_pct, point.f_pct, point.f_limit_pct,
             point.f_interval_pct, point.f_row, point.f_conclusion),
            ("phase_displacement", "′", point.delta_readings_min, point.delta_min,
             point.delta_limit_min, point.delta_interval_min, point.delta_row,
             point.delta_conclusion),
        ):  # fmt: skip
            line = Line(
                item=item,
                where=(sheet.part, sheet.phase, sheet.ratio, point.burden, f"{point.percent} %"),
                unit=unit,
                readings=readings,
                first_count=len(readings),
                mean="",
                interval=interval,
                rounded="",
                limit=limit,
                row=row,
                conclusion=said,
            )
            if not interval or not limit or not readings or said == NOT_JUDGED:
                yield _without(line)
                continue
            verdict = measured_verdict(
                item,
                value=mean([number(each) for each in readings]),
                limit=number(limit),
                unit=unit,
                ref=RuleRef("", "", row, Certainty.CONFIRMED),
                interval=number(interval),
            )
            differences = list(_of_verdict(verdict, "", stated, said))
            if ruled:
                rule = ruled.of(item)
                differences += _table("limit", limit, rule.limit)
                differences += _table("interval", interval, rule.interval)
                if row != rule.ref.row:
                    differences.append(Difference("row", row, rule.ref.row))
            yield _worked(line, verdict, differences)


def _means(points: Iterable[ErrorPoint], paper: Result) -> list[Decimal]:
    """Means of the errors at some points, as they are judged."""
    verdicts = (_judged(point, paper) for point in points)
    return [found.value for found in verdicts if found is not None and found.value is not None]


def _is_at_base(point: ErrorPoint) -> bool:
    return (
        read_load(point.current).text in ("Ib", "In") and read_factor(point.power_factor) == "1.0"
    )


def _differences(item: TestItem, paper: Result) -> list[Decimal]:
    """Load in one phase against balanced load, at base current and factor 1."""
    at_base = [point for point in paper.points if _is_at_base(point)]
    found = []
    for one in at_base:
        if one.load == PHASES.get(item.conditions):
            same = [p for p in at_base if p.load == "balanced" and p.direction == one.direction]
            pairs = product(_means([one], paper), _means(same, paper))
            found += [EXACT.subtract(single, balanced) for single, balanced in pairs]
    return found


def _changes(item: TestItem, paper: Result) -> list[Decimal]:
    """Falling less rising at all points of a transformer, of the error that the item is about."""
    points = [point for sheet in paper.sheets for point in sheet.points]
    runs = [p.f_readings_pct if item.unit == "%" else p.delta_readings_min for p in points]
    return [EXACT.subtract(number(run[-1]), number(run[0])) for run in runs if len(run) > 1]


def _values(item: TestItem, paper: Result) -> list[Decimal]:
    """What the value of an item is by the rest of the data; none where they do not say it.

    Several where the item does not say which of several points it is about.
    """
    facts = dict(item.facts)
    if item.item == "unbalanced_difference":
        return _differences(item, paper)
    if item.item == "up_down":
        return _changes(item, paper)
    if item.item == "demand" and {"meter_kw", "standard_kw"} <= facts.keys():
        return [relative_error_pct(number(facts["meter_kw"]), number(facts["standard_kw"]))]
    if item.item == "register_combination" and {"total_kwh", "rates_kwh"} <= facts.keys():
        rates = sum(map(number, facts["rates_kwh"].split(", ")), Decimal(0))
        return [EXACT.subtract(number(facts["total_kwh"]), rates)]
    if item.item == "constant" and "register_kwh" in facts:
        register = number(facts["register_kwh"])
        if "reference_kwh" in facts:
            return [EXACT.subtract(register, number(facts["reference_kwh"]))]
        per_kwh = paper.device.constant.partition(" ")[0]
        if "pulses" in facts and per_kwh:
            by_pulses = EXACT.divide(number(facts["pulses"]), number(per_kwh))
            return [EXACT.subtract(register, by_pulses)]
    return _of_readings(item, facts)


def _of_readings(item: TestItem, facts: Mapping[str, str]) -> list[Decimal]:
    if item.item not in OF_READINGS or not item.readings:
        return []
    readings = [number(each) for each in item.readings]
    if item.item in ("clock_daily", "demand"):
        return [mean(readings)]
    if item.item in ("clock_value", "tariff_switch"):
        return [max(readings, key=lambda offset: offset.copy_abs())]
    if item.item == "deviation" and len(readings) > 1:
        return [standard_deviation(readings)]
    if item.item == "consistency" and "group_mean_pct" in facts:
        return [EXACT.subtract(mean(readings), number(facts["group_mean_pct"]))]
    if item.item in ("variation", "load_rise_fall") and len(readings) == 2:
        return [EXACT.subtract(readings[1], readings[0])]
    return []


def _item(item: TestItem, paper: Result, rules: RuleSet | None) -> Line:
    """Any other item: worked out where a number decides it, else as stated."""
    low, high = item.limit_low, item.limit_high
    line = Line(
        item=item.item,
        where=(item.conditions,),
        unit=item.unit,
        readings=() if item.facts else item.readings,
        facts=item.facts,
        first_count=0,
        mean=item.value,
        interval=item.interval,
        rounded=item.result,
        limit=high or low,
        row=item.row,
        conclusion=item.conclusion,
    )
    if item.item not in MEASURED or not item.value or not high or item.conclusion == NOT_JUDGED:
        return _without(line)
    value = number(item.value)
    differences: list[Difference] = []
    values = _values(item, paper)
    if values:
        value = next((each for each in values if _is_stated(value, each)), values[0])
        differences += _differs("value", item.value, value)
    verdict = measured_verdict(
        item.item,
        value=value,
        limit=number(high),
        unit=item.unit,
        ref=RuleRef("", "", item.row, Certainty.CONFIRMED),
        interval=number(item.interval) if item.interval else None,
    )
    stated = item.result if item.interval else ""
    differences += _of_verdict(verdict, "", stated, item.conclusion)
    if rules:
        for part in item.row.split(" + "):
            figure = rules.find(part)
            if figure is not None and "interval" in part and item.interval:
                differences += _table("interval", item.interval, figure.value)
            elif figure is not None and _LIMIT.search(part):
                differences += _table("limit", high, figure.value)
    return _worked(line, verdict, differences)


def _ref(evidence: Evidence, row: str) -> RuleRef:
    return RuleRef(evidence.rules.standard, evidence.rules.edition, row, Certainty.CONFIRMED)


def _of_verdict(
    verdict: Verdict, stated_mean: str, stated_rounded: str, conclusion: str
) -> Iterator[Difference]:
    assert verdict.value is not None
    yield from _differs("mean", stated_mean, verdict.value)
    if stated_rounded and number(stated_rounded) != verdict.rounded:
        yield Difference("rounded", stated_rounded, verdict.rounded_text)
    yield from _conclusion(conclusion, _CONCLUSIONS[verdict.conclusion])


def _worked(line: Line, verdict: Verdict, differences: Sequence[Difference]) -> Line:
    assert verdict.value is not None
    return replace(
        line,
        mean=plain_text(verdict.value),
        rounded=verdict.rounded_text,
        conclusion=_CONCLUSIONS[verdict.conclusion],
        differences=tuple(differences),
    )


def _without(line: Line) -> Line:
    return replace(line, is_stated=True)
