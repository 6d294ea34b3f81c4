"""The audit trail checked and written out as jobs."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from dianheng.common.errors import BadInput
from dianheng.common.jobs import JobRun, job_handler

from .audit_file import FAULTS, Fault
from .selectors.trail import table_label
from .services import audit_export, audit_verify


@job_handler("audit.verify")
def verify(run: JobRun) -> dict[str, Any]:
    """The whole chain and every table under audit; a job with faults has failed and names them."""
    count, faults = audit_verify(_progress(run))
    if faults:
        text = _("%(count)s batches checked: %(faults)s records are not as they were written.")
        facts = {"count": f"{count:,}", "faults": len(faults)}
        raise BadInput(text % facts, [_as_error(fault) for fault in faults])
    return {"text": _("%(count)s batches checked; the trail is whole.") % {"count": f"{count:,}"}}


@job_handler("audit.export")
def export(run: JobRun) -> dict[str, Any]:
    """The trail as a file that `dianheng audit verify FILE` checks without the database."""
    folder = settings.MEDIA_ROOT / "jobs" / str(run.job.pk)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "trail.jsonl").open("w", encoding="utf-8") as out:
        count = audit_export(out, progress=_progress(run))
    return {
        "text": _("%(count)s batches written") % {"count": f"{count:,}"},
        "files": [{"name": "trail.jsonl", "path": "trail.jsonl"}],
    }


def _progress(run: JobRun) -> Any:
    return lambda done, total: run.progress(done, total, _("Going along the chain"))


def _as_error(fault: Fault) -> dict[str, Any]:
    return {
        "label": fault.where(_, table_label),
        "code": fault.code,
        "text": _(FAULTS[fault.code]),
    }
