"""Reads of stock and movements; why a device may not leave."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import METERS
from dianheng.assets.models import Device, Place
from dianheng.common.errors import NotFound
from dianheng.common.lists import SqlRows
from dianheng.identity.selectors import setting
from dianheng.metrology.periods import add_months
from dianheng.metrology.rule_sets import rule_set
from dianheng.seals.selectors import faults_unsealed

from .models import Movement, MovementLine, StockLock
from .rules import Leaving, guard_leaving

# A verified device in stock that the rule locks: too long in stock, or out of date. The day
# counted from is the later one of verification and stocking; the last day is the one before.
LOCKED = """
    state in ('qualified', 'preallocated') and (
        (valid_through is not null and valid_through < %(today)s)
        or (kind in ('single_phase_meter', 'three_phase_meter')
            and greatest(verified_on, stocked_on) is not null
            and (greatest(verified_on, stocked_on) + make_interval(months => %(months)s))::date <= %(today)s))
"""


def recheck_months() -> int:
    """Months in stock after which a meter is verified again before it is issued."""
    edition = setting("warehouse.recheck_edition")
    figure = rule_set("DL/T 448", edition).figure(f"periods/stock recheck, {edition} edition")
    return int(figure.value)


def movement_by_number(number: str) -> Movement:
    """The movement, or NotFound in words."""
    try:
        return Movement.objects.select_related(
            "unit",
            "to_unit",
            "from_place",
            "to_place",
            "to_person",
            "handed_by",
            "handed_for",
            "received_by",
            "closed_by",
            "answerable",
        ).get(number=number)
    except Movement.DoesNotExist:
        raise NotFound(_("There is no movement %(no)s.") % {"no": number}, number=number) from None


def movements_seen(
    view_paths: Sequence[str], receive_paths: Sequence[str] = (), person_id: int | None = None
) -> QuerySet[Movement]:
    """Movements that left or come to units that one may see, come to where one may receive, or
    were issued to the person.
    """
    seen = Q(to_person_id=person_id) if person_id else Q(pk__in=[])
    for path in view_paths:
        seen |= Q(unit__path__startswith=path)
    for path in {*view_paths, *receive_paths}:
        seen |= Q(to_unit__path__startswith=path)
    return Movement.objects.filter(seen).select_related(
        "unit", "to_unit", "to_place", "to_person", "handed_by", "answerable"
    )


def refused_of(unit_ids: Sequence[int] | QuerySet[Any]) -> QuerySet[Movement]:
    """Hand-overs of these units that the other side refused: to be taken back."""
    return (
        Movement.objects.filter(state="refused", unit_id__in=unit_ids)
        .select_related("to_unit", "to_person")
        .order_by("handed_at")
    )


def open_for(person_id: int, unit_ids: Sequence[int] | QuerySet[Any]) -> QuerySet[Movement]:
    """Hand-overs that wait for this person, or for a store of these units, to receive them."""
    return (
        Movement.objects.filter(state__in=["open", "partly"])
        .filter(Q(to_person_id=person_id) | Q(to_person__isnull=True, to_unit_id__in=unit_ids))
        .exclude(handed_by_id=person_id)
        .select_related("unit", "handed_by")
        .order_by("handed_at")
    )


def leaving_faults(device_ids: Sequence[int]) -> dict[int, str]:
    """Why devices may not leave, by device, in the user's words; those that may are absent."""
    ids = list(device_ids)
    today, months = timezone.localdate(), recheck_months()
    found: dict[int, str] = {}
    rows = list(
        Device.objects.filter(pk__in=ids).values_list(
            "pk", "barcode", "state", "kind", "valid_through", "verified_on", "stocked_on",
            "meter__key_state", "model_id", "unit_id",
        )
    )  # fmt: skip
    ready: dict[tuple[int, int], int] = {}
    for pk, barcode, state, kind, through, verified, stocked, keys, model_id, unit_id in rows:
        is_meter = kind in METERS
        since = max((day for day in (verified, stocked) if day), default=None)
        after = add_months(since, months) - timedelta(days=1) if is_meter and since else None
        device = Leaving(barcode, state, is_meter, through, after, keys or "")
        if guard_leaving(device, today) is None:
            continue
        if (model_id, unit_id) not in ready:
            ready[model_id, unit_id] = _ready(model_id, unit_id)
        refusal = guard_leaving(
            Leaving(barcode, state, is_meter, through, after, keys or "", ready[model_id, unit_id]),
            today,
        )
        assert refusal is not None
        found[pk] = str(refusal.text % refusal.facts)
    leaving = {row[0]: row[-1] for row in rows if row[0] not in found}
    for fault in faults_unsealed(list(leaving), unit_ids=set(leaving.values())):
        found[fault["device_id"]] = str(fault["text"])
    return found


def _ready(model_id: int, unit_id: int) -> int:
    """Qualified devices of a model in the stores of a unit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(s.amount), 0) from assets_stock s join assets_place p on p.id = s.place_id"
            " where s.model_id = %s and s.state = 'qualified' and p.unit_id = %s",
            [model_id, unit_id],
        )
        return int(cursor.fetchone()[0])


def guard_outward(device_ids: Sequence[int], call: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Transition guard of ISSUE and of what is sent to another store."""
    if call.get("purpose") == "for_test":
        return []
    faults = leaving_faults(device_ids)
    codes = dict(Device.objects.filter(pk__in=list(faults)).values_list("pk", "barcode"))
    return [
        {
            "device_id": pk,
            "barcode": codes[pk],
            "device": codes[pk],
            "code": "may_not_leave",
            "text": text,
        }
        for pk, text in faults.items()
    ]


# Places whose devices are not in stock: with customers, with makers, gone.
OUTSIDE = ("usage_point", "supplier", "scrap_yard")


