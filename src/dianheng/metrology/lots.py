"""Decision on a lot: nonconformities of class A, B and C, each class with its own plan."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from dianheng.metrology.errors import WrongValue
from dianheng.metrology.items import Item
from dianheng.metrology.rule_sets import RuleRef, RuleSet, TableRow
from dianheng.metrology.sampling import Plan, Severity, aql_plan, letter_plan
from dianheng.metrology.verdicts import Step


class NonconformityClass(StrEnum):
    """Gravity of a nonconformity; the class of a unit is its gravest."""

    A = "A"  # safety, metrology, data security: one rejects the lot
    B = "B"
    C = "C"


class LotPlan(NamedTuple):
    """Plans of the classes for one lot and the number of units to draw."""

    plans: Mapping[NonconformityClass, Plan]
    sample_size: int


class LotDecision(NamedTuple):
    """Decision with the steps that lead to it."""

    is_accepted: bool
    reasons: tuple[str, ...]
    counts: Mapping[NonconformityClass, int]
    rules: tuple[RuleRef, ...]
    steps: tuple[Step, ...]


def lot_plan(
    rules: RuleSet,
    *,
    lot: int,
    level: str,
    aql_by_class: Mapping[NonconformityClass, Decimal],
    severity: Severity = Severity.NORMAL,
) -> LotPlan:
    """Plans for the classes of a lot, with one sample for all.

    Where arrows give the classes samples of different size, the code letter of the largest sample
    is used for all; a class whose plan of that letter still is smaller keeps its own plan and is
    judged on the first units of the draw.

    Args:
        rules: edition of GB/T 2828.1.
        lot: number of units.
        level: inspection level.
        aql_by_class: AQL, percent nonconforming, for B and C. Class A has none: one rejects.
        severity: normal or tightened.

    Raises:
        WrongValue: no class, an AQL for class A, or not in the tables.

    Source:
        docs/sources/gb-t-2828-1.md, classes of nonconformity.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> B, C = NonconformityClass.B, NonconformityClass.C
    >>> found = lot_plan(rule_set("GB/T 2828.1", "2012"), lot=20, level="II",
    ...                  aql_by_class={B: Decimal("1.0"), C: Decimal("4.0")})
    >>> found.sample_size, found.plans[C].ac
    (13, 1)
    """
    if not aql_by_class or NonconformityClass.A in aql_by_class:
        raise WrongValue("aql_classes", "class B or C has an AQL; class A never has one")
    plans = {
        each: aql_plan(rules, lot=lot, level=level, aql=aql, severity=severity)
        for each, aql in aql_by_class.items()
    }
    largest = max(plans.values(), key=lambda plan: plan.n)
    if any(plan.n != largest.n for plan in plans.values()):
        for each, aql in aql_by_class.items():
            raised = letter_plan(
                rules, letter=largest.plan_letter, lot=lot, aql=aql, severity=severity
            )
            if raised.n == largest.n:
                plans[each] = raised._replace(code_letter=plans[each].code_letter)
    return LotPlan(plans, largest.inspect_count)


def lot_decision(plan: LotPlan, sample: Iterable[Iterable[NonconformityClass]]) -> LotDecision:
    """Decide on a lot by its sample.

    A unit counts once, in the gravest of its classes. Any unit of class A rejects at once, even
    before the sample is complete; otherwise the lot is accepted when no class has more units than
    its plan accepts.

    Args:
        plan: plans of the lot.
        sample: for each unit, in the order of the draw, the classes of its nonconformities.

    Raises:
        WrongValue: the sample is smaller than the plan asks, and nothing rejects it yet.

    Source:
        docs/sources/gb-t-2828-1.md, classes of nonconformity; docs/sources/q-gdw-1206.md.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> B = NonconformityClass.B
    >>> found = lot_plan(rule_set("GB/T 2828.1", "2012"), lot=1500, level="II",
    ...                  aql_by_class={B: Decimal("0.65")})
    >>> lot_decision(found, [[B], [B], [B], *[[]] * 122]).reasons
    ('over_acceptance_number_B',)
    """
    gravest = [min(classes, default=None) for classes in (list(unit) for unit in sample)]
    counts: dict[NonconformityClass, int] = {
        NonconformityClass.A: gravest.count(NonconformityClass.A)
    }
    steps = [Step("sample", {"units": len(gravest), "sample_size": plan.sample_size})]
    reasons: list[str] = []
    if counts[NonconformityClass.A]:
        reasons.append("class_A")
    steps.append(Step("class_A", {"nonconforming": counts[NonconformityClass.A]}))
    for each in sorted(plan.plans):
        found = plan.plans[each]
        counts[each] = gravest[: found.inspect_count].count(each)
        if not found.accepts(counts[each]):
            reasons.append(f"over_acceptance_number_{each.value}")
        steps.append(
            Step(
                f"class_{each.value}",
                {
                    "nonconforming": counts[each],
                    "n": found.n,
                    "ac": found.ac,
                    "re": found.re,
                    "row": found.rule.row,
                },
            )
        )
    if not reasons and len(gravest) < plan.sample_size:
        raise WrongValue(
            "sample_incomplete",
            "the sample is not complete",
            {"units": str(len(gravest)), "sample_size": str(plan.sample_size)},
        )
    return LotDecision(
        not reasons,
        tuple(reasons),
        counts,
        tuple(found.rule for found in plan.plans.values()),
        tuple(steps),
    )


def nonconformity_class(acceptance: RuleSet, item: Item | str) -> NonconformityClass:
    """Class of a nonconformity in an item of the record.

    Raises:
        WrongValue: no class stands for the item.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> nonconformity_class(rule_set("Q/GDW 1206", "2013"), Item.KEY_STATE).value
    'A'
    """
    wanted = Item.BASIC_ERROR if item == Item.LOAD_DIFFERENCE else item
    row: TableRow
    for row in acceptance.table("nonconformity"):
        if row.cells["item"] == wanted:
            return NonconformityClass(row.cells["nonconformity_class"])
    raise WrongValue("no_item", "no class of nonconformity for this item", {"item": str(item)[:40]})


def default_aql(acceptance: RuleSet) -> dict[NonconformityClass, Decimal]:
    """AQL by class, percent nonconforming, as the acceptance rules propose.

    >>> from dianheng.metrology.rule_sets import rule_set
    >>> str(default_aql(rule_set("Q/GDW 1206", "2013"))[NonconformityClass.B])
    '1.0'
    """
    return {
        NonconformityClass(name): figure.value for name, figure in acceptance.group("aql").items()
    }
