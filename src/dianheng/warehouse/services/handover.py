"""The other side of a hand-over: received, refused, taken back, closed with a difference."""

from collections.abc import Mapping, Sequence

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import Verb
from dianheng.assets.models import Device, Place
from dianheng.assets.services import boxes_move, devices_transition, person_place
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.identity.models import Person
from dianheng.identity.rules import Step
from dianheng.identity.services import (
    idempotent,
    remember,
    require,
    require_separation,
    write_batch,
)

from ..choices import AWAITED, DifferenceKind, LineState, MovementState, Purpose
from ..models import Movement, MovementDifference, MovementLine
from ..rules import guard_answerable
from .movement import Goods, carry, goods


def _locked(movement: Movement) -> Movement:
    return Movement.objects.select_for_update().get(pk=movement.pk)


def _refuse_over(movement: Movement, allowed: Sequence[str] = AWAITED) -> None:
    if movement.state not in allowed:
        raise Refused(
            Refusal(
                "movement_over",
                _("%(no)s is not open any more: %(state)s.")
                % {"no": movement.number, "state": MovementState(movement.state).label},
                {"number": movement.number},
            )
        )


def _receiver(movement: Movement, actor: Actor) -> Actor:
    """Who may receive: not who handed over; a person what was issued to them."""
    actor = require(actor, "warehouse.receive", movement.to_unit_id)
    if movement.to_person_id not in (None, actor.person_id):
        raise Refused(
            Refusal(
                "not_receiver",
                _("%(no)s was issued to somebody else.") % {"no": movement.number},
                {"number": movement.number},
            )
        )
    require_separation(
        f"handover:{movement.number}", "receive", actor,
        [Step("handle", movement.handed_by_id, movement.handed_for_id)],
    )  # fmt: skip
    return actor


def _note(movement: Movement, text: str) -> None:
    movement.note = f"{movement.note}\n{text}".strip()


def _received(movement: Movement, device_ids: Sequence[int], box_ids: Sequence[int]) -> Goods:
    """What was scanned, boxes opened; refused when anything of it is not on its way."""
    on_its_way = movement.boxes.filter(state=LineState.UNDERWAY)
    travels = tuple(on_its_way.values_list("box__path", flat=True))
    boxes = Place.objects.filter(pk__in=list(box_ids))
    foreign = [box.code for box in boxes if not box.path.startswith(travels)]
    moved = goods(device_ids, box_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "select barcode from assets_device where id = any(%s) and id not in (select device_id"
            " from warehouse_movementline where movement_id = %s and state = 'underway')",
            [moved.device_ids, movement.pk],
        )
        foreign += [row[0] for row in cursor.fetchall()]
    if foreign:
        text = _("is not on its way with this hand-over")
        raise Refused(
            Refusal(
                "foreign",
                _("%(n)s devices or boxes do not belong to %(no)s: nothing was received.")
                % {"n": len(foreign), "no": movement.number},
                {"number": movement.number},
                [{"device": code, "code": "foreign", "text": text} for code in sorted(foreign)],
            )
        )
    return moved


def _refuse_unseen(spoiled: Mapping[int, str], moved: Goods) -> None:
    """What is told to be damaged is among what has come."""
    if unseen := set(spoiled).difference(moved.device_ids):
        codes = Device.objects.filter(pk__in=unseen).order_by("barcode")
        text = _("is told to be damaged, but was not received")
        raise BadInput(
            _("%(n)s damaged devices were not received: scan them too.") % {"n": len(unseen)},
            [
                {"device": code, "code": "not_received", "text": text}
                for code in codes.values_list("barcode", flat=True)
            ],
        )


