"""Movements as sets, begun or done: all of it or nothing, every fault listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import PlaceKind, Verb
from dianheng.assets.models import Device, Place
from dianheng.assets.services import boxes_move, devices_transition, transit_place
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.documents.services import numbers_take
from dianheng.identity.models import Person
from dianheng.identity.services import (
    idempotent,
    remember,
    require,
    write_batch,
)

from ..choices import TWO_SIDED, LineState, MovementState, Purpose
from ..models import Movement

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


@dataclass(frozen=True)
class Goods:
    """What moves: devices, opened out of their boxes, and the boxes that travel with them."""

    device_ids: list[int]
    loose_ids: list[int]  # scanned by themselves: they leave the box that they are in
    box_ids: list[int]
    place_ids: list[int]  # where it all stands now
    unit_ids: list[int]  # whose places these are


def goods(device_ids: Sequence[int], box_ids: Sequence[int] = ()) -> Goods:
    """Open boxes: a box means its devices, those in boxes inside it too.

    Raises:
        BadInput: there is nothing to move.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select b.id, b.parent_id, b.unit_id from assets_place b
             where b.id = any(%(boxes)s) and not exists (select from assets_place o
                    where o.id = any(%(boxes)s) and o.id <> b.id and starts_with(b.path, o.path))
            """,
            {"boxes": list(box_ids)},
        )
        boxes = cursor.fetchall()
        outer = [row[0] for row in boxes]
        boxed: set[int] = set()
        if outer:
            cursor.execute(
                "select d.id from assets_device d where d.place_id in (select p.id from assets_place p"
                " join assets_place b on starts_with(p.path, b.path) where b.id = any(%s))",
                [outer],
            )
            boxed = {row[0] for row in cursor.fetchall()}
        loose = sorted(set(device_ids) - boxed)
        if not loose and not outer:
            raise BadInput(_("Scan devices first."))
        cursor.execute(
            "select p.id, p.unit_id from assets_place p where p.id in"
            " (select place_id from assets_device where id = any(%s))",
            [loose],
        )
        places = cursor.fetchall()
    return Goods(
        sorted(boxed.union(loose)),
        loose,
        outer,
        sorted({row[0] for row in places} | {row[1] for row in boxes}),
        sorted({row[1] for row in places} | {row[2] for row in boxes}),
    )


def _open(
    *,
    purpose: str,
    moved: Goods,
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
    count = len(moved.device_ids)
    movement = Movement.objects.create(
        number=number, purpose=purpose, state=state, unit_id=unit_id, to_unit_id=to_unit_id,
        from_place_id=moved.place_ids[0] if len(moved.place_ids) == 1 else None,
        to_place=to_place, to_person=to_person, via=via, count=count,
        received_count=count if is_done else 0, basis=basis,
        handed_by_id=actor.person_id, handed_for_id=actor.acting_for_id, handed_at=now,
        received_by_id=actor.person_id if is_done else None, received_at=now if is_done else None,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into warehouse_movementline (movement_id, device_id, from_place_id, state, note)"
            " select %s, id, place_id, %s, '' from assets_device where id = any(%s) order by id",
            [movement.pk, line_state, moved.device_ids],
        )
        if moved.box_ids:
            cursor.execute(
                """
                insert into warehouse_movementbox (movement_id, box_id, from_parent_id, count, state)
                select %s, b.id, b.parent_id, (select count(*) from assets_device d
                    join assets_place p on p.id = d.place_id where starts_with(p.path, b.path)), %s
                  from assets_place b where b.id = any(%s) order by b.code
                """,
                [movement.pk, line_state, moved.box_ids],
            )
    return movement


def _refuse_on_the_way(moved: Goods) -> None:
    """What is on the way with a hand-over moves by that hand-over only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from assets_place p join assets_place t on starts_with(p.path, t.path)"
            " where p.id = any(%s) and t.kind = 'transit')",
            [moved.place_ids],
        )
        if not cursor.fetchone()[0]:
            return
        cursor.execute(
            "select d.barcode, m.number from warehouse_movementline l"
            " join warehouse_movement m on m.id = l.movement_id join assets_device d on d.id = l.device_id"
            " where l.device_id = any(%s) and l.state = 'underway' order by d.barcode limit 1000",
            [moved.device_ids],
        )
        text = _("%(barcode)s is on the way with %(no)s: receive it or take it back there.")
        faults = [
            {"barcode": code, "code": "on_the_way", "text": text % {"barcode": code, "no": number}}
            for code, number in cursor.fetchall()
        ]
    if faults:
        raise Refused(
            Refusal(
                "on_the_way",
                _("%(n)s devices are on the way with a hand-over: nothing was changed.")
                % {"n": len(faults)},
                {"devices": len(faults)},
                faults,
            )
        )


