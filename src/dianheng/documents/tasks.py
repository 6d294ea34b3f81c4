"""Print runs as jobs: unsigned copies in files of up to 200."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from dianheng.common.jobs import JobRun, job_handler

from .models import IssuedDocument
from .papers.compose import RUN_SIZE
from .services import documents_run


@job_handler("documents.run")
def print_run(run: JobRun) -> dict[str, Any]:
    """Compose the run; a repeat writes the same files again."""
    documents = list(
        IssuedDocument.objects.filter(pk__in=run.params["documents"]).order_by("number")
    )
    files = []
    done = 0
    for part, pdf in enumerate(
        documents_run(
            documents=documents, actor=run.actor, language=run.params.get("language", "zh"),
            duplex=run.params.get("duplex", False),
        ),
        1,
    ):  # fmt: skip
        folder = Path(settings.MEDIA_ROOT) / "jobs" / str(run.job.pk)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{part}.pdf").write_bytes(pdf)
        files.append({"name": f"{_('Print run')}-{part}.pdf", "path": f"{part}.pdf"})
        done = min(len(documents), done + RUN_SIZE)
        run.progress(done, len(documents), _("Composing pages"))
    return {
        "files": files,
        "text": _("%(n)s documents in %(f)s files.") % {"n": done, "f": len(files)},
    }