def stock_rows(paths: Sequence[str], place: Place | None = None) -> list[dict[str, Any]]:
    """Devices per model and state in a place and all in it, or in all places of some units."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select m.id, m.code, m.name, f.short_name, s.state, sum(s.amount)
              from assets_stock s
              join assets_place p on p.id = s.place_id
              join identity_unit u on u.id = p.unit_id
              join assets_devicemodel m on m.id = s.model_id
              join assets_manufacturer f on f.id = m.manufacturer_id
             where exists (select from unnest(%(paths)s::text[]) root where starts_with(u.path, root))
               and starts_with(p.path, %(place)s) and p.kind <> all(%(outside)s)
             group by m.id, m.code, m.name, f.short_name, s.state having sum(s.amount) <> 0
             order by m.code, s.state
            """,
            {"paths": list(paths), "place": place.path if place else "/", "outside": list(OUTSIDE)},
        )
        return [
            {"model_id": a, "model": b, "name": c, "maker": d, "state": e, "total": int(f)}
            for a, b, c, d, e, f in cursor.fetchall()
        ]


def stock_places(paths: Sequence[str], parent: Place | None = None) -> list[dict[str, Any]]:
    """The places directly in one (or the topmost of some units) with their totals.

    At the top, people and ways without devices are left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with inside as (
                select p.id, sum(s.amount) total, sum(s.amount) filter (where s.state = 'qualified') qualified
                  from assets_place p
                  join assets_place i on starts_with(i.path, p.path)
                  join assets_stock s on s.place_id = i.id
                 where p.parent_id is not distinct from %(parent)s and i.kind <> all(%(outside)s)
                 group by p.id)
            select p.code, p.name, p.kind, p.level, p.capacity, u.name,
                   coalesce(i.total, 0), coalesce(i.qualified, 0)
              from assets_place p join identity_unit u on u.id = p.unit_id left join inside i on i.id = p.id
             where p.is_active and p.parent_id is not distinct from %(parent)s and p.kind <> all(%(outside)s)
               and (p.kind not in ('person', 'transit', 'vehicle') or coalesce(i.total, 0) <> 0)
               and exists (select from unnest(%(paths)s::text[]) root where starts_with(u.path, root))
             order by p.level nulls last, p.kind desc, p.code limit 500
            """,
            {
                "parent": parent.pk if parent else None,
                "paths": list(paths),
                "outside": list(OUTSIDE),
            },
        )
        names = ("code", "name", "kind", "level", "capacity", "unit", "total", "qualified")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def stock_lines(paths: Sequence[str]) -> SqlRows:
    """One line for each place, model and state with its number of devices."""
    return SqlRows(
        """
        select p.code || ' ' || m.id || ' ' || s.state as id, p.code as place_code, p.name as place, p.path as place_path, p.kind,
               u.name as unit, u.code as unit_code, m.id as model_id, m.code as model, m.name as model_name,
               f.short_name as maker, s.state, sum(s.amount)::bigint as amount
          from assets_stock s
          join assets_place p on p.id = s.place_id
          join identity_unit u on u.id = p.unit_id
          join assets_devicemodel m on m.id = s.model_id
          join assets_manufacturer f on f.id = m.manufacturer_id
         where exists (select from unnest(%(paths)s::text[]) root where starts_with(u.path, root))
           and p.kind <> all(%(outside)s)
         group by p.id, u.id, m.id, f.id, s.state having sum(s.amount) <> 0
        """,
        {"paths": list(paths), "outside": list(OUTSIDE)},
    )


def stock_figures(
    paths: Sequence[str], place: Place | None = None, model: str = "", state: str = ""
) -> list[dict[str, Any]]:
    """The lines of `stock_lines` as plain figures, for machines."""
    rows = stock_lines(paths)
    with connection.cursor() as cursor:
        cursor.execute(
            f"select place_code, kind, unit_code, model, maker, state, amount from ({rows.sql}) r"  # noqa: S608
            " where starts_with(place_path, %(under)s) and (%(model)s = '' or model = %(model)s)"
            " and (%(state)s = '' or state = %(state)s) order by place_code, model, state",
            {**rows.params, "under": place.path if place else "/", "model": model, "state": state},
        )
        names = ("place", "kind", "unit", "model", "maker", "state", "amount")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def locked_devices() -> QuerySet[Device]:
    """待复检: devices in stock that the rule locked and that were not taken into verification yet."""
    lock = StockLock.objects.filter(device=OuterRef("pk"), locked_at=OuterRef("state_at"))
    return (
        Device.objects.filter(
            state="awaiting_verification", pk__in=StockLock.objects.values("device")
        )
        .annotate(
            why=Subquery(lock.values("why")[:1]), since_on=Subquery(lock.values("since_on")[:1])
        )
        .filter(why__isnull=False)
        .select_related("model", "place")
    )


def short_lines(movement: Movement) -> QuerySet[MovementLine]:
    """What has not come."""
    return movement.lines.filter(state__in=["underway", "missing"]).select_related(
        "device__model", "device__place", "device__unit"
    )


def stock_differences() -> list[tuple[int, int, str, int, int]]:
    """Where the projection is not what the register says: place, model, state, counted, kept."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with counted as (select place_id, model_id, state, count(*) n from assets_device group by 1, 2, 3),
                 kept as (select place_id, model_id, state, sum(amount) n from assets_stock group by 1, 2, 3
                          having sum(amount) <> 0)
            select coalesce(c.place_id, k.place_id), coalesce(c.model_id, k.model_id),
                   coalesce(c.state, k.state), coalesce(c.n, 0), coalesce(k.n, 0)
              from counted c full join kept k using (place_id, model_id, state)
             where c.n is distinct from k.n limit 1000
            """
        )
        return list(cursor.fetchall())
