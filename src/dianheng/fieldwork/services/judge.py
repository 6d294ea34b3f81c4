"""What the rules say of a sheet: conditions, working error, clock, wiring, secondary circuits."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from dianheng.assets.models import Device, DeviceModel
from dianheng.common.texts import why
from dianheng.customers.models import UsagePoint
from dianheng.identity.models import Unit
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.field_check import (
    MeterPlateFacts,
    SiteConditions,
    burden_verdict,
    clock_offset_verdict,
    conditions_outside,
    drop_verdict,
    is_calibrator_good_enough,
    working_error_verdict,
)
from dianheng.metrology.first_check import seen_row
from dianheng.metrology.plates import Connection, Wiring, verification_class
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.rule_sets import RuleSet, rule_set, rule_set_on
from dianheng.metrology.verdicts import Verdict
from dianheng.metrology.wiring_diagnosis import Explanation, diagnose
from dianheng.metrology.wiring_phasors import ImpossibleMeasurement
from dianheng.verification.selectors.laboratory import signed_rule_sets
from dianheng.verification.selectors.on_site import IR46_CLASSES, base_current_of

from ..rules import (
    CONDITION_FIELDS,
    FORBIDDEN_TEXTS,
    UNSIGNED,
    Block,
    Calibrator,
    calibrator_blocks,
    forbids,
)
from ..sheet import SEEN, Circuit, Problem, Sheet, elements_of

WIRING_RULES = ("Wiring practice", "2016")
FIRST_RULES = ("First check practice", "2016")


@dataclass
class Judged:
    """What a sheet comes to; problems mean that it is not taken in."""

    results: list[dict[str, Any]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    used: list[RuleSet] = field(default_factory=list)  # what decided

    @property
    def rule_sets(self) -> list[dict[str, str]]:
        """What decided, as it is kept."""
        return [
            {"standard": one.standard, "edition": one.edition, "digest": one.digest}
            for one in dict.fromkeys(self.used)
        ]

    def unsigned(self, unit: Unit) -> list[Block]:
        """A figure that is not confirmed decides nothing until a named metrologist has signed.

        What explains a wiring is no legal verdict.
        """
        sets = [one for one in dict.fromkeys(self.used) if one.name != "-".join(WIRING_RULES)]
        signed = signed_rule_sets(unit, sets)
        return [
            Block(UNSIGNED, {"rules": one.name})
            for one in sets
            if not one.is_confirmed and one.digest not in signed
        ]


@dataclass(frozen=True)
class Rules:
    """Editions by which a check of a day is judged."""

    meter: RuleSet
    site: RuleSet
    management: RuleSet
    wiring: RuleSet
    first: RuleSet

    @property
    def judging(self) -> tuple[RuleSet, ...]:
        """Those that have to be signed where they are not confirmed: what explains a wiring has not."""
        return self.meter, self.site, self.management, self.first


def rules_on(day: date, edition: str) -> Rules:
    """Editions in force on a day; DL/T 448 in the edition of the usage point."""
    return Rules(
        rule_set_on("JJG 596", day),
        rule_set_on("DL/T 1664", day),
        rule_set("DL/T 448", edition),
        rule_set(*WIRING_RULES),
        rule_set(*FIRST_RULES),
    )


def circuit_of(point: UsagePoint, meter: Device | None) -> Circuit:
    """Wiring and ratings that measured values can contradict."""
    model: DeviceModel | None = meter.model if meter else None
    wiring = Wiring(model.wiring if model and model.wiring else point.wiring)
    return Circuit(
        wiring, model.voltage_v if model else None, model.max_current_a if model else None
    )


def plate_of(model: DeviceModel) -> MeterPlateFacts | None:
    """What the working error is judged by; None where the model lacks it."""
    base = base_current_of(model)
    if not (model.accuracy_class and model.connection and base and model.max_current_a):
        return None
    name = model.accuracy_class
    return MeterPlateFacts(
        verification_class(name) if name in IR46_CLASSES else name,
        Connection(model.connection), base, model.max_current_a,
    )  # fmt: skip


def judge(
    sheet: Sheet, *, point: UsagePoint, meter: Device | None, calibrator: Calibrator,
    rules: Rules, day: date,
) -> Judged:  # fmt: skip
    """Everything that the rules say of what was measured on a day."""
    found = Judged()
    plate = plate_of(meter.model) if meter else None
    good_enough = None
    if sheet.readings and plate:
        good_enough = is_calibrator_good_enough(
            rules.site, plate.accuracy_class, calibrator.accuracy_class
        )
    found.blocks += calibrator_blocks(replace(calibrator, is_good_enough=good_enough), day)
    found.used = used = [rules.management]
    if sheet.readings:
        used += [rules.meter, rules.site]
        _judge_readings(found, sheet, meter, plate, rules)
    if (offset := sheet["clock_offset_s"]) is not None:
        used.append(rules.site)
        found.results.append(result_of(clock_offset_verdict(rules.site, offset)))
    if sheet.has_phasors and sheet.wiring is not Wiring.SINGLE_PHASE:
        used.append(rules.wiring)
        _judge_wiring(found, sheet, meter, rules.wiring)
    for verdict in _secondary(sheet, point, rules.management):
        found.results.append(result_of(verdict))
    for item in SEEN:
        if item in sheet.texts:
            used.append(rules.first)
            found.results.append(seen_row(rules.first, item, agrees=sheet.texts[item] == "yes"))
    if not found.results and not found.problems:
        text = _("Nothing was measured that the rules say something about.")
        found.problems.append(Problem("error_1", "empty", text))
    return found


def _judge_readings(
    found: Judged, sheet: Sheet, meter: Device | None, plate: MeterPlateFacts | None, rules: Rules
) -> None:
    if meter is None or plate is None:
        text = _(
            "The usage point has no meter whose class and currents are known: no working error can be judged."
        )
        found.problems.append(Problem("error_1", "no_meter", text))
        return
    load_pct = sheet.share_pct("i", plate.base_a)
    conditions = SiteConditions(
        sheet["temperature_c"], sheet["humidity_pct"], sheet["frequency_hz"],
        sheet.share_pct("u", meter.model.voltage_v), load_pct, sheet["cos_phi"],
    )  # fmt: skip
    for outside in conditions_outside(rules.site, plate.accuracy_class, conditions):
        facts = {
            name: "" if value is None else plain_text(round(value, 2))
            for name, value in (
                ("value", outside.value),
                ("low", outside.low),
                ("high", outside.high),
            )
        }
        if forbids(outside):
            kind = outside.code.removesuffix("_missing").removesuffix("_too_low")
            text = str(FORBIDDEN_TEXTS[outside.code]) % facts
            found.problems.append(Problem(CONDITION_FIELDS[kind], outside.code, text))
        else:
            found.blocks.append(Block(outside.code, facts, item="working_error"))
    if load_pct is None or found.problems:
        return
    try:
        verdict = working_error_verdict(
            rules.meter, rules.site, plate, load_pct=load_pct, readings=sheet.readings
        )
    except MetrologyError as error:
        found.problems.append(Problem("i1", error.code, why(error)))
    else:
        if verdict.reason == "too_few_readings":
            text = _("At least two readings of the working error are taken.")
            found.problems.append(Problem("error_2", "too_few_readings", text))
        row = result_of(verdict)
        if any(block.item for block in found.blocks):
            row |= {"conclusion": "incomplete", "reason": "condition_outside"}
        found.results.append(row)


def explanations_of(
    sheet: Sheet, meter: Device | None, *, rules: RuleSet | None = None
) -> tuple[Explanation, ...]:
    """Wirings that explain the phasors of a sheet.

    Raises:
        ImpossibleMeasurement: none does.
    """
    voltage = meter.model.voltage_v if meter else None
    return diagnose(
        rules or rule_set(*WIRING_RULES),
        sheet.measurement,
        nominal_v=float(voltage) if voltage else None,
        sequence=sheet.texts.get("sequence", ""),
    )


def _judge_wiring(found: Judged, sheet: Sheet, meter: Device | None, rules: RuleSet) -> None:
    row = {
        "item": "wiring", "point": "", "samples": [], "value": "", "rounded": "", "unit": "",
        "limit": "", "certainty": "doubtful", "rule": f"{rules.name} diagnosis",
    }  # fmt: skip
    try:
        best = explanations_of(sheet, meter, rules=rules)[0]
    except ImpossibleMeasurement as impossible:
        codes = {problem.code for problem in impossible.problems}
        if codes == {"currents_fit_no_wiring"}:
            # An unbalanced load may do that; the evidence is kept.
            row |= {"conclusion": "incomplete", "reason": "wiring_unexplained"}
            found.results.append(row)
            return
        for problem in impossible.problems:
            found.problems.append(Problem("u1_deg", problem.code, why(problem)))
        return
    is_right = any(not member.faults for member in best.members)
    row |= {
        "conclusion": "pass" if is_right else "fail",
        "reason": "wiring_right" if is_right else "wrong_wiring",
        "faults": [list(one) for one in best.members[0].faults],
        "k": "" if best.k is None else plain_text(round(best.k, 4)),
        "formula": best.formula,
        "phi_deg": plain_text(best.phi_deg),
    }
    found.results.append(row)


def _secondary(sheet: Sheet, point: UsagePoint, rules: RuleSet) -> Iterator[Verdict]:
    names = element_names(sheet.wiring)
    for n, (voltage, current) in enumerate(names, 1):
        f_pct, delta_min = sheet[f"drop_{n}_f"], sheet[f"drop_{n}_d"]
        if f_pct is not None and delta_min is not None:
            yield drop_verdict(
                rules, device_class=point.device_class, purpose=point.purpose, f_pct=f_pct,
                delta_min=delta_min, point=voltage,
            )  # fmt: skip
        for kind, name in (("vt", voltage), ("ct", current)):
            actual, rated = sheet[f"{kind}_{n}_va"], sheet[f"{kind}_{n}_rated"]
            if actual is not None and rated is not None:
                yield burden_verdict(
                    rules, rated_va=rated, actual_va=actual, point=f"{kind.upper()} {name}"
                )


def element_names(wiring: Wiring) -> list[tuple[str, str]]:
    """Phases of voltage and current of each element."""
    if wiring is Wiring.THREE_PHASE_THREE_WIRE:
        return [("ab", "a"), ("cb", "c")]
    return [("a", "a"), ("b", "b"), ("c", "c")][: elements_of(wiring)]


def result_of(verdict: Verdict) -> dict[str, Any]:
    """A verdict as it is kept: figures as decimal text."""

    def text(value: Decimal | None) -> str:
        return "" if value is None else plain_text(round(value, 4))

    high, low = verdict.limit_high, verdict.limit_low
    limit = ""
    if high is not None and low is not None:
        is_symmetric = low == high.copy_negate()  # `-high` rounds to the context's digits
        limit = (
            f"±{plain_text(high, 4)}" if is_symmetric else f"{plain_text(low)}–{plain_text(high)}"
        )
    if verdict.item == "secondary_voltage_drop" and high is not None:
        limit = f"≤{plain_text(high)}"
    return {
        "item": verdict.item,
        "point": verdict.point,
        "conclusion": verdict.conclusion.value,
        "reason": verdict.reason,
        "samples": [str(one) for one in verdict.samples],
        "value": text(verdict.value),
        "rounded": verdict.rounded_text,
        "unit": verdict.unit,
        "limit": limit,
        "interval": "" if verdict.interval is None else plain_text(verdict.interval),
        "rule": f"{verdict.rule.standard}-{verdict.rule.edition} {verdict.rule.row}",
        "certainty": verdict.rule.certainty.value,
    }
