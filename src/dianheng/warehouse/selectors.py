"""Reads of stock and movements; why a device may not leave."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import METERS
from dianheng.assets.models import Device, Place
from dianheng.common.errors import NotFound
from dianheng.identity.selectors import setting
from dianheng.metrology.periods import add_months
from dianheng.metrology.rule_sets import rule_set
from dianheng.seals.selectors import faults_unsealed

from .models import Movement
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
        ).get(number=number)
    except Movement.DoesNotExist:
        raise NotFound(_("There is no movement %(no)s.") % {"no": number}, number=number) from None


def open_for(person_id: int, unit_ids: Sequence[int]) -> QuerySet[Movement]:
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
    for fault in faults_unsealed([pk for pk in ids if pk not in found]):
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
               and starts_with(p.path, %(place)s)
               and p.kind in ('store', 'shelf', 'box', 'laboratory', 'transit', 'person')
             group by m.id, m.code, m.name, f.short_name, s.state having sum(s.amount) <> 0
             order by m.code, s.state
            """,
            {"paths": list(paths), "place": place.path if place else "/"},
        )
        return [
            {"model_id": a, "model": b, "name": c, "maker": d, "state": e, "total": int(f)}
            for a, b, c, d, e, f in cursor.fetchall()
        ]


def stock_places(paths: Sequence[str], parent: Place | None = None) -> list[dict[str, Any]]:
    """The places directly in one (or the topmost of some units) with their totals."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select p.code, p.name, p.kind, p.level, p.capacity, u.name,
                   coalesce((select sum(s.amount) from assets_stock s join assets_place i on i.id = s.place_id
                              where starts_with(i.path, p.path)), 0),
                   coalesce((select sum(s.amount) from assets_stock s join assets_place i on i.id = s.place_id
                              where starts_with(i.path, p.path) and s.state = 'qualified'), 0)
              from assets_place p join identity_unit u on u.id = p.unit_id
             where p.is_active and p.parent_id is not distinct from %(parent)s
               and exists (select from unnest(%(paths)s::text[]) root where starts_with(u.path, root))
             order by p.level nulls last, p.code limit 500
            """,
            {"parent": parent.pk if parent else None, "paths": list(paths)},
        )
        names = ("code", "name", "kind", "level", "capacity", "unit", "total", "qualified")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


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
