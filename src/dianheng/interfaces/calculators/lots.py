"""Calculator of sampling: plans by AQL and by limiting quality, switching."""

from collections.abc import Mapping
from typing import Any

from dianheng.interfaces.calculators import fields
from dianheng.interfaces.calculators.shapes import Answer, Calculator, Field, Variant
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.rule_sets import RuleSet, rule_set
from dianheng.metrology.sampling import (
    LEVELS,
    Plan,
    Severity,
    aql_plan,
    aql_values,
    lq_plan,
    lq_values,
)
from dianheng.metrology.switching import InspectionState, states_after
from dianheng.metrology.verdicts import Step

AQL_STANDARDS = ("GB/T 2828.1", "GB/T 2828.1-2012")
LQ_STANDARDS = ("GB/T 2828.2 procedure A", "GB/T 2828.2", "GB/T 2828.2-2008 procedure A")
_MAX_LOTS = 10_000


def _aql_rules() -> RuleSet:
    return rule_set("GB/T 2828.1", "2012")


def _lq_rules() -> RuleSet:
    return rule_set("GB/T 2828.2", "2008")


def _by_aql(values: Mapping[str, Any]) -> Answer:
    rules = _aql_rules()
    severity = Severity(values.get("severity", Severity.NORMAL.value))
    plan = aql_plan(
        rules,
        lot=values["lot"],
        level=values["level"],
        aql=values["aql"],
        severity=severity,
    )
    steps = [
        Step(
            "code_letter",
            {"lot": values["lot"], "level": values["level"], "code_letter": plan.code_letter},
        ),
        Step(
            "plan",
            {
                "aql": values["aql"],
                "severity": severity.value,
                "arrow_followed": plan.plan_letter != plan.code_letter,
                "plan_letter": plan.plan_letter,
                "n": plan.n,
                "ac": plan.ac,
                "re": plan.re,
            },
        ),
    ]
    return _plan_answer(plan, values, steps, rules)


def _by_lq(values: Mapping[str, Any]) -> Answer:
    rules = _lq_rules()
    plan = lq_plan(rules, lot=values["lot"], lq_pct=values["lq"])
    steps = [Step("plan", {"lq_pct": values["lq"], "n": plan.n, "ac": plan.ac, "re": plan.re})]
    return _plan_answer(plan, values, steps, rules)


def _plan_answer(
    plan: Plan, values: Mapping[str, Any], steps: list[Step], rules: RuleSet
) -> Answer:
    nonconforming = values.get("nonconforming")
    if nonconforming is not None and nonconforming > plan.inspect_count:
        raise WrongValue(
            "more_than_inspected",
            "more nonconforming units than are inspected",
            {"inspect_count": str(plan.inspect_count)},
        )
    accept = None if nonconforming is None else plan.accepts(nonconforming)
    steps.append(
        Step("inspection", {"inspect_all": plan.inspect_all, "inspect_count": plan.inspect_count})
    )
    if accept is not None:
        steps.append(
            Step("decision", {"nonconforming": nonconforming, "ac": plan.ac, "accept": accept})
        )
    return Answer(
        {
            "code_letter": plan.code_letter or None,
            "plan_letter": plan.plan_letter or None,
            "n": str(plan.n),
            "ac": str(plan.ac),
            "re": str(plan.re),
            "inspect_all": plan.inspect_all,
            "inspect_count": str(plan.inspect_count),
            "accept": accept,
        },
        steps,
        plan.rule,
        rules,
    )


def _switching(values: Mapping[str, Any]) -> Answer:
    rules = _aql_rules()
    start = InspectionState(values.get("start", InspectionState.NORMAL.value))
    states = [state.value for state in states_after(rules, values["lot_results"], start)]
    figures = rules.group("switching").values()
    return Answer(
        {"state_after_each_lot": states},
        [
            Step(
                "lot",
                {"number": number, "accepted": is_accepted, "state": state},
            )
            for number, (is_accepted, state) in enumerate(
                zip(values["lot_results"], states, strict=True), start=1
            )
        ],
        rules.ref(*figures),
        rules,
    )


def _lot_results(value: object) -> list[bool]:
    items = list(value) if isinstance(value, str | list | tuple) else []
    if not 1 <= len(items) <= _MAX_LOTS or any(item not in ("A", "R") for item in items):
        raise WrongValue("no_lot_results", "A (accepted) or R (rejected) for each lot")
    return [item == "A" for item in items]


def _standard_field() -> Field:
    return fields.choice("standard", "standard of the plan", (*AQL_STANDARDS, *LQ_STANDARDS))


def _lot_field() -> Field:
    return fields.whole("lot", "size of the lot", least=2)


def _nonconforming_field() -> Field:
    return fields.whole("nonconforming", "nonconforming units in the sample", least=0).optional()


class _Sampling(Calculator):
    """The standard decides between AQL and limiting quality."""

    def variant_for(self, payload: Mapping[str, object]) -> Variant:
        standard = payload.get("standard")
        if isinstance(standard, str) and standard.strip() in LQ_STANDARDS:
            return self.variants[1]
        if isinstance(standard, str) and "lot_results" not in payload:
            return self.variants[0]
        return super().variant_for(payload)


SAMPLING = _Sampling(
    "sampling",
    "Sampling plan and decision, switching between normal and tightened inspection",
    (
        Variant(
            (
                _standard_field(),
                _lot_field(),
                fields.choice("level", "inspection level", LEVELS),
                fields.number("aql", "acceptance quality limit, %", known=aql_values(_aql_rules())),
                fields.choice(
                    "severity",
                    "severity of inspection; absent is normal",
                    [each.value for each in Severity],
                ).optional(),
                _nonconforming_field(),
            ),
            frozenset({"aql", "level", "severity"}),
            _by_aql,
        ),
        Variant(
            (
                _standard_field(),
                _lot_field(),
                fields.number("lq", "limiting quality, %", known=lq_values(_lq_rules())),
                _nonconforming_field(),
            ),
            frozenset({"lq"}),
            _by_lq,
        ),
        Variant(
            (
                fields.custom(
                    "lot_results",
                    "A (accepted) or R (rejected) for each lot, in order",
                    _lot_results,
                    {"type": ["array", "string"], "items": {"enum": ["A", "R"]}},
                ),
                fields.choice(
                    "start",
                    "state before the first lot; absent is normal",
                    [each.value for each in InspectionState],
                ).optional(),
                fields.choice("standard", "standard of the rules", AQL_STANDARDS).optional(),
            ),
            frozenset({"lot_results", "start"}),
            _switching,
        ),
    ),
    {
        "code_letter": "code letter of lot and level",
        "plan_letter": "code letter of the plan, arrows followed",
        "n": "sample size of the plan",
        "ac": "acceptance number",
        "re": "rejection number",
        "inspect_all": "whether the whole lot is inspected",
        "inspect_count": "units to inspect",
        "accept": "whether the lot is accepted; null without nonconforming",
        "state_after_each_lot": "normal, tightened or discontinued after each lot",
    },
    {"more_than_inspected": ("nonconforming",), "lot_too_small": ("lot",), "no_aql": ("aql",)},
)

CALCULATORS = (SAMPLING,)
