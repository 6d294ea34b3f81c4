"""What is decided about records, loads, reviews and approvals: pure, over facts handed in."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from dianheng.common.errors import Refusal
from dianheng.common.texts import gettext_lazy as _
from dianheng.metrology.verdicts import Conclusion, Verdict

# -- may a record get a verdict ---------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """One reason why a record is kept without verdict."""

    code: str
    facts: Mapping[str, str] = field(default_factory=dict)


BLOCK_TEXTS: Mapping[str, Any] = {
    "bench_missing": _("The record names no bench."),
    "bench_unknown": _("Bench %(number)s is not in the register."),
    "bench_not_in_date": _("Bench %(number)s had no certificate in date on %(day)s."),
    "bench_stopped": _("Bench %(number)s was out of use on %(day)s."),
    "bench_away": _(
        "Bench %(number)s was at %(body)s for verification on %(day)s, or back without its new certificate"
        " (%(order)s). Use another bench, or take the certificate in and test again."
    ),
    "installation_missing": _("Bench %(number)s belongs to no measuring standard in use."),
    "installation_not_in_date": _(
        "Measuring standard %(number)s had no examination certificate in date on %(day)s."
    ),
    "installation_kind": _("Measuring standard %(number)s is not for this kind of device."),
    "standards_missing": _("The record names no standard."),
    "standard_unknown": _("Standard %(number)s is not in the register."),
    "standard_not_in_date": _("Standard %(number)s had no certificate in date on %(day)s."),
    "standard_stopped": _("Standard %(number)s was out of use on %(day)s."),
    "standard_away": _(
        "Standard %(number)s was at %(body)s for verification on %(day)s, or back without its new certificate"
        " (%(order)s). Use another standard, or take the certificate in and test again."
    ),
    "standard_too_coarse": _("No standard of the record has class %(needed)s or better."),
    "authorisation_missing": _(
        "The laboratory had no authorisation for this kind of device in force on %(day)s."
    ),
    "environment_outside": _(
        "In %(room)s the logger read %(temperature)s °C and %(humidity)s %%RH at %(at)s, outside the laboratory's bounds."
    ),
    "verifier_missing": _("The record names no verifier."),
    "verifier_unknown": _("Verifier %(number)s is not known."),
    "verifier_not_qualified": _("%(name)s was not qualified as verifier on %(day)s."),
    "in_future": _("The record was finished on %(day)s, which has not come yet."),
}


@dataclass(frozen=True)
class Equipment:
    """A standard or bench as the register knows it on the day of a record."""

    number: str
    is_known: bool
    is_in_date: bool = False
    is_stopped: bool = False
    accuracy_class: str = ""
    away: Mapping[str, str] = field(default_factory=dict)  # where to, with which order


@dataclass(frozen=True)
class Tester:
    """A verifier as the record names them."""

    number: str
    name: str = ""
    is_known: bool = False
    is_qualified: bool = False


@dataclass(frozen=True)
class Grounds:
    """All on which a record rests beside its readings."""

    day: date
    today: date
    bench: Equipment | None
    has_installation: bool
    is_installation_in_date: bool
    is_installation_for_kind: bool
    installation_code: str
    has_authorisation: bool
    standards: Sequence[Equipment]
    testers: Sequence[Tester]
    class_needed: Decimal | None = None
    # Room, moment, temperature and humidity of a reading outside the laboratory's own bounds.
    environment_fault: Mapping[str, str] | None = None


def blocks_of(grounds: Grounds) -> tuple[Block, ...]:
    """Every reason why the record gets no verdict; none: it may be judged."""
    day = grounds.day.isoformat()
    found: list[Block] = []
    if grounds.day > grounds.today:
        found.append(Block("in_future", {"day": day}))
    if grounds.bench is None:
        found.append(Block("bench_missing"))
    else:
        found += equipment_blocks("bench", grounds.bench, day)
        if grounds.bench.is_known:
            if not grounds.has_installation:
                found.append(Block("installation_missing", {"number": grounds.bench.number}))
            else:
                about = {"number": grounds.installation_code, "day": day}
                if not grounds.is_installation_in_date:
                    found.append(Block("installation_not_in_date", about))
                if not grounds.is_installation_for_kind:
                    found.append(Block("installation_kind", about))
    if not grounds.has_authorisation:
        found.append(Block("authorisation_missing", {"day": day}))
    if not grounds.standards:
        found.append(Block("standards_missing"))
    for standard in grounds.standards:
        found += equipment_blocks("standard", standard, day)
    if grounds.class_needed is not None and grounds.standards:
        classes = [class_number(s.accuracy_class) for s in grounds.standards if s.is_known]
        stated = [number for number in classes if number is not None]
        if stated and min(stated) > grounds.class_needed:
            found.append(
                Block("standard_too_coarse", {"needed": format(grounds.class_needed, "f")})
            )
    if grounds.environment_fault is not None:
        found.append(Block("environment_outside", grounds.environment_fault))
    if not grounds.testers:
        found.append(Block("verifier_missing"))
    for tester in grounds.testers:
        if not tester.is_known:
            found.append(Block("verifier_unknown", {"number": tester.number}))
        elif not tester.is_qualified:
            found.append(Block("verifier_not_qualified", {"name": tester.name, "day": day}))
    return tuple(found)


def equipment_blocks(what: str, equipment: Equipment, day: str) -> list[Block]:
    """Why a bench or a standard (`what`) may not be used on a day."""
    facts = {"number": equipment.number, "day": day}
    if not equipment.is_known:
        return [Block(f"{what}_unknown", facts)]
    found = []
    if equipment.is_stopped:
        found.append(Block(f"{what}_stopped", facts))
    if equipment.away:
        found.append(Block(f"{what}_away", {**facts, **equipment.away}))
    if not equipment.is_in_date:
        found.append(Block(f"{what}_not_in_date", facts))
    return found


def class_number(text: str) -> Decimal | None:
    """A class as written (0.5S, 0.05 级) as a number; None where it is none."""
    try:
        number = Decimal(text.strip().rstrip("Ss级"))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None


# -- outcome ----------------------------------------------------------------------------------


def outcome_of(
    *,
    is_blocked: bool,
    is_signed: bool,
    legal: str,
    fitness: str,
    internal: str,
    has_unjudged_failure: bool,
) -> tuple[str, str]:
    """Outcome of a verdict, and what it would be were all rule sets signed.

    A legal failure stands whatever else is missing. What the bench found wrong in an item that
    the rules do not judge keeps a record open until somebody looked at it.
    """
    if is_blocked:
        return "blocked", ""
    if legal == Conclusion.FAIL:
        would_be = "failed"
    elif (
        legal == Conclusion.INCOMPLETE
        or fitness == Conclusion.INCOMPLETE
        or internal == Conclusion.INCOMPLETE
        or has_unjudged_failure
    ):
        would_be = "incomplete"
    elif fitness == Conclusion.FAIL:
        would_be = "unfit"
    elif internal == Conclusion.FAIL:
        would_be = "outside_control"
    else:
        would_be = "passed"
    if is_signed or would_be == "incomplete":
        return would_be, would_be
    return "provisional", would_be


# -- the bench's figures against ours ------------------------------------------------------------


@dataclass(frozen=True)
class BenchFigures:
    """What the bench itself made of a point."""

    mean: Decimal | None = None
    rounded: str = ""
    limit_low: Decimal | None = None
    limit_high: Decimal | None = None
    conclusion: str = ""


def differences_of(bench: BenchFigures, ours: Verdict) -> tuple[str, ...]:
    """In what the bench's figures differ from ours: mean, rounded, limit, conclusion.

    The mean is compared with as many decimals as the bench wrote, either way of rounding. A
    bench that judges by the internal band names that band as its limit: no difference, but its
    conclusion is then held against our internal one.
    """
    found: list[str] = []
    if bench.mean is not None and ours.value is not None and not _same_mean(bench.mean, ours.value):
        found.append("mean")
    if bench.rounded and ours.rounded is not None and Decimal(bench.rounded) != ours.rounded:
        found.append("rounded")
    uses_band = (
        bench.limit_high is not None
        and ours.internal_limit is not None
        and bench.limit_high == ours.internal_limit
    )
    for stated, limit in ((bench.limit_low, ours.limit_low), (bench.limit_high, ours.limit_high)):
        if stated is None or limit is None or stated == limit:
            continue
        if uses_band and ours.internal_limit is not None and abs(stated) == ours.internal_limit:
            continue
        found.append("limit")
        break
    if bench.conclusion in ("PASS", "FAIL"):
        judged = ours.internal if uses_band and ours.internal is not None else ours.conclusion
        if judged is not Conclusion.INCOMPLETE and bench.conclusion.lower() != judged.value:
            found.append("conclusion")
    return tuple(found)


def _same_mean(stated: Decimal, value: Decimal) -> bool:
    exponent = stated.as_tuple().exponent
    quantum = Decimal(1).scaleb(exponent if isinstance(exponent, int) and exponent < 0 else 0)
    try:
        return stated in (
            value.quantize(quantum, ROUND_HALF_EVEN),
            value.quantize(quantum, ROUND_HALF_UP),
        )
    except InvalidOperation:  # more digits than the context holds: compare as they are
        return stated == value


def overall_differs(bench_overall: str, outcome: str) -> bool:
    """Whether the bench's overall conclusion is not ours."""
    if outcome == "failed":
        return bench_overall == "PASS"
    if outcome in ("passed", "outside_control", "unfit"):
        return bench_overall == "FAIL" and outcome == "passed"
    return False


