"""Verdict on the record of a transformer: both errors at every point, the parts judged apart."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from dianheng.metrology.changes import AS_IT_IS, Change, changed
from dianheng.metrology.environment import Environment, check_environment
from dianheng.metrology.errors import MetrologyError, NoRule, WrongValue
from dianheng.metrology.inspections import finding_verdict
from dianheng.metrology.items import Item, item_ref
from dianheng.metrology.observations import Observation
from dianheng.metrology.quantities import EXACT, mean, read_decimal
from dianheng.metrology.records import Missing, RecordVerdict
from dianheng.metrology.rule_sets import Certainty, RuleRef, RuleSet, weakest
from dianheng.metrology.transformer_schemes import (
    TransformerPlate,
    TransformerPoint,
    TransformerScheme,
    transformer_point,
)
from dianheng.metrology.transformers import QuantityRule, point_rules, quantity_verdict
from dianheng.metrology.verdicts import (
    Conclusion,
    Step,
    Verdict,
    incomplete_verdict,
    measured_verdict,
)

K = TypeVar("K")
ERRORS = (Item.RATIO_ERROR, Item.PHASE_DISPLACEMENT)
# Of which the points of the basic error are made up, and what is derived from them.
_DERIVED = (Item.UP_DOWN, Item.STABILITY)


class TransformerJudge:
    """Judges records of transformers with one plate under one scheme.

    An observation of an error says in `direction` the part (CT, PT), in `load` the percent of the
    rated current or voltage, in `factor` the burden (rated, lower); its facts name the `ratio` and,
    where it is known, the `previous` error of this device. Samples are the reading with rising and
    the one with falling current or voltage; the mean of them is judged. With a change the rules are
    as they would be.
    """

    def __init__(
        self, plate: TransformerPlate, scheme: TransformerScheme, change: Change = AS_IT_IS
    ) -> None:
        self.plate = plate
        self.scheme = scheme
        self.rules = changed(scheme.rules, change)
        self._items = {each.item.value for each in scheme.items}
        self._greatest: dict[tuple[str, str], Decimal] = {}
        for point in scheme.points:
            key = (point.device.value, point.burden)
            self._greatest[key] = max(self._greatest.get(key, Decimal(0)), point.percent_rated)

    def judge(
        self, observations: Sequence[Observation], environment: Environment | None = None
    ) -> RecordVerdict:
        """Judge one record.

        Args:
            observations: in any order; a repeated point is judged again, the worst counts.
            environment: conditions during the test; without them the record is incomplete.

        Raises:
            WrongValue: an unknown item.
        """
        verdicts: list[Verdict] = []
        derived: list[Verdict] = []
        missing: list[Missing] = []
        done: set[tuple[str, TransformerPoint | None]] = set()
        for seen in observations:
            if seen.item in ERRORS:
                verdict, point = self._judge_error(seen, derived)
                if point is not None:
                    done.add((seen.item, point))
            else:
                verdict = self._judge_item(seen)
                done.add((seen.item, None))
            verdicts.append(verdict)
            if verdict.conclusion is Conclusion.INCOMPLETE and self.counts(verdict.item):
                missing.append(Missing(verdict.item, verdict.point, verdict.reason))
        missing.extend(
            Missing(item.value, point.text if point else "", "not_tested")
            for item, point in self._wanted()
            if (item.value, point) not in done
        )
        outside: tuple[str, ...] = ()
        if environment is not None:
            checked = check_environment(self.rules, environment)
            outside = checked.outside
            missing.extend(Missing("environment", name, "not_recorded") for name in checked.missing)
        else:
            missing.append(Missing("environment", "", "not_recorded"))
        return self._conclude([*verdicts, *derived], missing, outside)

    def verdicts_on(self, observation: Observation) -> tuple[Verdict, ...]:
        """What one observation comes to by itself: its verdict, and those derived from it.

        Raises:
            WrongValue: an unknown item.
        """
        if observation.item not in ERRORS:
            return (self._judge_item(observation),)
        derived: list[Verdict] = []
        verdict = self._judge_error(observation, derived)[0]
        return (verdict, *derived)

    def _wanted(self) -> Iterable[tuple[Item, TransformerPoint | None]]:
        for each in self.scheme.items:
            if each.item is Item.BASIC_ERROR:
                yield from ((item, point) for point in each.points for item in ERRORS)
            elif each.item not in _DERIVED:
                yield each.item, None

    def _conclude(
        self, verdicts: list[Verdict], missing: list[Missing], outside: tuple[str, ...]
    ) -> RecordVerdict:
        counted = [verdict for verdict in verdicts if self.counts(verdict.item)]
        failing = [each.item for each in counted if each.conclusion is Conclusion.FAIL]
        legal = Conclusion.PASS
        if failing:
            legal = Conclusion.FAIL
        elif missing:
            legal = Conclusion.INCOMPLETE
        refs = {verdict.rule for verdict in counted}
        return RecordVerdict(
            legal=legal,
            fitness=Conclusion.PASS,
            internal=None,
            verdicts=tuple(verdicts),
            failing_items=tuple(dict.fromkeys(failing)),
            missing=tuple(missing),
            outside_internal=(),
            environment_outside=outside,
            certainty=weakest(ref.certainty for ref in refs),
            rule_sets=tuple(sorted({(ref.standard, ref.edition) for ref in refs})),
        )

    def counts(self, item: str) -> bool:
        """Whether an item belongs to the scheme, or is a part of one that does."""
        return item in self._items or (item in ERRORS and Item.BASIC_ERROR in self._items)

    def is_legal(self, item: str) -> bool:
        """All items of transformers are of the regulation."""
        return True

    def _judge_error(
        self, seen: Observation, derived: list[Verdict]
    ) -> tuple[Verdict, TransformerPoint | None]:
        try:
            point = transformer_point(
                seen.direction,
                seen.phases,
                str(seen.facts.get("ratio", "")),
                seen.factor,
                seen.load,
            )
            part = self.plate.part(point.device)
            rule = point_rules(
                self.rules,
                device=point.device,
                accuracy_class=part.accuracy_class,
                percent_rated=point.percent_rated,
            ).of(seen.item)
        except MetrologyError as refusal:
            parts = (seen.direction, seen.factor, seen.load)
            return self._unjudged(seen, refusal.code, " ".join(p for p in parts if p)), None
        needed = 1
        if self.scheme.takes_down:
            top = self._greatest.get((point.device.value, point.burden))
            needed = 1 if point.percent_rated == top else 2
        if len(seen.samples) < needed:
            verdict = incomplete_verdict(seen.item, "too_few_readings", rule.ref, point=point.text)
            return verdict._replace(samples=seen.samples, unit=rule.unit), point
        value = mean(seen.samples)
        derived.extend(self._derive(rule, seen, value, point))
        return (
            quantity_verdict(rule, value=value, point=point.text, samples=seen.samples),
            point,
        )

    def _derive(
        self, rule: QuantityRule, seen: Observation, value: Decimal, point: TransformerPoint
    ) -> Iterable[Verdict]:
        """Rise against fall, and this verification against the one before."""
        if Item.UP_DOWN.value in self._items and len(seen.samples) > 1:
            up, down = seen.samples[0], seen.samples[-1]
            step = Step("rise_and_fall", {"rising": up, "falling": down})
            limit = ["up_down/limit_divisor"]
            yield self._change(
                Item.UP_DOWN, rule, EXACT.subtract(down, up), limit, step, point.text
            )
        previous = seen.facts.get("previous")
        if Item.STABILITY.value in self._items and previous is not None:
            before = read_decimal(previous)
            step = Step("since_last", {"now": value, "before": before})
            limit = ["stability/limit_divisor", "stability/limit_multiple"]
            yield self._change(
                Item.STABILITY, rule, EXACT.subtract(value, before), limit, step, point.text
            )

    def _change(
        self,
        item: Item,
        rule: QuantityRule,
        change: Decimal,
        rows: Sequence[str],
        step: Step,
        point: str,
    ) -> Verdict:
        """Judge a change of an error against its part of the limit; nothing is rounded."""
        point = f"{point} {'f' if rule.item is Item.RATIO_ERROR else 'δ'}"
        try:
            parts = [self.rules.figure(row) for row in rows]
        except NoRule as refusal:
            return incomplete_verdict(item.value, refusal.code, rule.ref, point=point)
        divisor = parts[0].value
        multiple = parts[1].value if len(parts) > 1 else Decimal(1)
        limit = EXACT.divide(EXACT.multiply(rule.limit, multiple), divisor)
        ref = self.rules.ref(*parts)
        return measured_verdict(
            item.value,
            value=change,
            limit=limit,
            ref=RuleRef(
                ref.standard,
                ref.edition,
                f"{rule.ref.row} + {ref.row}",
                weakest((rule.ref.certainty, ref.certainty)),
            ),
            unit=rule.unit,
            point=point,
            derivation=[step],
        )

    def _judge_item(self, seen: Observation) -> Verdict:
        judge = _JUDGES.get(seen.item)
        if judge is None:
            raise WrongValue("no_item", "not an item of a record", {"item": seen.item[:40]})
        try:
            return judge(self.rules, seen)
        except MetrologyError as refusal:
            return self._unjudged(seen, refusal.code, "")

    def _unjudged(self, seen: Observation, reason: str, point: str) -> Verdict:
        ref = RuleRef(self.rules.standard, self.rules.edition, "", Certainty.CONFIRMED)
        verdict = incomplete_verdict(seen.item, reason, ref, point=point)
        return verdict._replace(samples=seen.samples)


@lru_cache(maxsize=256)
def transformer_judge(
    plate: TransformerPlate, scheme: TransformerScheme, change: Change = AS_IT_IS
) -> TransformerJudge:
    """The judge for a plate and a scheme; one bench load needs it once.

    >>> from dianheng.metrology.examples import low_voltage_ct
    >>> from dianheng.metrology.schemes import Stage
    >>> from dianheng.metrology.transformer_schemes import generate_transformer_scheme
    >>> plate = low_voltage_ct()
    >>> found = transformer_judge(plate, generate_transformer_scheme(plate, Stage.FIRST)).judge([])
    >>> found.legal.value, found.missing[0]
    ('incomplete', Missing(item='appearance', point='', reason='not_tested'))
    """
    return TransformerJudge(plate, scheme, change)


def part_conclusions(verdicts: Iterable[Verdict]) -> dict[str, Conclusion]:
    """The conclusion on each part of a combined transformer, from its points alone."""
    found: dict[str, Conclusion] = {}
    rank = (Conclusion.PASS, Conclusion.INCOMPLETE, Conclusion.FAIL)
    for each in verdicts:
        part = each.point.partition(" ")[0]
        if part in ("CT", "PT"):
            found[part] = max(found.get(part, Conclusion.PASS), each.conclusion, key=rank.index)
    return found


def looks_turned(measured: Mapping[K, Decimal], known: Mapping[K, Decimal], noise: Decimal) -> bool:
    """Whether errors look like the known ones with their signs turned.

    Testers differ in the sign of δ, and a swapped lead turns both: the pattern over the points is
    then the known one mirrored at zero. Told by three points or more that lie clear of the noise.

    Args:
        measured: errors by point.
        known: errors of the same device at its last verification, or of its make.
        noise: what lies nearer to zero says nothing.

    >>> known = {n: Decimal(n) for n in (12, 9, 6)}
    >>> looks_turned({n: Decimal(-n) for n in known}, known, Decimal(1))
    True
    >>> looks_turned({n: Decimal(n - 1) for n in known}, known, Decimal(1))
    False
    """
    pairs = [
        (value, known[key])
        for key, value in measured.items()
        if key in known and value.copy_abs() > noise and known[key].copy_abs() > noise
    ]
    if len(pairs) < 3:
        return False
    mirrored = sum((EXACT.add(now, then).copy_abs() for now, then in pairs), Decimal(0))
    straight = sum((EXACT.subtract(now, then).copy_abs() for now, then in pairs), Decimal(0))
    return EXACT.multiply(mirrored, Decimal(3)) < straight


def _truth(seen: Observation, name: str) -> bool | None:
    value = seen.facts.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise WrongValue(
        "not_a_truth_value", f"{name} is true or false", {"item": seen.item, "fact": name}
    )


def _finding(rules: RuleSet, seen: Observation) -> Verdict:
    found = seen.facts.get("findings")
    texts = [str(each) for each in found] if isinstance(found, list | tuple) else []
    return finding_verdict(
        rules, Item(seen.item), is_passed=_truth(seen, "is_passed"), findings=texts
    )


def _withstand(rules: RuleSet, seen: Observation) -> Verdict:
    """No breakdown; the voltage is that of the insulation level and stands in the record."""
    ref = item_ref(rules, Item.WITHSTAND)
    has_breakdown = _truth(seen, "has_breakdown")
    if has_breakdown is None:
        return incomplete_verdict(seen.item, "result_missing", ref)
    if has_breakdown:
        return Verdict(seen.item, "", Conclusion.FAIL, "breakdown", ref)
    return Verdict(seen.item, "", Conclusion.PASS, "no_breakdown", ref)


def _polarity(rules: RuleSet, seen: Observation) -> Verdict:
    figure = rules.figure("polarity/sense")
    ref = rules.ref(figure)
    sense = seen.facts.get("sense")
    if sense is None:
        return incomplete_verdict(seen.item, "result_missing", ref)
    is_right = str(sense) == figure.word
    steps = (Step("polarity", {"sense": str(sense), "wanted": figure.word}),)
    if is_right:
        return Verdict(seen.item, "", Conclusion.PASS, "as_marked", ref, derivation=steps)
    return Verdict(seen.item, "", Conclusion.FAIL, "reversed", ref, derivation=steps)


def _demagnetising(rules: RuleSet, seen: Observation) -> Verdict:
    """Before a second test only, after a first that failed: else remanence goes unseen."""
    ref = item_ref(rules, Item.DEMAGNETISING)
    if not _truth(seen, "is_done"):
        return incomplete_verdict(seen.item, "result_missing", ref)
    if not _truth(seen, "after_failure"):
        return incomplete_verdict(seen.item, "demagnetised_first", ref)
    return Verdict(seen.item, "", Conclusion.PASS, "demagnetised", ref)


_JUDGES: Mapping[str, Callable[[RuleSet, Observation], Verdict]] = {
    Item.APPEARANCE: _finding,
    Item.INSULATION: _finding,
    Item.MUTUAL_INFLUENCE: _finding,
    Item.WITHSTAND: _withstand,
    Item.POLARITY: _polarity,
    Item.DEMAGNETISING: _demagnetising,
}
