"""Instances that somebody watches, and what is new about them."""

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from dianheng.identity.selectors import rights_of, units_with_right

from ..choices import OPEN_STATES, NoteKind
from ..models import ProcessInstance, ProcessNote, ProcessTask, ProcessWatch


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
    return rows.select_related("instance__pack").order_by("-pk")


def tasks_watched(person_id: int) -> QuerySet[ProcessTask]:
    """Open steps of what a person watches; of what has ended the last one."""
    watched = ProcessInstance.objects.filter(
        pk__in=watches_of(person_id).values("instance")
    ).values("pk")
    last = (
        ProcessTask.objects.filter(instance__in=watched)
        .exclude(instance__ended_at=None)
        .order_by()
        .values("instance")
        .annotate(last=Max("pk"))
        .values("last")
    )
    open_ = Q(instance__in=watched, state__in=OPEN_STATES)
    return ProcessTask.objects.filter(open_ | Q(pk__in=last))
