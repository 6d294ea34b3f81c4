"""Verdict on a whole record: every observation judged, the items of the scheme held against it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from dianheng.metrology.changes import AS_IT_IS, Change, changed
from dianheng.metrology.environment import Environment, check_environment
from dianheng.metrology.errors import MetrologyError, NoRule
from dianheng.metrology.items import Item
from dianheng.metrology.limits import BALANCED, SINGLE_PHASE_LOAD
from dianheng.metrology.observations import LOADED_ITEMS, Observation, judge_item
from dianheng.metrology.plates import MeterPlate
from dianheng.metrology.rule_sets import Certainty, RuleRef, weakest
from dianheng.metrology.schemes import ALL_PHASES, Direction, LoadPoint, Scheme, canonical_point
from dianheng.metrology.verdicts import (
    Conclusion,
    InternalControl,
    PointRule,
    Verdict,
    difference_verdict,
    error_verdict,
    incomplete_verdict,
    point_rule,
)


class Missing(NamedTuple):
    """What keeps a record from being complete."""

    item: str
    point: str
    reason: str


class RecordVerdict(NamedTuple):
    """Verdict on one record.

    `legal` rests on the items of the regulation, `fitness` on the further items that the company
    requires (keys, parameters, relay), `internal` on the company's control band. They never
    change each other. One failing item fails; otherwise one missing item is incomplete.
    """

    legal: Conclusion
    fitness: Conclusion
    internal: Conclusion | None
    verdicts: tuple[Verdict, ...]
    failing_items: tuple[str, ...]
    missing: tuple[Missing, ...]
    outside_internal: tuple[str, ...]
    environment_outside: tuple[str, ...]
    certainty: Certainty
    rule_sets: tuple[tuple[str, str], ...]

    @property
    def is_issuable(self) -> bool:
        """Fit to be issued as far as the record goes; seals and approval come on top."""
        return self.legal is Conclusion.PASS and self.fitness is Conclusion.PASS


class RecordJudge:
    """Judges records of meters with one plate under one scheme; looks every rule up once.

    With a change it judges by the rules as they would be.
    """

    def __init__(
        self,
        plate: MeterPlate,
        scheme: Scheme,
        control: InternalControl | None = None,
        change: Change = AS_IT_IS,
    ) -> None:
        self.plate = plate
        self.scheme = scheme
        self.control = control
        self.rules = changed(scheme.rules, change)
        self.acceptance = changed(scheme.acceptance, change)
        self._legal_items = {each.item.value for each in scheme.items if each.is_legal}
        self._items = {each.item.value for each in scheme.items}
        self._wanted = tuple(
            (each.item.value, self._canonical(point) if point else None)
            for each in scheme.items
            for point in (each.points or (None,))
        )
        self._points: dict[tuple[str, str, str, str], tuple[PointRule, LoadPoint, str]] = {}

    def judge(
        self, observations: Sequence[Observation], environment: Environment | None = None
    ) -> RecordVerdict:
        """Judge one record.

        Args:
            observations: in any order; a repeated point is judged again, the worst counts.
            environment: conditions during the test; without them the record is incomplete.

        Raises:
            WrongValue: an unknown item, point or fact.
        """
        verdicts: list[Verdict] = []
        missing: list[Missing] = []
        done: set[tuple[str, LoadPoint | None]] = set()
        at_base: dict[tuple[str, str], list[tuple[str, Verdict]]] = {}
        for observation in observations:
            if observation.item == Item.BASIC_ERROR:
                verdict, point = self._judge_error(observation)
                if is_at_base(point):
                    key = (point.direction.value, loading_of(point))
                    at_base.setdefault(key, []).append((point.phases, verdict))
                done.add((Item.BASIC_ERROR.value, point))
            else:
                verdict, where = self._judge_item(observation)
                done.add((observation.item, where))
                done.add((observation.item, None))
            verdicts.append(verdict)
            if verdict.conclusion is Conclusion.INCOMPLETE and verdict.item in self._items:
                missing.append(Missing(verdict.item, verdict.point, verdict.reason))
        verdicts.extend(self._differences(at_base))
        missing.extend(
            Missing(item, "" if point is None else point.text, "not_tested")
            for item, point in self._wanted
            if (item, point) not in done
        )
        outside: tuple[str, ...] = ()
        if environment is not None:
            checked = check_environment(self.rules, environment)
            outside = checked.outside
            missing.extend(Missing("environment", name, "not_recorded") for name in checked.missing)
        else:
            missing.append(Missing("environment", "", "not_recorded"))
        return self._conclude(verdicts, missing, outside)

    def verdicts_on(self, observation: Observation) -> tuple[Verdict, ...]:
        """What one observation comes to by itself.

        Raises:
            WrongValue: an unknown item, point or fact.
        """
        if observation.item == Item.BASIC_ERROR:
            return (self._judge_error(observation)[0],)
        return (self._judge_item(observation)[0],)

    def _conclude(
        self, verdicts: list[Verdict], missing: list[Missing], outside: tuple[str, ...]
    ) -> RecordVerdict:
        failing: dict[str, None] = {}
        outside_internal: list[str] = []
        refs: set[RuleRef] = set()
        has_error_point = False
        for verdict in verdicts:
            if self.counts(verdict.item):
                refs.add(verdict.rule)
                if verdict.conclusion is Conclusion.FAIL:
                    failing[verdict.item] = None
            if verdict.internal is not None:
                has_error_point = True
                if verdict.internal is Conclusion.FAIL:
                    outside_internal.append(verdict.point)
        incomplete_items = {each.item for each in missing}
        legal = _conclusion(
            any(self.is_legal(item) for item in failing),
            any(self.is_legal(item) for item in incomplete_items),
        )
        fitness = _conclusion(
            any(not self.is_legal(item) for item in failing),
            any(not self.is_legal(item) for item in incomplete_items),
        )
        internal: Conclusion | None = None
        if self.control is not None:
            is_missing = Item.BASIC_ERROR in incomplete_items or not has_error_point
            internal = _conclusion(bool(outside_internal), is_missing)
        return RecordVerdict(
            legal,
            fitness,
            internal,
            tuple(verdicts),
            tuple(failing),
            tuple(missing),
            tuple(outside_internal),
            outside,
            weakest(ref.certainty for ref in refs),
            tuple(sorted({(ref.standard, ref.edition) for ref in refs})),
        )

    def counts(self, item: str) -> bool:
        """Whether an item belongs to the scheme, or is derived from one that does."""
        return item in self._items or (
            item == Item.LOAD_DIFFERENCE and Item.BASIC_ERROR in self._items
        )

    def is_legal(self, item: str) -> bool:
        """Whether the legal verdict rests on an item; else it is one of the company's."""
        return item in self._legal_items or item in ("environment", Item.LOAD_DIFFERENCE)

    def _canonical(self, point: LoadPoint) -> LoadPoint:
        return canonical_point(
            point.direction.value,
            point.phases,
            point.load,
            point.factor,
            self.plate.connection,
            self.plate.is_three_phase,
        )

    def _point_of(self, observation: Observation) -> LoadPoint:
        has_load = observation.item in LOADED_ITEMS
        return canonical_point(
            observation.direction,
            observation.phases if has_load else ALL_PHASES,
            observation.load if has_load else "",
            observation.factor if has_load else "",
            self.plate.connection,
            self.plate.is_three_phase,
        )

    def rule_at(self, observation: Observation) -> tuple[PointRule, LoadPoint, str]:
        """What judges the basic error at a point: the rule, the point, and how it is written.

        Raises:
            WrongValue: the point is none.
            NoRule: the rule set has no limit there.
        """
        key = (observation.direction, observation.phases, observation.load, observation.factor)
        known = self._points.get(key)
        if known is None:
            point = self._point_of(observation)
            measure = point.direction.measure
            rule = point_rule(
                self.rules,
                accuracy_class=self.plate.class_of(measure),
                connection=self.plate.connection,
                load=point.load,
                factor=point.factor,
                measure=measure,
                loading=loading_of(point),
                imax_ratio=self.plate.imax_ratio,
                control=self.control,
            )
            known = (rule, point, point.text)
            self._points[key] = known
        return known

    def _judge_error(self, observation: Observation) -> tuple[Verdict, LoadPoint]:
        try:
            rule, point, text = self.rule_at(observation)
        except MetrologyError as refusal:
            try:
                point = self._point_of(observation)
            except MetrologyError:
                point = _as_sent(observation)
            return self._unjudged(observation, refusal.code, point), point
        samples = observation.samples
        count = rule.first_count
        if len(samples) < count:
            verdict = incomplete_verdict(
                Item.BASIC_ERROR.value, "too_few_readings", rule.ref, point=text
            )
            return verdict._replace(samples=samples, unit="%"), point
        return (
            error_verdict(
                rule,
                samples[:count],
                samples[count:],
                takes_extra=self.scheme.takes_extra,
                point=text,
            ),
            point,
        )

    def _judge_item(self, observation: Observation) -> tuple[Verdict, LoadPoint | None]:
        point = _as_sent(observation)
        try:
            point = self._point_of(observation)
            return judge_item(self, observation, point), point
        except MetrologyError as refusal:
            if refusal.code == "no_item":
                raise
            return self._unjudged(observation, refusal.code, point), point

    def _unjudged(self, observation: Observation, reason: str, point: LoadPoint) -> Verdict:
        ref = RuleRef(self.rules.standard, self.rules.edition, "", Certainty.CONFIRMED)
        verdict = incomplete_verdict(observation.item, reason, ref, point=point.text)
        return verdict._replace(samples=observation.samples)

    def _differences(
        self, at_base: Mapping[tuple[str, str], list[tuple[str, Verdict]]]
    ) -> list[Verdict]:
        found = []
        for (direction, loading), singles in at_base.items():
            if loading != SINGLE_PHASE_LOAD:
                continue
            for _, balanced in at_base.get((direction, BALANCED), []):
                for phase, single in singles:
                    if balanced.value is None or single.value is None:
                        continue
                    verdict = self.difference(direction, phase, balanced.value, single.value)
                    if verdict is not None:
                        found.append(verdict)
        return found

    def difference(
        self, direction: str, phase: str, balanced_pct: Decimal, single_pct: Decimal
    ) -> Verdict | None:
        """The verdict on single-phase against balanced load; None: the class has no limit.

        Args:
            direction: of the energy, such as `forward_active`.
            phase: the phase with load.
            balanced_pct: mean error with balanced load, %.
            single_pct: mean error with load in one phase, %.
        """
        measure = Direction(direction).measure
        try:
            return difference_verdict(
                self.rules,
                accuracy_class=self.plate.class_of(measure),
                balanced_error_pct=balanced_pct,
                phase_error_pct=single_pct,
                measure=measure,
                point=phase,
            )
        except NoRule:
            return None


