"""Which standards, benches and instruments a bad cause put in doubt, from when until when."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from dianheng.assets.choices import STANDARDS
from dianheng.assets.models import Device, DeviceEvent, Place

from ..choices import BY_STANDARDS, Cause
from ..models import Trace

EVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
# A standard, and from when until when its word is in doubt: the cause itself; then each of which a
# certificate was made by one that was in doubt that day, save while a later one counted, and so on.
# Withdrawing a doubtful certificate takes nothing back that was measured; one that was withdrawn
# ended the doubt only until then. Of standards of other bodies we know no days of their own: those
# below one are in doubt with it.
_DOUBTFUL = """
with recursive paper as (
    select p.id, p.device_id, p.higher_device_id, p.higher_outside_id,
           p.valid_from::timestamp at time zone %(zone)s as made,
           lower(span)::timestamp at time zone %(zone)s as since,
           upper(span)::timestamp at time zone %(zone)s as until
      from verification_standardcertificate p
     cross join unnest(
           datemultirange(daterange(p.valid_from, p.valid_through, '[]')) - coalesce((
               select range_agg(daterange(n.valid_from, n.withdrawn_on))
                 from verification_standardcertificate n
                where n.device_id = p.device_id and (n.valid_from, n.id) > (p.valid_from, p.id)
                  and (n.withdrawn_on is null or n.withdrawn_on > n.valid_from)), '{}')
           ) as span
     where p.higher_device_id is not null or p.higher_outside_id is not null
), outside(id) as (
    select %(outside)s::bigint
    union
    select o.id from standards_outsidestandard o join outside a on o.higher_id = a.id
), doubtful(thing, since, until, certificate) as (
    (select %(key)s::bigint, %(from_at)s::timestamptz, %(through_at)s::timestamptz, null::bigint
      where %(outside)s::bigint is null
     union all
     select c.device_id, c.since, c.until, c.id
       from paper c join outside a on a.id = c.higher_outside_id
      where c.made + interval '1 day' > %(from_at)s and c.made < %(through_at)s)
    union
    select c.device_id, c.since, c.until, c.id
      from doubtful d
      join paper c on c.higher_device_id = d.thing
       and c.made + interval '1 day' > d.since and c.made < d.until
)
"""


def asked(trace: Trace) -> dict[str, Any]:
    """What statements about a trace are asked with: its cause and period, whose records are looked
    through, and the things in doubt with their spans."""
    given = _given(trace)
    if trace.cause in BY_STANDARDS:
        stood = _doubtful(given)
        given |= _columns(stood)
        # Who was certified with it may have gone on after it was found bad.
        given["from_at"] = min((since for _thing, since, _until in stood), default=trace.from_at)
        given["through_at"] = max((until for *_rest, until in stood), default=trace.through_at)
    elif trace.cause == Cause.ROOM:
        given |= stays_in(Place.objects.filter(pk=trace.cause_key))
    return given


def _given(trace: Trace) -> dict[str, Any]:
    # A standard may have worked for other laboratories before it came here, a person too.
    is_anywhere = trace.cause in (*BY_STANDARDS, Cause.PERSON)
    return {
        "key": trace.cause_key,
        "outside": trace.cause_key if trace.cause == Cause.OUTSIDE else None,
        "from_at": trace.from_at,
        "through_at": trace.through_at,
        "zone": settings.TIME_ZONE,
        "path": "/" if is_anywhere else trace.unit.path,
    }


def _columns(stood: Sequence[tuple[int, datetime, datetime]]) -> dict[str, list[Any]]:
    """Things and their spans, as statements take them."""
    columns = zip(*stood, strict=True) if stood else ((), (), ())
    return dict(zip(("things", "since", "until"), map(list, columns), strict=True))


def _doubtful(given: Mapping[str, Any]) -> list[tuple[int, datetime, datetime]]:
    """A standard, and those certified with it, from when until when each is in doubt."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_DOUBTFUL} select distinct thing, since, until from doubtful", given)
        return cursor.fetchall()


def certified_with(trace: Trace) -> list[list[str]]:
    """Standards, benches and instruments certified with what turned out bad, and with those.

    Bar code, certificate, bar code or name of the one above, first and last day on which it counts.
    """
    if trace.cause not in BY_STANDARDS:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            {_DOUBTFUL}
            select b.barcode, p.number, coalesce(a.barcode, o.name, ''), p.valid_from::text,
                   ((max(d.until) at time zone %(zone)s)::date - 1)::text
              from doubtful d
              join verification_standardcertificate p on p.id = d.certificate
              join assets_device b on b.id = d.thing
              left join assets_device a on a.id = p.higher_device_id
              left join standards_outsidestandard o on o.id = p.higher_outside_id
             group by 1, 2, 3, 4 order by 4, 1, 3
            """,
            _given(trace),
        )
        return [list(row) for row in cursor.fetchall()]


def stays_in(rooms: QuerySet[Place]) -> dict[str, list[Any]]:
    """Which standards, benches and instruments stood in some rooms from when until when."""
    return _columns(list(_stood_in(_within(rooms))))


def _within(rooms: QuerySet[Place]) -> QuerySet[Place]:
    """Rooms and all that stands in them."""
    found = Q(pk__in=[])
    for path in rooms.values_list("path", flat=True):
        found |= Q(path__startswith=path)
    return Place.objects.filter(found)


def _stood_in(places: QuerySet[Place]) -> Iterator[tuple[int, datetime, datetime]]:
    """Which thing stood in some places from when until when, as the register's events tell."""
    inside = set(places.values_list("pk", flat=True))
    things = dict(Device.objects.filter(kind__in=STANDARDS).values_list("pk", "place_id"))
    moves: dict[int, list[tuple[datetime, int]]] = {}
    events = DeviceEvent.objects.filter(device__in=things, to_place__isnull=False)
    for thing, at, before, place in events.order_by("occurred_at", "pk").values_list(
        "device_id", "occurred_at", "from_place_id", "to_place_id"
    ):
        # Before its first event it stood where that took it from.
        moves.setdefault(thing, [(EVER[0], before)] if before else []).append((at, place))
    for thing, place_now in things.items():
        stays = moves.get(thing) or [(EVER[0], place_now)]
        starts = [EVER[0], *(at for at, _place in stays[1:]), EVER[1]]
        for (_at, place), since, until in zip(stays, starts, starts[1:], strict=False):
            if place in inside and since < until:
                yield thing, since, until
