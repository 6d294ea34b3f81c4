"""From a trace to recall orders: one process for each unit that has touched devices."""

from collections.abc import Sequence
from tempfile import TemporaryFile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.common.excel import write_workbook
from dianheng.identity.models import Unit
from dianheng.identity.services import require, write_batch
from dianheng.office.services import files_add
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.services import draft_keep
from dianheng.workflow.services.instances import instance_begin

from ..choices import Risk
from ..models import Trace
from .kept import digest_of
from .lines import HEADS, recall_lines
from .trace import TRACE

PACK = "recall"


def trace_recall(*, trace: Trace, risks: Sequence[int], actor: Actor) -> list[ProcessInstance]:
    """Begin a recall in each unit that has devices of these risks; what is taken up is not again.

    Who may trace may recall from whoever has the devices.

    Args:
        risks: see `Risk`.
        actor: needs `analysis.trace`.

    Raises:
        Refused: the search has not ended, its rows are no longer those that were found, or every
            such record is taken up already.
    """
    actor = require(actor, TRACE, trace.unit_id)
    chosen = sorted({int(risk) for risk in risks})
    if not chosen or not set(chosen) <= set(Risk.values):
        raise BadInput(
            _("Choose which risks are recalled."),
            [{"field": "risks", "code": "missing", "text": _("Choose at least one.")}],
        )
    with write_batch(actor=actor, action="trace.recall", reason=trace.number):
        found = Trace.objects.select_for_update().get(pk=trace.pk)
        if found.finished_at is None:
            raise Refused(_unfinished(found))
        if found.digest and digest_of(found) != found.digest:
            text = _("The rows of the trace are no longer those that were found. Declare it anew.")
            raise Refused(Refusal("rows_changed", text))
        made = []
        for unit_id, count, high in _waiting(found, chosen):
            unit = Unit.objects.get(pk=unit_id)
            title = _("Recall of %(n)s devices: %(cause)s") % {
                "n": count,
                "cause": found.cause_text,
            }
            one = instance_begin(
                code=PACK,
                unit=unit,
                title=title,
                actor=actor,
                subject=f"trace:{found.number}",
                data={"trace": found.number, "count": count, "high": high},
            )
            _take_up(found, chosen, unit_id, one.number)
            draft_keep(
                task=one.tasks.get(),
                data={
                    "trace": found.number,
                    "cause": found.cause_text,
                    "found": found.reason,
                    "count": str(count),
                    "high": str(high),
                },
                actor=actor,
            )
            _attach(found, one, actor)
            made.append(one)
        if not made:
            raise Refused(Refusal("nothing", _("Every record of these risks is taken up already.")))
    return made


def _unfinished(trace: Trace) -> Refusal:
    if trace.job is None or trace.job.is_over:
        return Refusal("not_finished", _("The search was cut off. Declare it anew."))
    return Refusal("not_finished", _("The trace is still being worked out."))


def _attach(trace: Trace, one: ProcessInstance, actor: Actor) -> None:
    """The list of the order as a workbook among its files: its digest stands on the sheet."""
    with TemporaryFile() as file:
        heads = [str(head) for head in HEADS]
        write_workbook(
            file, one.number, heads, recall_lines(trace=trace, recall=one.number, unit=one.unit)
        )
        file.seek(0)
        name = _("Recall list %(no)s.xlsx") % {"no": one.number}
        files_add(instance=one, sent=[SimpleUploadedFile(name, file.read())], actor=actor)


def _waiting(trace: Trace, risks: Sequence[int]) -> list[tuple[Any, ...]]:
    """Unit, devices, and those at high risk, of what no process has taken up."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select d.unit_id, count(distinct d.id),
                   count(distinct d.id) filter (where r.risk = %s)
              from analysis_tracedrecord r
              join assets_device d on d.id = r.device_id
             where r.trace_id = %s and r.recall = '' and r.risk = any(%s)
             group by 1 order by 1
            """,
            [Risk.HIGH.value, trace.pk, list(risks)],
        )
        return list(cursor.fetchall())


def _take_up(trace: Trace, risks: Sequence[int], unit_id: int, process: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update analysis_tracedrecord r set recall = %s
              from assets_device d
             where r.trace_id = %s and d.id = r.device_id and r.recall = ''
               and r.risk = any(%s) and d.unit_id = %s
            """,
            [process, trace.pk, list(risks), unit_id],
        )