# -- loads and retests ----------------------------------------------------------------------------


def guard_retest(
    *,
    attempts: int,
    reason: str,
    position: int | None,
    last_position: int | None,
    is_same_bench: bool = True,
    needs_other_position: bool = True,
) -> Refusal | None:
    """A retest says why, and stands on another position than the time before.

    A transformer stands alone before its tester: the reason is enough.
    """
    if attempts == 0:
        return None
    if not reason.strip():
        return Refusal(
            "retest_reason",
            _("This device was tested before. Say why it is tested again."),
            {"attempts": attempts},
        )
    if not needs_other_position:
        return None
    if position is None:
        return Refusal(
            "retest_position",
            _("This device was tested before. Say on which position it stands now."),
            {"attempts": attempts},
        )
    if is_same_bench and position == last_position:
        return Refusal(
            "retest_position",
            _("The last test was on position %(position)s. Test again on another one.")
            % {"position": position},
            {"position": position},
        )
    return None


def guard_position(position: int, count: int | None) -> Refusal | None:
    """A bench has only so many positions."""
    if count is not None and position > count:
        return Refusal(
            "position",
            _("The bench has %(count)s positions; there is no %(position)s.")
            % {"count": count, "position": position},
            {"count": count, "position": position},
        )
    return None


# -- what is signed -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class SignedLine:
    """One device as reviewer and approver see and sign it."""

    barcode: str
    record_no: str
    outcome: str
    verdict_digest: str


