"""Makers' test data of a lot, by machine; the same way as a delivery file."""

from datetime import datetime

from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext as _
from ninja import File, Router, Schema, Status
from ninja.files import UploadedFile

from dianheng.assets.models import Lot
from dianheng.common.errors import NotFound
from dianheng.common.uploads import uploaded
from dianheng.identity.services import actor_of

from .. import services
from ..models import MakerTestFile
from .common import Reason, visible
from .orders import FAULTS, MARKED, ColumnOut, ColumnsIn, FaultOut, TakeIn

router = Router()


class MakerTestsOut(Schema):
    """A maker's test data and what the last check found; `faults` has the first thousand."""

    number: str
    lot: str
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


def _out(tests: MakerTestFile) -> MakerTestsOut:
    return MakerTestsOut(
        number=tests.number, lot=tests.lot.code, name=tests.name, state=tests.state,
        digest=tests.digest, rows=tests.row_count, fault_count=tests.fault_count,
        warning_count=tests.warning_count,
        columns=[
            ColumnOut(head=one["head"], field=one["field"], samples=one["samples"])
            for one in tests.columns
        ],
        faults=[
            FaultOut(
                row=one.row_no, field=one.field, code=one.code, value=one.value,
                text=mark.text, is_warning=mark.is_warning,
            )
            for one in tests.faults.order_by("row_no", "pk")[:FAULTS]
            for mark in [services.maker_tests_mark(one)]
        ],
        job=str(tests.job_id) if tests.job_id else None, checked_at=tests.checked_at,
        taken_at=tests.taken_at,
    )  # fmt: skip


def _tests(request: HttpRequest, number: str) -> MakerTestFile:
    rows = MakerTestFile.objects.select_related("lot__unit", "lot__model__manufacturer")
    tests = rows.filter(number=number).first()
    found: MakerTestFile = visible(request, tests, number, tests.lot.unit_id if tests else None)
    return found


@router.post("lots/{code}/maker-tests", response={201: MakerTestsOut})
def maker_tests_upload(
    request: HttpRequest, code: str, file: File[UploadedFile]
) -> Status[MakerTestsOut]:
    """Send a maker's test data of a lot in (.xlsx or .csv); the same bytes again are the same file.

    It is checked next: `POST maker-tests/{number}/check`; where `state` is `received`, the
    columns are named first.
    """
    rows = Lot.objects.select_related("unit", "model__manufacturer")
    lot: Lot = visible(request, rows.filter(code=code).first(), code)
    with uploaded(file) as path:
        made = services.maker_tests_upload(
            lot=lot, path=path, name=file.name or "", actor=actor_of(request)
        )
    return Status(201, _out(_tests(request, made.number)))


@router.get("maker-tests/{number}", response=MakerTestsOut)
def maker_tests(request: HttpRequest, number: str) -> MakerTestsOut:
    """One file with what was found."""
    return _out(_tests(request, number))


@router.post("maker-tests/{number}/columns", response=MakerTestsOut)
def maker_tests_map(request: HttpRequest, number: str, sent: ColumnsIn) -> MakerTestsOut:
    """Say what the columns are; kept for the maker's next files."""
    services.maker_tests_map(
        tests=_tests(request, number), fields=sent.fields, actor=actor_of(request)
    )
    return _out(_tests(request, number))


@router.post("maker-tests/{number}/check", response={200: MakerTestsOut, 202: MakerTestsOut})
def maker_tests_check(request: HttpRequest, number: str) -> Status[MakerTestsOut]:
    """Check it as a whole; nothing is taken. A large file is checked by a job: 202."""
    found, actor = _tests(request, number), actor_of(request)
    is_large = services.maker_tests_is_large(found)
    if is_large:
        services.maker_tests_start(tests=found, what="check", actor=actor)
    else:
        services.maker_tests_check(tests=found, actor=actor)
    return Status(202 if is_large else 200, _out(_tests(request, number)))


@router.post("maker-tests/{number}/take", response={200: MakerTestsOut, 202: MakerTestsOut})
def maker_tests_take(request: HttpRequest, number: str, sent: TakeIn) -> Status[MakerTestsOut]:
    """Take it: its figures stand beside the centre's. A large file: 202 and a job."""
    found, actor = _tests(request, number), actor_of(request)
    is_large = services.maker_tests_is_large(found)
    if is_large:
        services.maker_tests_start(
            tests=found, what="take", actor=actor, with_warnings=sent.with_warnings
        )
    else:
        services.maker_tests_take(
            tests=found, actor=actor, with_warnings=sent.with_warnings,
            request_key=sent.request_key,
        )  # fmt: skip
    return Status(202 if is_large else 200, _out(_tests(request, number)))


@router.post("maker-tests/{number}/refuse", response=MakerTestsOut)
def maker_tests_refuse(request: HttpRequest, number: str, sent: Reason) -> MakerTestsOut:
    """Refuse it; what was taken stays kept and counts no more."""
    services.maker_tests_refuse(
        tests=_tests(request, number), reason=sent.reason, actor=actor_of(request)
    )
    return _out(_tests(request, number))


@router.get("maker-tests/{number}/marked", openapi_extra=MARKED)
def maker_tests_marked(request: HttpRequest, number: str) -> FileResponse:
    """The marked copy, as a workbook; after the check."""
    found = _tests(request, number)
    if found.checked_at is None:
        raise NotFound(_("Check the file before it is taken."), number=number)
    return FileResponse(
        services.maker_tests_marked_copy(found), as_attachment=True, filename=f"{number}.xlsx"
    )
