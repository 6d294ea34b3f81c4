"""Movements, one-sided and two-sided, as sets: all of it or nothing, every fault listed."""

from collections.abc import Mapping, Sequence

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import PlaceKind, Verb
from dianheng.assets.models import Device, Place
from dianheng.assets.services import devices_transition, person_place, transit_place
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.documents.services import numbers_take
from dianheng.identity.models import Person
from dianheng.identity.rules import Step
from dianheng.identity.services import (
    idempotent,
    remember,
    require,
    require_separation,
    write_batch,
)

from ..choices import LineState, MovementState, Purpose
from ..models import Movement, MovementLine

SERIES = {
    Purpose.STOCK_IN: "stock_in_note",
    Purpose.RETURN: "stock_in_note",
    Purpose.MOVE: "stock_in_note",
    Purpose.ISSUE: "stock_out_note",
    Purpose.RESERVE: "stock_out_note",
    Purpose.RELEASE: "stock_out_note",
    Purpose.DISTRIBUTE: "handover_note",
    Purpose.FOR_TEST: "handover_note",
}


def _open(
    *,
    purpose: str,
    device_ids: Sequence[int],
    unit_id: int,
    to_unit_id: int,
    actor: Actor,
    state: str,
    line_state: str,
    basis: str,
    to_place: Place | None = None,
    to_person: Person | None = None,
    via: Place | None = None,
) -> Movement:
    now = timezone.now()
    (number,) = numbers_take(
        key=SERIES[Purpose(purpose)], unit_id=unit_id, year=timezone.localdate().year
    )
    is_done = state == MovementState.DONE
    movement = Movement.objects.create(
        number=number, purpose=purpose, state=state, unit_id=unit_id, to_unit_id=to_unit_id,
        to_place=to_place, to_person=to_person, via=via, count=len(device_ids),
        received_count=len(device_ids) if is_done else 0, basis=basis,
        handed_by_id=actor.person_id, handed_for_id=actor.acting_for_id, handed_at=now,
        received_by_id=actor.person_id if is_done else None, received_at=now if is_done else None,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into warehouse_movementline (movement_id, device_id, from_place_id, state, note)"
            " select %s, id, place_id, %s, '' from assets_device where id = any(%s) order by id",
            [movement.pk, line_state, list(device_ids)],
        )
        cursor.execute(
            "select place_id from assets_device where id = any(%s) group by place_id limit 2",
            [list(device_ids)],
        )
        places = [row[0] for row in cursor.fetchall()]
    if len(places) == 1:
        movement.from_place_id = places[0]
        movement.save(update_fields=["from_place"])
    return movement


def _units(device_ids: Sequence[int]) -> list[int]:
    """Units whose places the devices are in now."""
    rows = Place.objects.filter(devices__in=list(device_ids)).order_by("unit_id")
    return list(rows.values_list("unit_id", flat=True).distinct())


def _some(device_ids: Sequence[int]) -> list[int]:
    wanted = sorted(set(device_ids))
    if not wanted:
        raise BadInput(_("Scan devices first."))
    return wanted


def _require_all(actor: Actor, right: str, unit_ids: Sequence[int]) -> Actor:
    for unit_id in unit_ids:
        actor = require(actor, right, unit_id)
    return actor


def stock_take_in(
    *,
    device_ids: Sequence[int],
    place: Place,
    actor: Actor,
    basis: str = "",
    purpose: str = Purpose.STOCK_IN,
    request_key: str = "",
) -> Movement:
    """Put devices into a store, shelf or box of units that one keeps; one-sided.

    From one unit's store to another's it takes a hand-over (`stock_send`), unless the actor
    keeps both.
    """
    wanted = _some(device_ids)
    actor = _require_all(actor, "warehouse.move", [place.unit_id, *_units(wanted)])
    with write_batch(actor=actor, action=f"stock.{purpose}") as batch:
        if (earlier := idempotent(request_key, f"stock.{purpose}")) is not None:
            return Movement.objects.get(pk=earlier["movement"])
        _refuse_overfull(place, wanted)
        movement = _open(
            purpose=purpose, device_ids=wanted, unit_id=place.unit_id, to_unit_id=place.unit_id,
            actor=actor, state=MovementState.DONE, line_state=LineState.RECEIVED, basis=basis,
            to_place=place,
        )  # fmt: skip
        devices_transition(
            device_ids=wanted, verb=Verb.MOVE, actor=actor, place_id=place.pk,
            document=f"movement:{movement.number}", unit_id=place.unit_id,
            stocked_on=timezone.localtime(batch.at).date() if purpose == Purpose.STOCK_IN else None,
        )  # fmt: skip
        remember(request_key, f"stock.{purpose}", {"movement": movement.pk})
    return movement


