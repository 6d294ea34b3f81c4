"""Reminders raised by the clock and acknowledged by people."""

from collections.abc import Sequence

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.identity.selectors import setting
from dianheng.identity.services import require, system_actor, write_batch
from dianheng.metrology.periods import add_months

from ..models import Reminder
from ..rights import RIGHT
from ..rules import step_reached
from ..selectors.due import papers_ending


def reminders_tick() -> int:
    """Raise what is reached and settle what is over; returns how many were raised."""
    today = timezone.localdate()
    steps_before = (*setting("standards.reminder_months"), 0)  # 0: it is over
    until = add_months(today, max(steps_before) + 1)  # a day before is clipped to a month's end
    papers = {(paper.kind, paper.paper_id): paper for paper in papers_ending(today, until)}
    raised = {(r.kind, r.paper_id, r.months): r.settled_at is None for r in Reminder.objects.all()}
    steps = {
        key: step
        for key, paper in papers.items()
        if (step := step_reached(today, paper.valid_through, steps_before)) is not None
    }
    fresh = [(*key, step) for key, step in steps.items() if (*key, step) not in raised]
    # A paper counts again whose renewal was withdrawn: its reminder asks anew.
    again = [(*key, step) for key, step in steps.items() if raised.get((*key, step)) is False]
    stale = [
        (kind, paper_id, months)
        for (kind, paper_id, months), is_open in raised.items()
        if is_open and steps.get((kind, paper_id)) != months
    ]
    if not (fresh or stale or again):
        return 0
    with write_batch(actor=system_actor(), action="reminder.raise") as batch:
        if stale:
            Reminder.objects.filter(_any_of(stale)).update(settled_at=batch.at)
        if again:
            Reminder.objects.filter(_any_of(again)).update(
                settled_at=None, raised_at=batch.at, acknowledged_at=None, acknowledged_by=None,
                word="",
            )  # fmt: skip
        Reminder.objects.bulk_create(
            [
                Reminder(
                    kind=kind, paper_id=paper_id, months=step, unit_id=paper.unit_id,
                    subject=paper.subject, key=paper.key, number=paper.number,
                    due_on=paper.valid_through,
                )
                for kind, paper_id, step in fresh
                for paper in [papers[kind, paper_id]]
            ],
            ignore_conflicts=True,
        )  # fmt: skip
    return len(fresh) + len(again)


def _any_of(steps: Sequence[tuple[str, int, int]]) -> Q:
    found = Q(pk__in=[])
    for kind, paper_id, months in steps:
        found |= Q(kind=kind, paper_id=paper_id, months=months)
    return found


def reminders_acknowledge(*, reminder_ids: Sequence[int], word: str, actor: Actor) -> int:
    """Say that one knows, and what is done about it; returns how many were still open."""
    if not word.strip():
        text = _("Say what is done about it.")
        raise BadInput(text, [{"field": "word", "code": "missing", "text": text}])
    with write_batch(actor=actor, action="reminder.acknowledge", reason=word.strip()) as batch:
        rows = list(
            Reminder.objects.select_for_update()
            .filter(pk__in=list(reminder_ids), acknowledged_at__isnull=True)
            .order_by("pk")
        )
        for unit_id in {row.unit_id for row in rows}:
            actor = require(actor, RIGHT, unit_id)
        Reminder.objects.filter(pk__in=[row.pk for row in rows]).update(
            acknowledged_at=batch.at, acknowledged_by_id=actor.person_id, word=word.strip()
        )
    return len(rows)
