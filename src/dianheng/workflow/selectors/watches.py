"""Instances that somebody watches, and what is new about them."""

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from dianheng.identity.selectors import rights_of, units_with_right

from ..choices import OPEN_STATES, NoteKind
from ..models import ProcessNote, ProcessTask, ProcessWatch


def watches_of(person_id: int) -> QuerySet[ProcessWatch]:
    """What a person watches, of the instances that the person may still see."""
    own = ProcessTask.objects.filter(instance=OuterRef("instance")).filter(
        Q(assignee_id=person_id) | Q(done_by_id=person_id) | Q(asked__person_id=person_id)
    )
    units = units_with_right(rights_of(person_id), "workflow.view")
    may = Q(instance__unit__in=units) | Q(instance__started_by_id=person_id) | Exists(own)
    return ProcessWatch.objects.filter(may, person_id=person_id)


def watch_news(person_id: int) -> QuerySet[ProcessWatch]:
    """Of these, what was sent back or has ended since the person began to watch or looked."""
    returned = ProcessNote.objects.filter(
        instance=OuterRef("instance"), kind=NoteKind.SEND_BACK, at__gt=OuterRef("since")
    )
    rows = watches_of(person_id).filter(Q(instance__ended_at__gt=F("since")) | Exists(returned))
    return rows.select_related("instance").order_by("-pk")


def watched_keys(person_id: int) -> list[int]:
    """Keys of the open steps of what a person watches; of what has ended the last one.

    By keys, so that no list of all steps is ever walked.
    """
    watched = list(watches_of(person_id).values_list("instance", flat=True))
    if not watched:
        return []
    steps = ProcessTask.objects.filter(instance__in=watched).order_by()
    open_ = steps.filter(state__in=OPEN_STATES).values_list("pk", flat=True)
    ended = steps.exclude(instance__ended_at=None).values("instance").annotate(last=Max("pk"))
    return [*open_, *ended.values_list("last", flat=True)]
