"""Makers' test data of a lot, by machine; the same way as a delivery file."""

from django.http import HttpRequest
from ninja import File, Router, Status
from ninja.files import UploadedFile

from dianheng.assets.models import Lot
from dianheng.common.uploads import uploaded
from dianheng.identity.services import actor_of

from .. import services
from ..models import MakerTestFile
from ..services.maker_tests import WAY
from .common import visible
from .lists import ListOut, list_doors, list_out

router = Router()


class MakerTestsOut(ListOut):
    """A maker's test data and what the last check found; `faults` has the first thousand."""

    lot: str


def _out(tests: MakerTestFile) -> MakerTestsOut:
    return MakerTestsOut(**list_out(WAY, tests), lot=tests.lot.code)


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


list_doors(
    router,
    "maker-tests/{number}",
    WAY,
    find=_tests,
    out=_out,
    answer=MakerTestsOut,
    says={
        "read": "One file with what was found.",
        "take": "Take it: its figures stand beside the centre's. A large file: 202 and a job.",
        "refuse": "Refuse it; what was taken stays kept and counts no more.",
    },
)
