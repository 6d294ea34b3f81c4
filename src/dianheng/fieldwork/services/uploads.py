"""A file of a calibrator becomes records: all of its checks, or none with everything that is wrong."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from dianheng.assets.selectors import person_by_words
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.documents.services import file_store
from dianheng.identity.models import Person
from dianheng.identity.services import require_sent, write_batch

from ..choices import Source
from ..layouts import Entry, entries_of
from ..models import FieldTask
from .checks import RECORD, Recorded, check_record


def upload_take(
    *, body: bytes, name: str, actor: Actor, task: FieldTask | None = None,
    calibrator_no: str = "", source: str = Source.FILE,
) -> list[Recorded]:  # fmt: skip
    """Take in a file; the same file again brings the same records.

    Args:
        task: of the page from which it is sent; a file that names none is of this task.
        calibrator_no: where the file names no calibrator.

    Raises:
        BadInput: everything that is wrong with it, each with the record it is in.
    """
    actor = require_sent(actor, RECORD)
    upload_id, entries = entries_of(body, name)
    errors: list[dict[str, Any]] = []
    made: list[Recorded] = []
    with write_batch(actor=actor, action="fieldcheck.record"):
        file = file_store(
            chunks=[body], name=name or "check.json", actor=actor,
            media_type="application/json" if source == Source.REST else "application/octet-stream",
        )  # fmt: skip
        for index, entry in enumerate(entries):
            try:
                found = _task_of(entry, task)
                leader, second = _people(entry)
                if entry.done_at is None:
                    text = _("The moment of the check is missing or is none.")
                    raise BadInput(text, [{"field": "done_at", "code": "missing", "text": text}])
                if entry.problems:
                    raise BadInput(_("The record has faults."), entry.problems)
                suffix = f"#{index}" if len(entries) > 1 else ""
                made.append(
                    check_record(
                        task=found, raw=entry.raw, done_at=entry.done_at, leader=leader,
                        second=second, calibrator_no=entry.calibrator_no or calibrator_no,
                        actor=actor, source=source, received=entry.received, file=file,
                        upload_id=f"{upload_id}{suffix}" if upload_id else "",
                    )
                )  # fmt: skip
            except Refused as refused:
                errors += _errors(refused, index, entry.task_no)
        if errors:
            text = _("The file has %(count)s faults: nothing was kept.") % {"count": len(errors)}
            raise BadInput(text, errors)
    return made


def _task_of(entry: Entry, task: FieldTask | None) -> FieldTask:
    if not entry.task_no and task is not None:
        return task
    if task is not None and entry.task_no != task.number:
        facts = {"stated": entry.task_no[:40], "task": task.number}
        text = _("The file is of task %(stated)s, not of %(task)s.") % facts
        raise BadInput(text, [{"field": "task_no", "code": "other_task", "text": text}])
    rows = FieldTask.objects.select_related("usage_point__unit", "leader", "second")
    found = rows.filter(number=entry.task_no).first()
    if found is None:
        text = _("There is no task %(no)s.") % {"no": entry.task_no[:40] or "–"}
        raise BadInput(text, [{"field": "task_no", "code": "not_found", "text": text}])
    return found


def _people(entry: Entry) -> tuple[Person | None, Person | None]:
    """Who checked, where the file says it: by staff number, else by name."""
    found: list[Person | None] = []
    for stated in entry.people[:2]:
        try:
            found.append(person_by_words(stated))
        except NotFound as refused:
            text = refused.refusal.text
            raise BadInput(text, [{"field": "people", "code": "not_found", "text": text}]) from None
    found += [None] * (2 - len(found))
    return found[0], found[1]


def _errors(refused: Refused, index: int, task_no: str) -> list[dict[str, Any]]:
    about = {"record": index + 1, "task_no": task_no}
    found = [{**error, **about} for refusal in refused.refusals for error in refusal.errors]
    return found or [
        {"field": "", "code": one.code, "text": one.text, **about} for one in refused.refusals
    ]