def carry(moved: Goods, place: Place, actor: Actor, verb: str, **options: Any) -> None:
    """Let a verb happen to devices: boxes go to the place as they are, the others by themselves."""
    boxed = sorted(set(moved.device_ids) - set(moved.loose_ids))
    if moved.box_ids:
        boxes_move(box_ids=moved.box_ids, parent=place, actor=actor)
    if boxed:
        devices_transition(device_ids=boxed, verb=verb, actor=actor, **options)
    if moved.loose_ids:
        devices_transition(
            device_ids=moved.loose_ids, verb=verb, actor=actor, place_id=place.pk, **options
        )


def _require_all(actor: Actor, right: str, unit_ids: Sequence[int]) -> Actor:
    for unit_id in unit_ids:
        actor = require(actor, right, unit_id)
    return actor


def stock_take_in(
    *,
    device_ids: Sequence[int] = (),
    box_ids: Sequence[int] = (),
    place: Place,
    actor: Actor,
    basis: str = "",
    purpose: str = Purpose.STOCK_IN,
    request_key: str = "",
) -> Movement:
    """Put devices and boxes into a store, shelf or box of units that one keeps; one-sided.

    A box goes there as it is, with what is in it; a device goes by itself, out of the box that
    it was in. From one unit's store to another's it takes a hand-over (`stock_send`), unless
    the actor keeps both.
    """
    with transaction.atomic():
        if (earlier := idempotent(request_key, f"stock.{purpose}")) is not None:
            return Movement.objects.get(pk=earlier["movement"])
        moved = goods(device_ids, box_ids)
        _refuse_on_the_way(moved)
        actor = _require_all(actor, "warehouse.move", [place.unit_id, *moved.unit_ids])
        with write_batch(actor=actor, action=f"stock.{purpose}") as batch:
            _refuse_overfull(place, moved.device_ids)
            movement = _open(
                purpose=purpose, moved=moved, unit_id=place.unit_id, to_unit_id=place.unit_id,
                actor=actor, state=MovementState.DONE, line_state=LineState.RECEIVED, basis=basis,
                to_place=place,
            )  # fmt: skip
            carry(
                moved, place, actor, Verb.MOVE,
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
    device_ids: Sequence[int] = (),
    box_ids: Sequence[int] = (),
    purpose: str,
    actor: Actor,
    to_place: Place | None = None,
    to_person: Person | None = None,
    basis: str = "",
    request_key: str = "",
) -> Movement:
    """Hand devices and boxes over to another store or to a person; open until they receive.

    Raises:
        Refused: `devices`, each that may not leave with its reason and the way out.
    """
    if purpose not in TWO_SIDED:
        raise BadInput(_("There is no such purpose."))
    if (to_place is None) == (to_person is None):
        raise BadInput(_("Say to which store or to which person."))
    if to_person is not None and to_person.pk == actor.person_id:
        raise BadInput(_("Nobody issues devices to themselves."))
    if to_person is not None:
        to_unit_id = to_person.unit_id
    else:
        assert to_place is not None
        to_unit_id = to_place.unit_id
    with transaction.atomic():
        if (earlier := idempotent(request_key, f"stock.{purpose}")) is not None:
            return Movement.objects.get(pk=earlier["movement"])
        moved = goods(device_ids, box_ids)
        _refuse_on_the_way(moved)
        if len(moved.unit_ids) != 1:
            raise BadInput(_("A hand-over takes devices of one unit."))
        if not moved.device_ids:
            raise BadInput(_("The boxes are empty: there is nothing to hand over."))
        (unit_id,) = moved.unit_ids
        actor = _require_all(actor, "warehouse.hand_over", moved.unit_ids)
        with write_batch(actor=actor, action=f"stock.{purpose}"):
            via = transit_place(unit_id=unit_id, actor=actor)
            movement = _open(
                purpose=purpose, moved=moved, unit_id=unit_id, to_unit_id=to_unit_id,
                actor=actor, state=MovementState.OPEN, line_state=LineState.UNDERWAY, basis=basis,
                to_place=to_place, to_person=to_person, via=via,
            )  # fmt: skip
            carry(
                moved, via, actor, Verb.ISSUE if purpose == Purpose.ISSUE else Verb.SEND,
                document=f"movement:{movement.number}", facts={"purpose": str(purpose)},
            )  # fmt: skip
            remember(request_key, f"stock.{purpose}", {"movement": movement.pk})
    return movement


