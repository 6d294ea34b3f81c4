"""What the endpoints of makers' files share: a file as an answer, and what is done with one."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import Field

from dianheng.assets.services.list_way import L, ListWay
from dianheng.common.errors import NotFound
from dianheng.identity.services import actor_of

from .common import Reason, Request

FAULTS = 1000
SAME = ("number", "name", "state", "digest", "fault_count", "warning_count", "columns", "checked_at", "taken_at")  # fmt: skip
MARKED = {
    "responses": {
        200: {
            "description": "The file with every fault at its row.",
            "content": {
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
                    "schema": {"type": "string", "format": "binary"}
                }
            },
        }
    }
}


class ColumnOut(Schema):
    """A column of the file: its head, the field it stands for (`-`: left out, empty: not known)."""

    head: str
    field: str
    samples: list[str]


class FaultOut(Schema):
    """One finding: row of the file (0: the file as a whole), column, code, words."""

    row: int
    field: str
    code: str
    value: str
    text: str
    is_warning: bool


class ListOut(Schema):
    """A file and what its last check found; `faults` has the first thousand."""

    number: str
    name: str
    state: str
    digest: str
    rows: int | None
    fault_count: int
    warning_count: int
    columns: list[ColumnOut]
    faults: list[FaultOut]
    job: str | None
    checked_at: datetime | None
    taken_at: datetime | None


class ColumnsIn(Schema):
    """A field for each column, in the order of the file; `-` leaves a column out."""

    fields: list[str]


class TakeIn(Request):
    """Take a checked file."""

    with_warnings: bool = Field(
        False, description="The remarks were read; it is taken all the same."
    )


def list_out(way: ListWay[L], found: L) -> dict[str, Any]:
    """What every kind of file answers."""
    return {name: getattr(found, name) for name in SAME} | {
        "rows": found.row_count,
        "faults": [
            FaultOut(
                row=one.row_no, field=one.field, code=one.code, value=one.value,
                text=mark.text, is_warning=mark.is_warning,
            )
            for one in found.faults.order_by("row_no", "pk")[:FAULTS]
            for mark in [way.mark(one)]
        ],
        "job": str(found.job_id) if found.job_id else None,
    }  # fmt: skip


def list_doors(
    router: Router,
    at: str,
    way: ListWay[L],
    *,
    find: Callable[[HttpRequest, str], L],
    out: Callable[[L], ListOut],
    answer: type[ListOut],
    says: Mapping[str, str],
) -> None:
    """Add the endpoints of one file: as it stands, columns, check, take, refuse, marked copy.

    Args:
        at: their address, with the place `number`.
        find: the file of a number, or why one may not see it.
        out, answer: what is answered, and its form.
        says: what "read", "take" and "refuse" do to one.
    """

    def read(request: HttpRequest, number: str) -> ListOut:
        return out(find(request, number))

    def map(request: HttpRequest, number: str, sent: ColumnsIn) -> ListOut:
        """Say what the columns are; kept for the maker's next files."""
        way.name_columns(find(request, number), fields=sent.fields, actor=actor_of(request))
        return read(request, number)

    def work(request: HttpRequest, number: str, **what: Any) -> Status[ListOut]:
        job = way.work(find(request, number), actor=actor_of(request), **what)
        return Status(202 if job else 200, read(request, number))

    def check(request: HttpRequest, number: str) -> Status[ListOut]:
        """Check it as a whole; nothing is taken. A large file is checked by a job: 202."""
        return work(request, number, what="check")

    def take(request: HttpRequest, number: str, sent: TakeIn) -> Status[ListOut]:
        return work(request, number, what="take", **sent.dict())

    def refuse(request: HttpRequest, number: str, sent: Reason) -> ListOut:
        way.send_back(find(request, number), reason=sent.reason, actor=actor_of(request))
        return read(request, number)

    def marked(request: HttpRequest, number: str) -> FileResponse:
        """The marked copy, as a workbook; after the check."""
        found = find(request, number)
        if found.checked_at is None:
            raise NotFound(_("Check the file before it is taken."), number=number)
        copy = way.marked_copy(found)
        return FileResponse(copy, as_attachment=True, filename=f"{number}.xlsx")

    def door(step: str, view: Callable[..., Any], **options: Any) -> None:
        options["description"] = says.get(view.__name__)
        # The schema names an endpoint after its function and the module of that.
        view.__name__ = f"{way.name}_{view.__name__}".removesuffix("_read")
        view.__module__ = find.__module__
        method = router.get if view in (read, marked) else router.post
        method(f"{at}{step}", **options)(view)

    late = {200: answer, 202: answer}
    door("", read, response=answer)
    door("/columns", map, response=answer)
    door("/check", check, response=late)
    door("/take", take, response=late)
    door("/refuse", refuse, response=answer)
    door("/marked", marked, openapi_extra=MARKED)