def judge_record(
    plate: MeterPlate,
    scheme: Scheme,
    observations: Sequence[Observation],
    *,
    environment: Environment | None = None,
    control: InternalControl | None = None,
) -> RecordVerdict:
    """Judge one record of a meter.

    Args:
        plate: the meter.
        scheme: items, points and editions.
        observations: what was seen.
        environment: conditions during the test.
        control: the company's own band, where it has one.

    Raises:
        WrongValue: an unknown item, point or fact.

    Source:
        docs/sources/jjg-596.md, verdict; docs/explanation/verdicts.md.

    >>> from dianheng.metrology.examples import plain_household_meter
    >>> from dianheng.metrology.schemes import Stage, generate_scheme
    >>> meter = plain_household_meter()
    >>> verdict = judge_record(meter, generate_scheme(meter, Stage.SUBSEQUENT), [])
    >>> verdict.legal.value, verdict.missing[0]
    ('incomplete', Missing(item='appearance', point='', reason='not_tested'))
    """
    return record_judge(plate, scheme, control).judge(observations, environment)


@lru_cache(maxsize=256)
def record_judge(
    plate: MeterPlate,
    scheme: Scheme,
    control: InternalControl | None = None,
    change: Change = AS_IT_IS,
) -> RecordJudge:
    """The judge for a plate and a scheme; one bench load needs it once."""
    return RecordJudge(plate, scheme, control, change)


def is_at_base(point: LoadPoint) -> bool:
    """Whether errors with balanced and with single-phase load are compared at a point."""
    return point.factor == "1.0" and point.load in ("Ib", "In")


def loading_of(point: LoadPoint) -> str:
    """Whether a point has balanced load or load in one phase."""
    return BALANCED if point.phases == ALL_PHASES else SINGLE_PHASE_LOAD


def _as_sent(observation: Observation) -> LoadPoint:
    """The point in the writing of the bench, for a verdict on a point that cannot be read."""
    return LoadPoint(
        Direction.FORWARD_ACTIVE, observation.phases, observation.load, observation.factor
    )


def _conclusion(is_failing: bool, is_missing: bool) -> Conclusion:
    if is_failing:
        return Conclusion.FAIL
    return Conclusion.INCOMPLETE if is_missing else Conclusion.PASS