def _keep_differences(movement: Movement, codes: Sequence[str], actor: Actor) -> None:
    """Write down what came and does not stand on the hand-over."""
    if not codes:
        return
    known = {
        barcode: (key, unit_id)
        for key, barcode, unit_id in Device.objects.filter(barcode__in=codes)
        .values_list("pk", "barcode", "place__unit_id")
    }  # fmt: skip
    MovementDifference.objects.bulk_create(
        (
            MovementDifference(
                movement=movement, code=code[:100], device_id=known.get(code, (None, None))[0],
                kind=DifferenceKind.UNKNOWN if code not in known
                else DifferenceKind.OVER if known[code][1] == movement.unit_id
                else DifferenceKind.FOREIGN,
                seen_by_id=actor.person_id,
            )
            for code in dict.fromkeys(codes)
        ),
        ignore_conflicts=True,
    )  # fmt: skip


def handover_receive(
    *,
    movement: Movement,
    device_ids: Sequence[int] = (),
    box_ids: Sequence[int] = (),
    actor: Actor,
    damaged: Mapping[int, str] | None = None,
    extra: Sequence[str] = (),
    place: Place | None = None,
    note: str = "",
    request_key: str = "",
) -> Movement:
    """The other side receives what has come; what is missing keeps the hand-over open in part.

    Who handed over does not receive, unless excepted beforehand. A person receives what was
    issued to them; a store's keeper what was sent to the store.

    Args:
        device_ids: what was scanned on arrival, damaged ones too.
        box_ids: boxes that were scanned: each means its devices and is put away with them.
        damaged: what is wrong, by device.
        extra: codes that were scanned too and are not on this hand-over; written down as over,
            foreign or unknown, they move nothing.
        place: where it is put; absent, the place or person that it was sent to.
    """
    spoiled = dict(damaged or {})
    with transaction.atomic():
        if (earlier := idempotent(request_key, "handover.receive")) is not None:
            return Movement.objects.get(pk=earlier["movement"])
        row = _locked(movement)
        actor = _receiver(row, actor)
        with write_batch(actor=actor, action="handover.receive", reason=note) as batch:
            _refuse_over(row)
            moved = _received(row, device_ids, box_ids)
            _refuse_unseen(spoiled, moved)
            if row.to_person_id:
                target = person_place(person=Person.objects.get(pk=row.to_person_id), actor=actor)
            else:
                target = place or row.to_place
                assert target is not None
                if place is not None and place.unit_id != row.to_unit_id:
                    require(actor, "warehouse.receive", place.unit_id)
            carry(
                moved, target, actor, Verb.RECEIVE, unit_id=target.unit_id, document=f"movement:{row.number}",
                facts_by_device={key: {"damaged": text} for key, text in spoiled.items()},
            )  # fmt: skip
            with connection.cursor() as cursor:
                cursor.execute(
                    "update warehouse_movementline set state = 'received' where movement_id = %s"
                    " and device_id = any(%s) and state = 'underway'",
                    [row.pk, moved.device_ids],
                )
            for key, text in spoiled.items():
                MovementLine.objects.filter(movement=row, device_id=key).update(
                    state=LineState.DAMAGED, note=text
                )
            _keep_differences(row, extra, actor)
            row.received_count += len(moved.device_ids)
            row.state = (
                MovementState.DONE if row.received_count == row.count else MovementState.PARTLY
            )
            arrived = row.boxes.filter(state=LineState.UNDERWAY)
            if row.state == MovementState.DONE:  # boxes that were emptied one by one came along
                left = list(
                    arrived.exclude(box__in=moved.box_ids)
                    .filter(box__parent_id=row.via_id)
                    .values_list("box_id", flat=True)
                )
                boxes_move(box_ids=left, parent=target, actor=actor)
                arrived.update(state=LineState.RECEIVED)
            else:
                arrived.filter(box__in=moved.box_ids).update(state=LineState.RECEIVED)
            row.received_by_id, row.received_at = actor.person_id, batch.at
            _note(row, note)
            row.save()
            remember(request_key, "handover.receive", {"movement": row.pk})
    return row


