"""Pure decisions of supply: findings of a delivery file, number segments, plans, judgement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from dianheng.assets.columns import DEVICE_FINDINGS
from dianheng.common.errors import Refusal
from dianheng.common.files.findings import FindingKind
from dianheng.common.texts import gettext_lazy as _
from dianheng.metrology.barcodes import BarcodeParts, barcode_scheme
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.lots import (
    LotPlan,
    NonconformityClass,
    lot_decision,
    lot_plan,
)
from dianheng.metrology.rule_sets import RuleRef, RuleSet, rule_set
from dianheng.metrology.sampling import Plan, Severity

# -- findings of a delivery file -----------------------------------------------------------------


FINDINGS: Mapping[str, FindingKind] = {
    **DEVICE_FINDINGS,
    "check_digit": FindingKind(
        _("Wrong check digit"), _("The check digit of %(value)s is wrong; it should be %(wanted)s.")
    ),
    "outside_segment": FindingKind(
        _("Outside its number segment"),
        _("%(value)s is not in a number segment issued for this order line."),
    ),
    "wrong_model": FindingKind(
        _("Wrong model"), _("The model is “%(value)s”; ordered is “%(wanted)s”.")
    ),
    "wrong_order": FindingKind(
        _("Wrong order"), _("%(field)s is “%(value)s”; this file was sent for “%(wanted)s”.")
    ),
    "wrong_maker": FindingKind(
        _("Wrong maker"), _("The maker is “%(value)s”; the order is with “%(wanted)s”.")
    ),
    "wrong_material": FindingKind(
        _("Wrong material code"), _("The material code is “%(value)s”; ordered is “%(wanted)s”.")
    ),
    "wrong_preset": FindingKind(
        _("Wrong price preset"), _("The price preset is “%(value)s”; ordered is “%(wanted)s”.")
    ),
    "over_order": FindingKind(
        _("More than ordered"),
        _("The line has %(wanted)s devices, %(other)s of them taken already; this file brings %(value)s."),
    ),
    "short_of_order": FindingKind(
        _("Less than ordered"),
        _("The line has %(wanted)s devices, %(other)s of them taken already; this file brings %(value)s, the rest is to come."),
        is_warning=True,
    ),
}  # fmt: skip

# Fields compared with the order, with the finding when they differ.
COMPARED: Mapping[str, str] = {
    "model": "wrong_model",
    "order_no": "wrong_order",
    "contract_no": "wrong_order",
    "tender_batch": "wrong_order",
    "manufacturer": "wrong_maker",
    "material_code": "wrong_material",
    "price_preset": "wrong_preset",
}


# -- number segments -----------------------------------------------------------------------------


@dataclass(frozen=True)
class SegmentCodes:
    """A number segment: bodies without check digit, whole codes, how many."""

    first_body: str
    last_body: str
    first_code: str
    last_code: str
    count: int


def segment_codes(first: str, count: int, scheme_name: str = "state_grid_22") -> SegmentCodes:
    """The segment that begins with a code (with or without its check digit).

    Raises:
        MetrologyError: not a code of the scheme, or the serial numbers run over.

    >>> segment_codes("4130001000000446529641", 10).last_code
    '4130001000000446529733'
    """
    scheme = barcode_scheme(scheme_name)
    if len(first) == 22:
        found = scheme.validate(first, is_strict=True)
        if found.problems:
            raise MetrologyError("first_code", "not a code of the scheme", {"code": first[:40]})
        parts = scheme.parse(first)
    else:
        parts = scheme.parse(f"{first}0")
    if count < 1:
        raise MetrologyError("count", "a segment has at least one number")
    last_serial = int(parts.serial) + count - 1
    last = BarcodeParts(parts.unit, parts.asset_type, str(last_serial))
    first_code = scheme.generate(BarcodeParts(parts.unit, parts.asset_type, parts.serial))
    last_code = scheme.generate(last)
    return SegmentCodes(first_code[:-1], last_code[:-1], first_code, last_code, count)


# -- sampling ------------------------------------------------------------------------------------

SAMPLING = ("GB/T 2828.1", "2012")
ACCEPTANCE = ("Q/GDW 1206", "2013")


def sampling_rules() -> RuleSet:
    """The edition by which lots are sampled."""
    return rule_set(*SAMPLING)


def acceptance_rules() -> RuleSet:
    """The edition that says what a nonconformity is."""
    return rule_set(*ACCEPTANCE)


def aql_by_class(given: Mapping[str, str]) -> dict[NonconformityClass, Decimal]:
    """AQLs as stored, {"B": "1.0"}.

    Raises:
        MetrologyError: no class or no number.
    """
    try:
        return {NonconformityClass(name): Decimal(value) for name, value in given.items() if value}
    except (ValueError, InvalidOperation):
        raise MetrologyError(
            "aql", "no class or no AQL", {"given": str(dict(given))[:80]}
        ) from None


def plan_record(*, lot: int, level: str, aql: Mapping[str, str], severity: str) -> dict[str, Any]:
    """The plan as it is stored and shown: rule, code letter, arrow followed, n, Ac, Re by class.

    Raises:
        MetrologyError: lot, level or AQL are none of the tables.

    >>> plan_record(lot=1500, level="II", aql={"B": "0.65"}, severity="normal")["lines"][0]["ac"]
    2
    """
    rules = sampling_rules()
    found = lot_plan(
        rules, lot=lot, level=level, aql_by_class=aql_by_class(aql), severity=Severity(severity)
    )
    return {
        "standard": rules.standard,
        "edition": rules.edition,
        "digest": rules.digest,
        "level": level,
        "severity": severity,
        "lot": lot,
        "sample_size": found.sample_size,
        "lines": [
            {
                "class": each.value,
                "aql": str(aql[each.value]),
                "code_letter": plan.code_letter,
                "plan_letter": plan.plan_letter,
                "n": plan.n,
                "ac": plan.ac,
                "re": plan.re,
                "inspect_all": plan.inspect_all,
                "inspect_count": plan.inspect_count,
                "row": plan.rule.row,
                "certainty": plan.rule.certainty.value,
            }
            for each, plan in sorted(found.plans.items())
        ],
    }


def plan_of(record: Mapping[str, Any]) -> LotPlan:
    """The plan that was stored, as the rules of sampling take it."""
    from dianheng.metrology.rule_sets import Certainty

    plans = {
        NonconformityClass(line["class"]): Plan(
            line["code_letter"],
            line["plan_letter"],
            line["n"],
            line["ac"],
            line["re"],
            line["inspect_all"],
            line["inspect_count"],
            RuleRef(
                record["standard"], record["edition"], line["row"], Certainty(line["certainty"])
            ),
        )
        for line in record["lines"]
    }
    return LotPlan(plans, record["sample_size"])


def judgement(
    record: Mapping[str, Any], sample: Sequence[Sequence[str] | None]
) -> dict[str, Any] | None:
    """The decision by the sample, or None while it is open.

    A nonconformity of class A rejects at once; the other classes are judged when all drawn
    devices have their result.

    Args:
        record: of `plan_record`.
        sample: for each drawn device, in the order of the draw, the classes of its
            nonconformities; None without result yet.

    >>> plan = plan_record(lot=30, level="II", aql={"B": "1.0"}, severity="normal")
    >>> judgement(plan, [["A"], *[None] * 12])["reasons"]
    ['class_A']
    """
    is_complete = all(unit is not None for unit in sample)
    units = [[NonconformityClass(name) for name in unit or ()] for unit in sample]
    has_a = any(NonconformityClass.A in unit for unit in units)
    if not is_complete and not has_a:
        return None
    found = lot_decision(plan_of(record), units)
    return {
        "is_accepted": found.is_accepted,
        "reasons": list(found.reasons) if is_complete else ["class_A"],
        "counts": {each.value: count for each, count in sorted(found.counts.items())},
        "tested": sum(1 for unit in sample if unit is not None),
        "steps": [{"name": step.name, "facts": dict(step.facts)} for step in found.steps],
    }


# -- guards of the inspection --------------------------------------------------------------------


def guard_state(state: str, wanted: Iterable[str], number: str) -> Refusal | None:
    """A step of an inspection has its place in the order."""
    if state in set(wanted):
        return None
    return Refusal(
        "inspection_state",
        _("%(number)s is at another step now. Open it again to see what comes next.")
        % {"number": number},
        {"number": number, "state": state},
    )


def guard_opinion(opinion: str, text: str, is_accepted: bool | None) -> Refusal | None:
    """A lot that its sample rejected is not accepted; a rejection has its reasons."""
    if opinion == "accept" and is_accepted is not True:
        return Refusal(
            "sample_rejects",
            _(
                "The sample rejects the lot; it cannot be accepted. Sign the rejection, the lot goes back to the maker."
            ),
        )
    if opinion == "reject" and not text.strip():
        return Refusal("reason", _("Say why the lot is rejected."))
    return None


def guard_two_people(first: tuple[int | None, ...], now: tuple[int | None, ...]) -> Refusal | None:
    """The two departments sign by two persons."""
    if {key for key in first if key} & {key for key in now if key}:
        return Refusal(
            "same_person",
            _("You signed for the other department. The second signature is another person's."),
        )
    return None


def final_opinion(opinions: Sequence[str]) -> str | None:
    """What both departments together say: accepted by both, else rejected; None while one is open."""
    if len(opinions) < 2:
        return None
    return "accept" if set(opinions) == {"accept"} else "reject"
