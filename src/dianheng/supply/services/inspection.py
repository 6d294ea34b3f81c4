"""Inspection of a lot: what is inspected as one is stated before the draw, or withdrawn."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import DeviceState
from dianheng.assets.models import Device, Lot
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.common.texts import why
from dianheng.documents.services import numbers_take
from dianheng.identity.services import idempotent, remember, require, write_batch
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.lots import default_aql

from ..choices import ArrivalState, InspectionState
from ..models import Arrival, InspectionLot, InspectionPart
from ..rules import acceptance_rules, guard_state, plan_record
from .switching import resubmitted_severity, severity_of

DEFAULT_LEVEL = "II"
LAST = "\x7f"  # behind every bar code
AT_ONCE = 5000


def locked_inspection(inspection: InspectionLot) -> InspectionLot:
    """The inspection, locked until the end of the transaction."""
    rows = InspectionLot.objects.select_for_update(of=("self",))
    return rows.select_related("lot__model__manufacturer", "unit").get(pk=inspection.pk)


# -- split ----------------------------------------------------------------------------------------


def inspection_make(
    *,
    lot: Lot,
    split: Sequence[Sequence[Mapping[str, Any]]],
    actor: Actor,
    statement: str = "",
    level: str = DEFAULT_LEVEL,
    aql: Mapping[str, str] | None = None,
    request_key: str = "",
) -> list[InspectionLot]:
    """State what of a lot is inspected as one: one inspection for each element of the split.

    Args:
        lot: maker, model and tender batch.
        split: for each inspection its parts, each with `arrival` and, where the arrival is
            divided, `first_code` and `last_code`.
        statement: why it is split so; owed when there is more than one.
        level: inspection level, I, II or III.
        aql: percent nonconforming by class, {"B": "1.0"}; absent: as the acceptance rules say.

    Raises:
        Refused: `discontinued`, `part_twice`, or the split is not complete.
    """
    actor = require(actor, "supply.inspect", lot.unit_id)
    aqls = dict(aql) if aql else proposed_aql()
    with write_batch(actor=actor, action="inspection.make") as batch:
        if (earlier := idempotent(request_key, "inspection.make")) is not None:
            return list(InspectionLot.objects.filter(pk__in=earlier["inspections"]).order_by("pk"))
        lot = Lot.objects.select_for_update(of=("self",)).select_related("model").get(pk=lot.pk)
        _refuse_split(lot, split, statement)
        severity = severity_of(lot)
        _try_plan(level, aqls, severity)
        numbers = numbers_take(
            key="lot_inspection",
            unit_id=lot.unit_id,
            year=timezone.localdate(batch.at).year,
            count=len(split),
        )
        made = []
        for place, (number, parts) in enumerate(zip(numbers, split, strict=True), start=1):
            one = InspectionLot.objects.create(
                number=number, lot=lot, unit_id=lot.unit_id, part_no=place, part_count=len(split),
                split_reason=statement.strip(), level=level, aql=aqls, severity=severity,
                stated_at=batch.at, stated_by_id=actor.person_id,
            )  # fmt: skip
            for part in parts:
                InspectionPart.objects.create(
                    inspection=one, arrival=part["arrival"],
                    first_code=part.get("first_code") or "", last_code=part.get("last_code") or "",
                )  # fmt: skip
            if not lot_devices(one).exists():
                text = _("Part %(n)s has no device that awaits acceptance.") % {"n": place}
                raise Refused(Refusal("part_empty", text, {"part": place}))
            made.append(one)
        remember(request_key, "inspection.make", {"inspections": [one.pk for one in made]})
    return made


def inspection_resubmit(
    *, inspection: InspectionLot, statement: str, actor: Actor, request_key: str = ""
) -> InspectionLot:
    """Submit a rejected lot again, as the maker sorted it: its devices that came back.

    The submission counts up, inspection is tightened, and the result does not count for
    switching (docs/sources/gb-t-2828-1.md).

    Args:
        statement: what the maker did: sorted, repaired or replaced, by which report.

    Raises:
        Refused: it was not rejected, was submitted again already, or nothing of it came back.
    """
    if not statement.strip():
        text = _("Say what the maker did to the lot.")
        raise BadInput(text, [{"field": "statement", "code": "missing", "text": text}])
    actor = require(actor, "supply.inspect", inspection.unit_id)
    with write_batch(actor=actor, action="inspection.resubmit", reason=statement) as batch:
        if (earlier := idempotent(request_key, "inspection.resubmit")) is not None:
            return InspectionLot.objects.get(pk=earlier["inspection"])
        found = locked_inspection(inspection)
        refuse(guard_state(found.state, [InspectionState.REJECTED], found.number))
        again = InspectionLot.objects.filter(resubmits=found).first()
        if again is not None and again.state != InspectionState.VOID:
            text = _("%(no)s was submitted again as %(again)s.")
            facts = {"no": found.number, "again": again.number}
            raise Refused(Refusal("resubmitted", text % facts, facts))
        if again is not None:
            InspectionLot.objects.filter(pk=again.pk).update(resubmits=None)
        (number,) = numbers_take(
            key="lot_inspection", unit_id=found.unit_id, year=timezone.localdate(batch.at).year
        )
        made = InspectionLot.objects.create(
            number=number, lot=found.lot, unit_id=found.unit_id, part_no=found.part_no,
            part_count=found.part_count, split_reason=statement.strip(), level=found.level,
            aql=found.aql, severity=str(resubmitted_severity(found.lot)), resubmits=found,
            submission=found.submission + 1, stated_at=batch.at, stated_by_id=actor.person_id,
        )  # fmt: skip
        InspectionPart.objects.bulk_create(
            InspectionPart(
                inspection=made, arrival_id=part.arrival_id, first_code=part.first_code,
                last_code=part.last_code,
            )
            for part in found.parts.all()
        )  # fmt: skip
        if not lot_devices(made).exists():
            text = _(
                "Nothing of the lot of %(no)s has come back yet. Receive it on its return order."
            )
            raise Refused(Refusal("part_empty", text % {"no": found.number}, {"no": found.number}))
        remember(request_key, "inspection.resubmit", {"inspection": made.pk})
    return made


def proposed_aql() -> dict[str, str]:
    """AQL by class as the acceptance rules propose."""
    return {str(each.value): str(value) for each, value in default_aql(acceptance_rules()).items()}


def _try_plan(level: str, aql: Mapping[str, str], severity: str) -> None:
    try:
        plan_record(lot=100, level=level, aql=aql, severity=severity)
    except MetrologyError as error:
        text = _("Level and AQL are not in the tables of GB/T 2828.1: %(why)s.")
        raise BadInput(
            text % {"why": why(error)},
            [{"field": "aql", "code": error.code, "text": why(error)}],
        ) from None


def _refuse_split(lot: Lot, split: Sequence[Sequence[Mapping[str, Any]]], statement: str) -> None:
    if not split or not all(split):
        raise BadInput(_("Each inspection has at least one arrival."))
    if len(split) > 1 and not statement.strip():
        text = _("Say why the lot is inspected in parts.")
        raise BadInput(text, [{"field": "statement", "code": "missing", "text": text}])
    _refuse_unknown_codes(split)
    ranges: dict[int, list[tuple[str, str]]] = {}
    earlier = InspectionPart.objects.filter(inspection__lot=lot).exclude(
        inspection__state=InspectionState.VOID
    )
    for part in earlier:
        ranges.setdefault(part.arrival_id, []).append((part.first_code, part.last_code or LAST))
    for part in (part for parts in split for part in parts):
        arrival: Arrival = part["arrival"]
        first, last = part.get("first_code") or "", part.get("last_code") or LAST
        if arrival.lot_id != lot.pk or arrival.state not in (
            ArrivalState.RECEIVED,
            ArrivalState.PARTLY,
        ):
            text = _("Arrival %(no)s is of another lot or not received yet.")
            raise Refused(Refusal("arrival", text % {"no": arrival.number}))
        if first > last:
            raise BadInput(_("The first bar code comes after the last."))
        for other_first, other_last in ranges.setdefault(arrival.pk, []):
            if first <= other_last and other_first <= last:
                text = _("Devices of arrival %(no)s would be inspected twice.")
                raise Refused(Refusal("part_twice", text % {"no": arrival.number}))
        ranges[arrival.pk].append((first, last))


def _refuse_unknown_codes(split: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    """A range goes from one device of its arrival to another: what is mistyped is named."""
    parts = [part for parts in split for part in parts]
    named = {part[end] for part in parts for end in ("first_code", "last_code") if part.get(end)}
    known = dict(Device.objects.filter(barcode__in=named).values_list("barcode", "arrival_no"))
    text = _("%(code)s is no device of arrival %(no)s.")
    faults = [
        {
            "field": "split", "row": row, "device": part[end], "code": "unknown_code",
            "text": text % {"code": part[end], "no": part["arrival"].number},
        }
        for row, part in enumerate(parts, start=1)
        for end in ("first_code", "last_code")
        if part.get(end) and known.get(part[end]) != part["arrival"].number
    ]  # fmt: skip
    if faults:
        raise BadInput(" ".join(str(fault["text"]) for fault in faults), faults)


def lot_devices(inspection: InspectionLot) -> QuerySet[Device]:
    """Devices that belong to an inspection by its parts and await acceptance."""
    return _devices_of(
        [
            (part.arrival.number, part.first_code, part.last_code)
            for part in inspection.parts.select_related("arrival")
        ]
    )


def _devices_of(parts: Iterable[tuple[str, str, str]]) -> QuerySet[Device]:
    wanted = Q(pk__in=[])
    for number, first, last in parts:
        one = Q(arrival_no=number)
        if first:
            one &= Q(barcode__gte=first)
        if last:
            one &= Q(barcode__lte=last)
        wanted |= one
    return Device.objects.filter(wanted, state=DeviceState.AWAITING_ACCEPTANCE)


def split_count(parts: Sequence[Mapping[str, Any]]) -> int:
    """How many devices a part of a split would hold."""
    ends = [
        (p["arrival"].number, p.get("first_code") or "", p.get("last_code") or "") for p in parts
    ]
    return _devices_of(ends).count()


def lot_free(lot: Lot) -> dict[str, dict[str, Any]]:
    """By arrival the devices that no inspection has yet: how many, first and last bar code."""
    taken = InspectionPart.objects.filter(inspection__lot=lot).exclude(
        inspection__state=InspectionState.VOID
    )
    inspected = _devices_of(
        (part.arrival.number, part.first_code, part.last_code)
        for part in taken.select_related("arrival")
    )
    rows = (
        Device.objects.filter(lot=lot, state=DeviceState.AWAITING_ACCEPTANCE)
        .exclude(pk__in=inspected.values("pk"))
        .order_by()
        .values("arrival_no")
        .annotate(count=Count("pk"), first=Min("barcode"), last=Max("barcode"))
    )
    return {row["arrival_no"]: row for row in rows}


def inspection_void(*, inspection: InspectionLot, reason: str, actor: Actor) -> InspectionLot:
    """Withdraw an inspection before its draw; its devices can be stated anew."""
    if not reason.strip():
        raise BadInput(_("Say why the inspection is withdrawn."))
    actor = require(actor, "supply.inspect", inspection.unit_id)
    with write_batch(actor=actor, action="inspection.void", reason=reason):
        found = locked_inspection(inspection)
        before = (InspectionState.STATED, InspectionState.PUBLISHED)
        refuse(guard_state(found.state, before, found.number))
        found.state = InspectionState.VOID
        found.save(update_fields=["state"])
    return found
