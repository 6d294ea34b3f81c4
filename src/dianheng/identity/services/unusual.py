"""Unusual changes of master data: found along the chain, looked at by somebody else."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import BadInput, NotFound, refuse
from dianheng.common.workdays import is_workday

from ..models import TrailWatch, UnusualChange
from ..registry import master_tables
from ..rules import Actor, MasterChange, Usual, guard_acknowledge, unusual
from ..selectors import setting, system_person
from .access import require, system_actor
from .batch import write_batch

WATCH = "unusual"
AT_ONCE = 2000  # links of the chain

# Batches of people that changed master data, in a stretch of the chain; and whether somebody does
# rarely what was done: not since so many days, where the trail reaches back so far at all. The
# first batch of those days is looked up, so that only the person's own later ones are walked.
_CHANGES = """
with touched as materialized (
    select s.batch_id, sum(t.row_count)::bigint as row_count
      from audit_seal s join audit_statement t on t.batch_id = s.batch_id
     where s.position > %(after)s and s.position <= %(last)s
       and t.shape_id in (select id from audit_shape where table_name = any(%(tables)s))
     group by s.batch_id
)
select b.id, b.began_at, t.row_count,
       exists (select from audit_batch e where e.began_at < b.began_at - %(rare)s)
       and not exists (
           select from audit_batch e
            where e.actor_id = b.actor_id and e.action = b.action and e.id < b.id
              and e.id >= (select f.id from audit_batch f where f.began_at >= b.began_at - %(rare)s
                            order by f.began_at limit 1))
  from touched t join audit_batch b on b.id = t.batch_id
 where b.actor_id <> %(system)s order by b.id
"""


def unusual_tick() -> int:
    """Look at what was chained since the last look; returns how many prompts were raised.

    The first look begins at the end of the chain: what was written before is not judged.
    """
    found = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute("select max(position) from audit_seal")
            newest = cursor.fetchone()[0] or 0
        watch, is_new = TrailWatch.objects.get_or_create(name=WATCH, defaults={"position": newest})
        if is_new or watch.position >= newest:
            return found
        last = min(newest, watch.position + AT_ONCE)
        found += _look(watch.position, last)
        if last == newest:
            return found


def _look(after: int, last: int) -> int:
    """Judge a stretch of the chain and step on, in one transaction."""
    usual = Usual(
        hours=setting("audit.usual_hours"),
        rows_at_once=setting("audit.bulk_rows"),
        rare_days=setting("audit.rare_days"),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _CHANGES,
            {
                "after": after, "last": last, "tables": master_tables(),
                "rare": timedelta(days=usual.rare_days), "system": system_person().pk,
            },
        )  # fmt: skip
        changes = cursor.fetchall()
    rows = []
    for batch_id, at, row_count, is_rare in changes:
        local = timezone.localtime(at)
        change = MasterChange(
            at=local, is_workday=is_workday(local.date()), row_count=row_count,
            is_rare=is_rare,
        )  # fmt: skip
        if reasons := unusual(change, usual):
            rows.append(
                UnusualChange(batch_id=batch_id, reasons=list(reasons), row_count=row_count)
            )
    if not rows:
        TrailWatch.objects.filter(name=WATCH).update(position=last)
        return 0
    with write_batch(actor=system_actor(), action="unusual.find"):
        UnusualChange.objects.bulk_create(rows, ignore_conflicts=True)
        TrailWatch.objects.filter(name=WATCH).update(position=last)
    return len(rows)


def unusual_acknowledge(*, change_id: int, word: str, actor: Actor) -> UnusualChange:
    """Say that one has looked at a prompt, and what came of it; never about one's own change."""
    if not word.strip():
        raise BadInput(
            _("Say what came of it."),
            [{"field": "word", "code": "missing", "text": _("Say what came of it.")}],
        )
    actor = require(actor, "audit.view")
    with write_batch(actor=actor, action="unusual.acknowledge", reason=word) as batch:
        change = (
            UnusualChange.objects.select_for_update(of=("self",))
            .select_related("batch", "acknowledged_by")
            .filter(pk=change_id)
            .first()
        )
        if change is None:
            raise NotFound(_("There is no prompt %(no)s.") % {"no": change_id})
        seen: Any = change.acknowledged_by
        if seen is not None and (seen.pk, change.word) == (actor.person_id, word):
            return change  # the same again
        refuse(
            guard_acknowledge(
                actor, {change.batch.actor_id, change.batch.acting_for_id} - {None},
                seen.name if seen else "",
            )
        )  # fmt: skip
        change.acknowledged_at, change.acknowledged_by_id, change.word = (
            batch.at, actor.person_id, word,
        )  # fmt: skip
        change.save(update_fields=["acknowledged_at", "acknowledged_by", "word"])
    return change
