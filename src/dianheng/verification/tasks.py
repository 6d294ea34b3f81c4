"""Long work of this app as jobs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from dianheng.common.jobs import JobRun, job_handler
from dianheng.documents.papers.schema import OriginalRecord
from dianheng.documents.services import papers_run

from .models import TestRecord, VerificationTask
from .papers import RECORD, original_record
from .services.certificates import PART, certificate_lines, certificates_issue


@job_handler("verification.certificates")
def certificates(run: JobRun) -> dict[str, Any]:
    """Issue certificates in committed parts; a repeat goes on with those that have none yet."""
    task = VerificationTask.objects.get(pk=run.params["task"])
    chosen = run.params.get("devices")
    lines = certificate_lines(task, by_rule=chosen is None)
    if chosen is not None:
        lines = [line for line in lines if line.device_id in set(chosen)]
    total = max(run.job.total, len(lines))  # the whole, told by a run that was cut off before
    done = total - len(lines)
    run.progress(done, total, _("Signing certificates"))
    while lines:
        part, lines = lines[:PART], lines[PART:]
        done += len(certificates_issue(task=task, lines=part, actor=run.actor))
        run.progress(done, total, _("Signing certificates"))
    return {
        "text": _("%(n)s certificates and notices issued.") % {"n": done},
        "links": [{"url": reverse("documents"), "label": _("Certificates and papers")}],
    }


@job_handler("verification.records")
def records(run: JobRun) -> dict[str, Any]:
    """Compose the original records of a task; a repeat writes the same files again."""
    task = VerificationTask.objects.get(pk=run.params["task"])
    rows = TestRecord.objects.filter(task=task).select_related(*RECORD).order_by("number")
    total = rows.count()

    def papers() -> Iterator[OriginalRecord]:
        for done, record in enumerate(rows.iterator(chunk_size=200)):
            run.progress(done, total, _("Composing pages"))
            yield original_record(record)

    folder = Path(settings.MEDIA_ROOT) / "jobs" / str(run.job.pk)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for part, pdf in enumerate(
        papers_run(
            kind="original_record", papers=papers(), unit_id=task.unit_id, actor=run.actor,
            language=run.params.get("language", "zh"),
        ),
        1,
    ):  # fmt: skip
        (folder / f"{part}.pdf").write_bytes(pdf)
        files.append({"name": f"{task.number}-{part}.pdf", "path": f"{part}.pdf"})
    run.progress(total, total, _("Composing pages"))
    return {
        "files": files,
        "text": _("%(n)s original records in %(f)s files.") % {"n": total, "f": len(files)},
    }
