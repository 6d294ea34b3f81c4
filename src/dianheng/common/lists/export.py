"""What is filtered as a spreadsheet: at once when it is small, as a job when it is large."""

import tempfile
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as _

from ..excel import write_workbook
from ..jobs import JobRun, job_handler
from ..pages import scope_of_job
from .columns import Column

EXPORTED_AT_ONCE = 20_000


def workbook_file(title: str, columns: Sequence[Column], rows: Iterable[Any]) -> BinaryIO:
    """A spreadsheet in a temporary file, at its start."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  the answer closes it
    write_workbook(file, title, heads(columns), lines(columns, rows))
    file.seek(0)
    return file  # type: ignore[return-value]


def heads(columns: Sequence[Column]) -> list[str]:
    """Labels with their units."""
    return [f"{c.label} ({c.unit})" if c.unit else str(c.label) for c in columns]


def lines(columns: Sequence[Column], rows: Iterable[Any]) -> Iterable[list[Any]]:
    """One list of values per row."""
    for row in rows:
        yield [column.exported(row) for column in columns]


@job_handler("common.export")
def export_job(run: JobRun) -> dict[str, Any]:
    """Write the export of a list into the job's folder."""
    from .page import list_page
    from .query import ListQuery

    page = list_page(run.params["list"])
    scope = scope_of_job(run.actor, run.params["unit_path"])
    query = ListQuery.read(page, QueryDict(run.params["query"]), scope, run.params["given"])
    folder = settings.MEDIA_ROOT / "jobs" / str(run.job.pk)
    folder.mkdir(parents=True, exist_ok=True)
    written = 0

    def counted() -> Iterable[Any]:
        nonlocal written
        for row in page.walk(query):
            written += 1
            if written % 5000 == 0:
                run.progress(written, 0, _("%(number)s rows written") % {"number": f"{written:,}"})
            yield row

    name = f"{page.title}.xlsx"
    with (folder / "export.xlsx").open("wb") as file:
        write_workbook(file, str(page.title), heads(query.columns), lines(query.columns, counted()))
    return {
        "text": _("%(number)s rows written") % {"number": f"{written:,}"},
        "files": [{"name": name, "path": "export.xlsx"}],
    }
