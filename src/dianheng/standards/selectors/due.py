"""Papers that count today and end soon, of every kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from ..models import Reminder
from .laboratory import GONE

# Of each thing the paper that holds longest; things out of use and people who left owe nothing.
_PAPERS = """
select * from (
    select 'standard', c.id, d.unit_id, concat_ws(' ', d.barcode, e.name), d.barcode, c.number, c.valid_through
      from (select distinct on (device_id) * from verification_standardcertificate
             where withdrawn_on is null order by device_id, valid_through desc, id desc) c
      join assets_device d on d.id = c.device_id
      left join assets_standardequipment e on e.device_id = d.id
     where d.state <> all (%(gone)s) and (e.stopped_on is null or e.stopped_on > %(today)s)
    union all
    select 'installation', c.id, i.unit_id, i.name, i.code, c.number, c.valid_through
      from (select distinct on (installation_id) * from verification_installationcertificate
             where withdrawn_on is null order by installation_id, valid_through desc, id desc) c
      join verification_standardinstallation i on i.id = c.installation_id
     where i.stopped_on is null or i.stopped_on > %(today)s
    union all
    select 'authorisation', a.id, a.unit_id, u.name, '', a.number, a.valid_through
      from verification_laboratoryauthorisation a join identity_unit u on u.id = a.unit_id
     where a.withdrawn_on is null and not exists (
           select from verification_laboratoryauthorisation b
            where b.unit_id = a.unit_id and b.withdrawn_on is null and b.kinds @> a.kinds
              and (b.valid_through, b.id) > (a.valid_through, a.id))
    union all
    select 'qualification', q.id, p.unit_id, p.name, q.id::text, q.number, q.valid_through
      from identity_qualification q join identity_person p on p.id = q.person_id
     where q.withdrawn_on is null and p.is_active and p.unit_id is not null and not exists (
           select from identity_qualification r
            where r.person_id = q.person_id and r.kind = q.kind and r.project = q.project
              and r.withdrawn_on is null and (r.valid_through, r.id) > (q.valid_through, q.id))
) papers(kind, paper_id, unit_id, subject, key, number, valid_through)
where valid_through <= %(until)s
order by valid_through, kind, paper_id
"""


@dataclass(frozen=True)
class Paper:
    """A paper that counts today."""

    kind: str
    paper_id: int
    unit_id: int
    subject: str
    key: str
    number: str
    valid_through: date


def papers_ending(today: date, until: date) -> list[Paper]:
    """Papers that count today and end by a day; those that are over as well."""
    with connection.cursor() as cursor:
        cursor.execute(_PAPERS, {"gone": list(GONE), "today": today, "until": until})
        return [Paper(*row) for row in cursor.fetchall()]


def open_reminders(unit_ids: Sequence[int] | Any) -> QuerySet[Reminder]:
    """Reminders that nobody acknowledged, the first to end first."""
    return Reminder.objects.filter(
        settled_at__isnull=True, acknowledged_at__isnull=True, unit__in=unit_ids
    ).order_by("due_on", "pk")