def signing_digest(lines: Iterable[SignedLine]) -> str:
    """SHA-256 over the lines in the order of bar code and record.

    >>> signing_digest([SignedLine("B", "2", "passed", "00"), SignedLine("A", "1", "failed", "11")]
    ...     ) == signing_digest([SignedLine("A", "1", "failed", "11"), SignedLine("B", "2", "passed", "00")])
    True
    """
    rows = sorted(
        [line.barcode, line.record_no, line.outcome, line.verdict_digest] for line in lines
    )
    return hashlib.sha256(
        json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()


def guard_unchanged(seen_digest: str, digest: str, count: int) -> Refusal | None:
    """Refuse to sign what is not what was shown."""
    if seen_digest == digest:
        return None
    return Refusal(
        "changed",
        _("The results changed since you looked: nothing was signed. Look again."),
        {"count": count, "digest": digest},
    )


NOT_TO_BE_APPROVED: Mapping[str, Any] = {
    "incomplete": _("The record is incomplete: it must be completed or tested again."),
    "provisional": _("A rule set that decided this is not signed by a metrologist yet."),
    "blocked": _("The record is blocked and has no verdict."),
    "": _("There is no result yet."),
}


def fault_of_outcome(outcome: str, barcode: str) -> dict[str, Any] | None:
    """Why a verdict cannot be agreed to, as an entry of the list of errors."""
    text = NOT_TO_BE_APPROVED.get(outcome)
    if text is None:
        return None
    return {"device": barcode, "code": outcome or "no_result", "text": text}


# -- statistics for the reviewer ------------------------------------------------------------------------


def stands_out(value: Decimal, mean: Decimal, deviation: Decimal, count: int) -> bool:
    """Whether a group (a position, an operator) lies apart: three standard errors, five or more.

    A hint for the eye of the reviewer; it decides nothing.
    """
    if count < 5 or deviation <= 0:
        return False
    error = deviation / Decimal(count).sqrt()
    return abs(value - mean) > 3 * error