def _same_place(
    purpose: str, verb: str, device_ids: Sequence[int], box_ids: Sequence[int], actor: Actor,
    basis: str, request_key: str,
) -> Movement:  # fmt: skip
    with transaction.atomic():
        if (earlier := idempotent(request_key, f"stock.{purpose}")) is not None:
            return Movement.objects.get(pk=earlier["movement"])
        moved = goods(device_ids, box_ids)
        _refuse_on_the_way(moved)
        if not moved.device_ids:
            raise BadInput(_("The boxes are empty."))
        actor = _require_all(actor, "warehouse.move", moved.unit_ids)
        with write_batch(actor=actor, action=f"stock.{purpose}"):
            movement = _open(
                purpose=purpose, moved=moved, unit_id=moved.unit_ids[0], to_unit_id=moved.unit_ids[0],
                actor=actor, state=MovementState.DONE, line_state=LineState.RECEIVED, basis=basis,
            )  # fmt: skip
            devices_transition(
                device_ids=moved.device_ids, verb=verb, actor=actor,
                document=f"movement:{movement.number}",
            )  # fmt: skip
            remember(request_key, f"stock.{purpose}", {"movement": movement.pk})
    return movement


def stock_reserve(
    *,
    device_ids: Sequence[int] = (),
    box_ids: Sequence[int] = (),
    actor: Actor,
    basis: str,
    request_key: str = "",
) -> Movement:
    """Keep qualified devices for an order; they stay where they are."""
    if not basis.strip():
        raise BadInput(_("Say for which order the devices are reserved."))
    return _same_place(
        Purpose.RESERVE, Verb.RESERVE, device_ids, box_ids, actor, basis, request_key
    )


def stock_release(
    *,
    device_ids: Sequence[int] = (),
    box_ids: Sequence[int] = (),
    actor: Actor,
    basis: str = "",
    request_key: str = "",
) -> Movement:
    """Give reserved devices free again."""
    return _same_place(
        Purpose.RELEASE, Verb.RELEASE, device_ids, box_ids, actor, basis, request_key
    )


def stock_return(
    *,
    device_ids: Sequence[int] = (),
    box_ids: Sequence[int] = (),
    place: Place,
    actor: Actor,
    basis: str = "",
    request_key: str = "",
) -> Movement:
    """Take back into a store what a person brings unused; the keeper scans it."""
    with transaction.atomic():
        if (earlier := idempotent(request_key, f"stock.{Purpose.RETURN}")) is not None:
            return Movement.objects.get(pk=earlier["movement"])
        moved = goods(device_ids, box_ids)
        _refuse_on_the_way(moved)
        actor = _require_all(actor, "warehouse.move", [place.unit_id, *moved.unit_ids])
        with write_batch(actor=actor, action=f"stock.{Purpose.RETURN}"):
            _refuse_overfull(place, moved.device_ids)
            movement = _open(
                purpose=Purpose.RETURN, moved=moved, unit_id=place.unit_id, to_unit_id=place.unit_id,
                actor=actor, state=MovementState.DONE, line_state=LineState.RECEIVED, basis=basis,
                to_place=place,
            )  # fmt: skip
            carry(
                moved, place, actor, Verb.RETURN_UNUSED,
                document=f"movement:{movement.number}", unit_id=place.unit_id,
            )  # fmt: skip
            remember(request_key, f"stock.{Purpose.RETURN}", {"movement": movement.pk})
    return movement