def _refuse_overfull(place: Place, device_ids: Sequence[int]) -> None:
    if place.kind != PlaceKind.BOX or not place.capacity:
        return
    inside = (
        Device.objects.filter(place__path__startswith=place.path).exclude(pk__in=device_ids).count()
    )
    if inside + len(device_ids) > place.capacity:
        raise Refused(
            Refusal(
                "box_full",
                _("Box %(box)s holds %(capacity)s; %(inside)s are in it and %(more)s were scanned.")
                % {
                    "box": place.code,
                    "capacity": place.capacity,
                    "inside": inside,
                    "more": len(device_ids),
                },
                {"box": place.code},
            )
        )


def stock_send(
    *,
    device_ids: Sequence[int],
    purpose: str,
    actor: Actor,
    to_place: Place | None = None,
    to_person: Person | None = None,
    basis: str = "",
    request_key: str = "",
) -> Movement:
    """Hand devices over to another store or to a person; open until the other side receives.

    Raises:
        Refused: `devices`, each that may not leave with its reason and the way out.
    """
    wanted = _some(device_ids)
    if (to_place is None) == (to_person is None):
        raise BadInput(_("Say to which store or to which person."))
    if to_person is not None and to_person.pk == actor.person_id:
        raise BadInput(_("Nobody issues devices to themselves."))
    from_units = _units(wanted)
    if len(from_units) != 1:
        raise BadInput(_("A hand-over takes devices of one unit."))
    actor = _require_all(actor, "warehouse.hand_over", from_units)
    if to_person is not None:
        to_unit_id = to_person.unit_id
    else:
        assert to_place is not None
        to_unit_id = to_place.unit_id
    with write_batch(actor=actor, action=f"stock.{purpose}"):
        if (earlier := idempotent(request_key, f"stock.{purpose}")) is not None:
            return Movement.objects.get(pk=earlier["movement"])
        via = transit_place(unit_id=from_units[0], actor=actor)
        movement = _open(
            purpose=purpose, device_ids=wanted, unit_id=from_units[0], to_unit_id=to_unit_id,
            actor=actor, state=MovementState.OPEN, line_state=LineState.UNDERWAY, basis=basis,
            to_place=to_place, to_person=to_person, via=via,
        )  # fmt: skip
        devices_transition(
            device_ids=wanted, verb=Verb.ISSUE if purpose == Purpose.ISSUE else Verb.SEND, actor=actor,
            place_id=via.pk, document=f"movement:{movement.number}", facts={"purpose": str(purpose)},
        )  # fmt: skip
        remember(request_key, f"stock.{purpose}", {"movement": movement.pk})
    return movement


def _locked(movement: Movement) -> Movement:
    return Movement.objects.select_for_update().get(pk=movement.pk)


def _refuse_over(movement: Movement) -> None:
    if movement.state not in (MovementState.OPEN, MovementState.PARTLY):
        raise Refused(
            Refusal(
                "movement_over",
                _("%(no)s is not open any more: %(state)s.")
                % {"no": movement.number, "state": MovementState(movement.state).label},
                {"number": movement.number},
            )
        )


