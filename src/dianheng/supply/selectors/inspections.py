"""Reads of inspections: their tasks, the history of a maker's model, what waits."""

from collections.abc import Sequence

from django.db.models import QuerySet

from dianheng.verification.choices import TaskKind, TaskState
from dianheng.verification.models import VerificationTask

from ..choices import InspectionState
from ..models import InspectionLot, SwitchingState

DECIDED = (InspectionState.JUDGED, InspectionState.ACCEPTED, InspectionState.REJECTED)


def sampling_tasks(inspection: InspectionLot) -> QuerySet[VerificationTask]:
    """Tasks in which the sample is tested."""
    rows = VerificationTask.objects.filter(origin=inspection.document, kind=TaskKind.SAMPLING)
    return rows.exclude(state=TaskState.CANCELLED)


def switching_history(switching: SwitchingState) -> Sequence[InspectionLot]:
    """Lots of the model that were judged, newest first; resubmissions do not count for switching."""
    rows = InspectionLot.objects.filter(
        lot__model=switching.model_id, unit=switching.unit_id, state__in=DECIDED
    )
    return rows.select_related("lot").order_by("-judged_at", "-pk")