def handover_refuse(
    *, movement: Movement, reason: str, actor: Actor, request_key: str = ""
) -> Movement:
    """The other side does not take it: all of it goes back to where it came from.

    Only before anything of it was received. It stays on the way until the side that handed
    over has taken it back.
    """
    if not reason.strip():
        raise BadInput(_("Say why it is refused."))
    with transaction.atomic():
        if (earlier := idempotent(request_key, "handover.refuse")) is not None:
            return Movement.objects.get(pk=earlier["movement"])
        row = _locked(movement)
        actor = _receiver(row, actor)
        with write_batch(actor=actor, action="handover.refuse", reason=reason):
            _refuse_over(row, [MovementState.OPEN])
            row.state = MovementState.REFUSED
            _note(row, reason)
            row.save()
            remember(request_key, "handover.refuse", {"movement": row.pk})
    return row


def handover_take_back(
    *, movement: Movement, reason: str, actor: Actor, request_key: str = ""
) -> Movement:
    """The side that handed over takes back what has not been received."""
    if not reason.strip():
        raise BadInput(_("Say why it is taken back."))
    with transaction.atomic():
        if (earlier := idempotent(request_key, "handover.take_back")) is not None:
            return Movement.objects.get(pk=earlier["movement"])
        row = _locked(movement)
        actor = require(actor, "warehouse.hand_over", row.unit_id)
        with write_batch(actor=actor, action="handover.take_back", reason=reason):
            _refuse_over(row, [*AWAITED, MovementState.REFUSED])
            boxes = row.boxes.filter(state=LineState.UNDERWAY).select_related("from_parent")
            in_boxes: set[int] = set()
            for box in boxes:
                inside = goods((), [box.box_id])
                in_boxes.update(inside.device_ids)
                assert box.from_parent is not None
                boxes_move(box_ids=[box.box_id], parent=box.from_parent, actor=actor)
            # A box keeps what is in it; the rest goes back to where each device was taken from.
            by_place: dict[int, list[int]] = {}
            for key, place_id in row.lines.filter(state=LineState.UNDERWAY).values_list(
                "device_id", "from_place_id"
            ):
                by_place.setdefault(0 if key in in_boxes else place_id or 0, []).append(key)
            for place_id, keys in sorted(by_place.items()):
                devices_transition(
                    device_ids=keys,
                    verb=Verb.RETURN_UNUSED if row.purpose == Purpose.ISSUE else Verb.RECEIVE,
                    actor=actor, place_id=place_id or None, reason=reason,
                    document=f"movement:{row.number}",
                )  # fmt: skip
            boxes.update(state=LineState.BACK)
            row.lines.filter(state=LineState.UNDERWAY).update(state=LineState.BACK)
            row.state = MovementState.TAKEN_BACK
            _note(row, reason)
            row.save()
            remember(request_key, "handover.take_back", {"movement": row.pk})
    return row


def handover_close(
    *, movement: Movement, reason: str, answerable: Person, actor: Actor, request_key: str = ""
) -> Movement:
    """Close a hand-over of which a part never came: who answers for it, and why.

    What is missing is reported lost; whatever turns up again is found and verified anew. Who
    answers for a difference does not close it.
    """
    if not reason.strip():
        raise BadInput(_("Say what became of the missing devices, and how it is known."))
    with transaction.atomic():
        if (earlier := idempotent(request_key, "handover.close")) is not None:
            return Movement.objects.get(pk=earlier["movement"])
        row = _locked(movement)
        refuse(guard_answerable(actor, answerable.pk, answerable.name))
        actor = _receiver(row, actor)
        with write_batch(actor=actor, action="handover.close", reason=reason) as batch:
            _refuse_over(row)
            missing = list(
                row.lines.filter(state=LineState.UNDERWAY).values_list("device_id", flat=True)
            )
            devices_transition(
                device_ids=missing, verb=Verb.LOSE, actor=actor, reason=reason,
                document=f"movement:{row.number}", facts={"answerable": answerable.person_no},
            )  # fmt: skip
            row.lines.filter(state=LineState.UNDERWAY).update(state=LineState.MISSING)
            row.boxes.filter(state=LineState.UNDERWAY).update(state=LineState.MISSING)
            row.state = MovementState.CLOSED
            row.closed_by_id, row.closed_at = actor.person_id, batch.at
            row.answerable, row.difference_reason = answerable, reason
            row.save()
            remember(request_key, "handover.close", {"movement": row.pk})
    return row
