"""A record becomes a verdict: our arithmetic beside the bench's, the reasons, the outcome."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from dianheng.common.texts import why
from dianheng.identity.models import Unit
from dianheng.identity.selectors import setting
from dianheng.metrology.environment import Environment, check_environment
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.observations import Observation
from dianheng.metrology.records import RecordVerdict
from dianheng.metrology.rule_sets import Certainty, RuleSet, rule_set, rule_set_on
from dianheng.metrology.verdicts import InternalControl, Verdict, internal_control
from dianheng.standards.models import EnvironmentBand
from dianheng.standards.selectors import environment_band_on

from ..rules import BenchFigures, Block, differences_of, outcome_of, overall_differs
from ..selectors.laboratory import signed_rule_sets
from ..subjects import AnyPlate, AnyScheme, judge_for

PRACTICE = "Utility practice"


@dataclass(frozen=True)
class Seen:
    """One point of a record on its way to the judge."""

    seq: int
    observation: Observation | None
    bench: BenchFigures
    item: str


@dataclass(frozen=True)
class JudgedPoint:
    """A point and what we make of it; no verdict where the rules judge nothing of it."""

    seq: int
    verdict: Verdict | None
    differences: tuple[str, ...]
    is_derived: bool = False


@dataclass
class Judgement:
    """What a record comes to."""

    outcome: str
    would_be: str
    points: list[JudgedPoint]
    legal: str = ""
    fitness: str = ""
    internal: str = ""
    blocks: tuple[Block, ...] = ()
    failing_items: tuple[str, ...] = ()
    missing: list[dict[str, str]] = field(default_factory=list)
    outside_internal: tuple[str, ...] = ()
    warnings: list[dict[str, Any]] = field(default_factory=list)
    difference_count: int = 0
    rule_sets: list[dict[str, Any]] = field(default_factory=list)
    certainty: str = ""
    internal_factor: Decimal | None = None


class Bench:
    """The rules as they stand for one laboratory and day: control band, signatures, bounds.

    Read once for an upload; judges any number of records.
    """

    def __init__(self, unit: Unit, day: date):
        self.unit = unit
        self.day = day
        self.practice: RuleSet | None = None
        factor = setting("verification.internal_factor", unit.pk, day)
        if factor is None:
            self.practice = rule_set_on(PRACTICE, day)
            self.control = internal_control(self.practice)
        else:
            # The company's own decision: nothing in it is left to be confirmed.
            self.control = InternalControl(factor, Certainty.CONFIRMED)
        self.band: EnvironmentBand | None = environment_band_on(unit, day)
        self._signed: dict[tuple[tuple[str, str], ...], tuple[bool, list[dict[str, Any]]]] = {}

    def judge(
        self,
        plate: AnyPlate,
        scheme: AnyScheme,
        seen: Sequence[Seen],
        *,
        environment: Mapping[str, Decimal | None],
        blocks: tuple[Block, ...],
        bench_overall: str,
    ) -> Judgement:
        """Judge one record.

        Raises:
            MetrologyError: an observation that no rule can take.
        """
        observations = [each.observation for each in seen if each.observation is not None]
        start, end = _environments(environment)
        found = judge_for(plate, scheme, self.control).judge(observations, start)
        outside = {*found.environment_outside, *check_environment(scheme.rules, end).outside}
        points = _points(seen, found)
        is_signed, used = self._rule_sets(scheme, found)
        factor = None if found.internal is None else self.control.factor
        unjudged = [
            each.item
            for each in seen
            if each.observation is None and each.bench.conclusion == "FAIL"
        ]
        outcome, would_be = outcome_of(
            is_blocked=bool(blocks),
            is_signed=is_signed,
            legal=found.legal.value,
            fitness=found.fitness.value,
            internal=found.internal.value if found.internal else "",
            has_unjudged_failure=bool(unjudged),
        )
        warnings = [{"code": "environment", "about": name} for name in sorted(outside)]
        warnings += [{"code": "band", "about": name} for name in self._outside_band(environment)]
        differences = sum(1 for point in points if point.differences)
        if blocks:
            # Mean and rounded value are arithmetic; a verdict is not given.
            return Judgement(
                outcome,
                "",
                [_without_verdict(point) for point in points],
                blocks=blocks,
                warnings=warnings,
                rule_sets=used,
                internal_factor=factor,
            )
        if bench_overall and overall_differs(bench_overall, would_be):
            warnings.append({"code": "overall", "about": bench_overall})
            differences += 1
        missing = [{"item": m.item, "point": m.point, "reason": m.reason} for m in found.missing]
        missing += [
            {"item": item, "point": "", "reason": "bench_failed_unjudged"} for item in unjudged
        ]
        return Judgement(
            outcome,
            would_be,
            points,
            found.legal.value,
            found.fitness.value,
            found.internal.value if found.internal else "",
            failing_items=found.failing_items,
            missing=missing,
            outside_internal=found.outside_internal,
            warnings=warnings,
            difference_count=differences,
            rule_sets=used,
            certainty=found.certainty.value,
            internal_factor=factor,
        )

    def _outside_band(self, environment: Mapping[str, Decimal | None]) -> Iterable[str]:
        band = self.band
        if band is None:
            return
        for name, low, high in (
            ("temperature", band.temperature_low_c, band.temperature_high_c),
            ("humidity", band.humidity_low_pct, band.humidity_high_pct),
        ):
            values = [value for key, value in environment.items() if key.startswith(name)]
            if any(value is not None and not low <= value <= high for value in values):
                yield name

    def _rule_sets(
        self, scheme: AnyScheme, found: RecordVerdict
    ) -> tuple[bool, list[dict[str, Any]]]:
        """Whether all rule sets in use are confirmed or signed, and which they are."""
        key = (*found.rule_sets, (scheme.standard, scheme.edition))
        if key not in self._signed:
            sets = {rule_set(standard, edition) for standard, edition in key}
            # The band is one of meters: transformers have none that could be signed.
            if self.practice is not None and found.internal is not None:
                sets.add(self.practice)
            ordered = sorted(sets, key=lambda rules: rules.name)
            signed = signed_rule_sets(self.unit, ordered)
            used = [
                {
                    "standard": rules.standard,
                    "edition": rules.edition,
                    "digest": rules.digest,
                    "is_confirmed": rules.is_confirmed,
                    "signed_by": signed[rules.digest].signed_by.name
                    if rules.digest in signed
                    else "",
                }
                for rules in ordered
            ]
            all_signed = all(r.is_confirmed or r.digest in signed for r in ordered)
            self._signed[key] = (all_signed, used)
        return self._signed[key]


def _environments(environment: Mapping[str, Decimal | None]) -> tuple[Environment, Environment]:
    """Conditions at start and at end; one that was recorded once stands for both."""
    found = []
    for here, there in (("start", "end"), ("end", "start")):
        values = []
        for name, unit in (("temperature", "c"), ("humidity", "pct")):
            value = environment.get(f"{name}_{here}_{unit}")
            values.append(environment.get(f"{name}_{there}_{unit}") if value is None else value)
        found.append(Environment(*values))
    return found[0], found[1]


def _points(seen: Sequence[Seen], found: RecordVerdict) -> list[JudgedPoint]:
    points: list[JudgedPoint] = []
    verdicts = iter(found.verdicts)
    last = 0
    for each in seen:
        last = max(last, each.seq)
        if each.observation is None:
            points.append(JudgedPoint(each.seq, None, ()))
        else:
            verdict = next(verdicts)
            points.append(JudgedPoint(each.seq, verdict, differences_of(each.bench, verdict)))
    for number, verdict in enumerate(verdicts, last + 1):
        points.append(JudgedPoint(number, verdict, (), is_derived=True))
    return points


def _without_verdict(point: JudgedPoint) -> JudgedPoint:
    if point.verdict is None:
        return point
    kept = tuple(name for name in point.differences if name != "conclusion")
    return JudgedPoint(point.seq, point.verdict, kept, point.is_derived)


def refused_observation(error: MetrologyError) -> dict[str, Any]:
    """An observation that no rule takes, as a fault of its device."""
    item = error.facts.get("item", "")
    return {
        "field": f"points[{item}]" if item else "points",
        "code": error.code,
        "text": why(error),
    }


def verdict_digest(record_no: str, upload_sha256: str, index: int, judgement: Judgement) -> str:
    """SHA-256 over what a signature under this verdict stands for."""
    whole = [
        record_no,
        upload_sha256,
        index,
        judgement.outcome,
        judgement.would_be,
        judgement.legal,
        judgement.fitness,
        judgement.internal,
        [block.code for block in judgement.blocks],
        [rules["digest"] for rules in judgement.rule_sets],
        str(judgement.internal_factor),
        [
            [
                p.seq,
                p.verdict.item,
                p.verdict.point,
                str(p.verdict.value),
                p.verdict.rounded_text,
                str(p.verdict.limit_low),
                str(p.verdict.limit_high),
                p.verdict.conclusion.value,
                p.verdict.internal.value if p.verdict.internal else "",
            ]
            for p in judgement.points
            if p.verdict is not None
        ],
    ]
    text = json.dumps(whole, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