def handover_receive(
    *,
    movement: Movement,
    device_ids: Sequence[int],
    actor: Actor,
    damaged: Mapping[int, str] | None = None,
    place: Place | None = None,
    note: str = "",
    request_key: str = "",
) -> Movement:
    """The other side receives what has come; what is missing keeps the hand-over open in part.

    Who handed over does not receive, unless excepted beforehand. A person receives what was
    issued to them; a store's keeper what was sent to the store.

    Args:
        device_ids: what was scanned on arrival, damaged ones too.
        damaged: what is wrong, by device.
        place: where it is put; absent, the place or person that it was sent to.
    """
    wanted = _some(device_ids)
    spoiled = dict(damaged or {})
    with write_batch(actor=actor, action="handover.receive", reason=note) as batch:
        if (earlier := idempotent(request_key, "handover.receive")) is not None:
            return Movement.objects.get(pk=earlier["movement"])
        row = _locked(movement)
        actor = require(actor, "warehouse.receive", row.to_unit_id)
        _refuse_over(row)
        if row.to_person_id not in (None, actor.person_id):
            raise Refused(
                Refusal(
                    "not_receiver",
                    _("%(no)s was issued to somebody else.") % {"no": row.number},
                    {},
                )
            )
        require_separation(
            f"handover:{row.number}", "receive", actor,
            [Step("handle", row.handed_by_id, row.handed_for_id)],
        )  # fmt: skip
        underway = set(
            MovementLine.objects.filter(
                movement=row, state=LineState.UNDERWAY, device__in=wanted
            ).values_list("device_id", flat=True)
        )
        foreign = [key for key in wanted if key not in underway]
        if foreign:
            codes = Device.objects.filter(pk__in=foreign).values_list("barcode", flat=True)
            raise Refused(
                Refusal(
                    "foreign", _("%(n)s devices do not belong to %(no)s: nothing was received.")
                    % {"n": len(foreign), "no": row.number}, {"number": row.number},
                    [{"device": code, "code": "foreign", "text": _("is not on its way with this hand-over")} for code in codes],
                )
            )  # fmt: skip
        if row.to_person_id:
            target = person_place(person=Person.objects.get(pk=row.to_person_id), actor=actor)
        else:
            target = place or row.to_place
            assert target is not None
            if place is not None and place.unit_id != row.to_unit_id:
                require(actor, "warehouse.receive", place.unit_id)
        devices_transition(
            device_ids=wanted, verb=Verb.RECEIVE, actor=actor, place_id=target.pk, unit_id=target.unit_id,
            document=f"movement:{row.number}",
            facts_by_device={key: {"damaged": text} for key, text in spoiled.items()},
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(
                "update warehouse_movementline set state = 'received' where movement_id = %s"
                " and device_id = any(%s) and state = 'underway'",
                [row.pk, wanted],
            )
        for key, text in spoiled.items():
            MovementLine.objects.filter(movement=row, device_id=key).update(
                state=LineState.DAMAGED, note=text
            )
        row.received_count += len(wanted)
        row.state = MovementState.DONE if row.received_count == row.count else MovementState.PARTLY
        row.received_by_id, row.received_at = actor.person_id, batch.at
        row.note = f"{row.note}\n{note}".strip()
        row.save()
        remember(request_key, "handover.receive", {"movement": row.pk})
    return row


def handover_take_back(*, movement: Movement, reason: str, actor: Actor) -> Movement:
    """The side that handed over takes back what has not been received."""
    if not reason.strip():
        raise BadInput(_("Say why it is taken back."))
    with write_batch(actor=actor, action="handover.take_back", reason=reason):
        row = _locked(movement)
        actor = require(actor, "warehouse.hand_over", row.unit_id)
        _refuse_over(row)
        lines = list(MovementLine.objects.filter(movement=row, state=LineState.UNDERWAY))
        by_place: dict[int, list[int]] = {}
        for line in lines:
            by_place.setdefault(line.from_place_id or 0, []).append(line.device_id)
        for place_id, keys in sorted(by_place.items()):
            devices_transition(
                device_ids=keys,
                verb=Verb.RETURN_UNUSED if row.purpose == Purpose.ISSUE else Verb.RECEIVE,
                actor=actor, place_id=place_id or None, reason=reason,
                document=f"movement:{row.number}",
            )  # fmt: skip
        MovementLine.objects.filter(pk__in=[line.pk for line in lines]).update(state=LineState.BACK)
        row.state = MovementState.TAKEN_BACK
        row.note = f"{row.note}\n{reason}".strip()
        row.save()
    return row


def _same_place(
    purpose: str, verb: str, device_ids: Sequence[int], actor: Actor, basis: str, request_key: str,
    place: Place | None = None,
) -> Movement:  # fmt: skip
    wanted = _some(device_ids)
    units = _units(wanted)
    actor = _require_all(actor, "warehouse.move", [*units, *([place.unit_id] if place else [])])
    with write_batch(actor=actor, action=f"stock.{purpose}"):
        if (earlier := idempotent(request_key, f"stock.{purpose}")) is not None:
            return Movement.objects.get(pk=earlier["movement"])
        unit_id = place.unit_id if place else units[0]
        movement = _open(
            purpose=purpose, device_ids=wanted, unit_id=unit_id, to_unit_id=unit_id, actor=actor,
            state=MovementState.DONE, line_state=LineState.RECEIVED, basis=basis, to_place=place,
        )  # fmt: skip
        devices_transition(
            device_ids=wanted, verb=verb, actor=actor, place_id=place.pk if place else None,
            document=f"movement:{movement.number}", unit_id=place.unit_id if place else None,
        )  # fmt: skip
        remember(request_key, f"stock.{purpose}", {"movement": movement.pk})
    return movement


def stock_reserve(
    *, device_ids: Sequence[int], actor: Actor, basis: str, request_key: str = ""
) -> Movement:
    """Keep qualified devices for an order."""
    if not basis.strip():
        raise BadInput(_("Say for which order the devices are reserved."))
    return _same_place(Purpose.RESERVE, Verb.RESERVE, device_ids, actor, basis, request_key)


def stock_release(
    *, device_ids: Sequence[int], actor: Actor, basis: str = "", request_key: str = ""
) -> Movement:
    """Give reserved devices free again."""
    return _same_place(Purpose.RELEASE, Verb.RELEASE, device_ids, actor, basis, request_key)


def stock_return(
    *, device_ids: Sequence[int], place: Place, actor: Actor, basis: str = "", request_key: str = ""
) -> Movement:
    """Take back into a store what a person brings unused; the keeper scans it."""
    return _same_place(
        Purpose.RETURN, Verb.RETURN_UNUSED, device_ids, actor, basis, request_key, place
    )
