"""Writes of places: the tree of stores, shelves, boxes."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.common.pinyin import sort_key
from dianheng.identity.models import Person, Unit
from dianheng.identity.services import require, write_batch

from ..choices import PlaceKind
from ..models import Place


def place_make(
    *,
    code: str,
    name: str,
    kind: str,
    unit_id: int,
    actor: Actor,
    parent: Place | None = None,
    level: int | None = None,
    capacity: int | None = None,
) -> Place:
    """Add a place to the tree."""
    if not code.strip() or not name.strip():
        raise BadInput(_("A place needs a code and a name."))
    if Place.objects.filter(code=code).exists():
        raise BadInput(_("Place %(code)s exists already.") % {"code": code})
    actor = require(actor, "assets.master", unit_id)
    with write_batch(actor=actor, action="place.make"):
        return place_insert(
            code=code, name=name, kind=kind, unit_id=unit_id, parent=parent, level=level,
            capacity=capacity,
        )  # fmt: skip


def place_insert(parent: Place | None = None, **columns: Any) -> Place:
    """Write a place; the calling service has asked for the rights and opened the batch."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('assets_place_id_seq')")
        key = cursor.fetchone()[0]
    place = Place(
        pk=key, parent=parent, path=f"{parent.path if parent else '/'}{key}/",
        sort_key=sort_key(columns["name"]), **columns,
    )  # fmt: skip
    place.save(force_insert=True)
    return place


def person_place(*, person: Person, actor: Actor) -> Place:
    """Where devices are that a person carries; made when needed first."""
    with write_batch(actor=actor, action="place.person"):
        place = Place.objects.filter(person=person, kind=PlaceKind.PERSON).first()
        return place or place_insert(
            code=f"P-{person.person_no}", name=person.name, kind=PlaceKind.PERSON,
            unit_id=person.unit_id, person=person,
        )  # fmt: skip


def transit_place(*, unit_id: int, actor: Actor) -> Place:
    """Where devices are that a unit handed over and nobody received yet; made when needed first."""
    with write_batch(actor=actor, action="place.transit"):
        place = Place.objects.filter(unit_id=unit_id, kind=PlaceKind.TRANSIT).first()
        if place is None:
            unit = Unit.objects.get(pk=unit_id)
            place = place_insert(
                code=f"T-{unit.code}",
                name=f"{unit.name}在途",
                kind=PlaceKind.TRANSIT,
                unit_id=unit_id,
            )
        return place


def place_update(
    *, place: Place, name: str, capacity: int | None, is_active: bool, actor: Actor
) -> Place:
    """Change a place's name, capacity, or close it; a place that holds devices stays open."""
    actor = require(actor, "assets.master", place.unit_id)
    if not is_active and place.devices.exists():
        raise Refused(
            Refusal(
                "place_holds_devices",
                _("%(name)s holds devices. Move them first.") % {"name": place.name},
            )
        )
    with write_batch(actor=actor, action="place.update"):
        place.name, place.sort_key = name, sort_key(name)
        place.capacity, place.is_active = capacity, is_active
        place.save(update_fields=["name", "sort_key", "capacity", "is_active"])
    return place


def boxes_move(*, box_ids: Sequence[int], parent: Place, actor: Actor) -> None:
    """Put boxes on a shelf, into another box or on the way; what is in them goes with them.

    The calling service has asked for the rights. A box that stands in another one of the set
    stays in it.
    """
    wanted = sorted(set(box_ids))
    with write_batch(actor=actor, action="box.move"), connection.cursor() as cursor:
        cursor.execute(
            "select code from assets_place where id = any(%s) and starts_with(%s, path)",
            [wanted, parent.path],
        )
        if (row := cursor.fetchone()) is not None:
            raise BadInput(_("Box %(code)s cannot stand in itself.") % {"code": row[0]})
        cursor.execute(
            """
            update assets_place p set
                path = %(new)s || b.id || '/' || substr(p.path, length(b.path) + 1),
                parent_id = case when p.id = b.id then %(parent)s else p.parent_id end,
                unit_id = %(unit)s
              from assets_place b
             where b.id = any(%(boxes)s) and starts_with(p.path, b.path)
               and not exists (select from assets_place o where o.id = any(%(boxes)s)
                                and o.id <> b.id and starts_with(b.path, o.path))
            """,
            {"new": parent.path, "parent": parent.pk, "unit": parent.unit_id, "boxes": wanted},
        )
