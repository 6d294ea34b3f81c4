"""A maker's test data of a lot: received, checked as a whole, taken as a whole or not at all."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import METERS, TRANSFORMERS
from dianheng.assets.models import Lot
from dianheng.assets.services import Stage
from dianheng.assets.services.checks import Findings
from dianheng.assets.services.list_way import ListWay
from dianheng.assets.services.lists import Tell, nobody
from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal
from dianheng.common.files import LEFT_OUT, Mark, Prepared
from dianheng.common.models import Job
from dianheng.identity.models import Unit
from dianheng.identity.services import write_batch
from dianheng.verification.selectors.judging import model_plate

from ..columns import MAKER_TEST_FIELDS, MAKER_TEST_FINDINGS, MAKER_TEST_HEADS
from ..models import MakerTestFault, MakerTestFile, MakerTestHead
from ..rules import guard_take_maker_tests
from .maker_check import MakerTestCheck


class MakerTestWay(ListWay[MakerTestFile]):
    """The way of a maker's test data."""

    model = MakerTestFile
    name, prefix, right, owner = "maker_tests", "CJ", "supply.deliver", "lot"
    related = ("lot__model__manufacturer", "lot__unit", "job")
    fields, kinds = MAKER_TEST_FIELDS, MAKER_TEST_FINDINGS
    heads, meanings = MAKER_TEST_HEADS, MakerTestHead
    titles = {
        "check": _("Check the maker's test data %(no)s"),
        "take": _("Take the maker's test data %(no)s"),
    }
    taken_code = "maker_tests_taken"
    enrols = False
    writing = _("Writing results")

    def job_kind(self, what: str) -> str:
        return f"supply.maker_tests_{what}"

    def unit(self, found: MakerTestFile) -> Unit:
        return found.lot.unit

    def guard_receive(self, draft: MakerTestFile) -> Refusal | None:
        kind = draft.lot.model.kind
        if kind not in METERS and kind not in TRANSFORMERS:
            text = _("Test data are read of meters and transformers only.")
            return Refusal("maker_tests_kind", text)
        model_plate(draft.lot.model)  # refuses a model that lacks what names its points
        return None

    def guard_send_back(self, found: MakerTestFile) -> Refusal | None:
        """Also what is taken is refused: it stays as it is, and counts no more."""
        return None

    def source(self, found: MakerTestFile) -> Mapping[str, Any]:
        return {"manufacturer_id": found.lot.model.manufacturer_id}

    def guard_take(self, state: str, warnings: int, with_warnings: bool) -> Refusal | None:
        return guard_take_maker_tests(state, warnings, with_warnings)

    def hold_to_check(self, found: MakerTestFile) -> MakerTestFile:
        """The lot is held too: a point is stated once by all its files."""
        Lot.objects.select_for_update().get(pk=found.lot_id)
        return self.hold(found)

    def check_stage(
        self,
        stage: Stage,
        prepared: Prepared,
        fields: Sequence[str],
        found: MakerTestFile,
        actor: Actor,
    ) -> tuple[Findings, Callable[[], None]]:
        heads = [one["head"] for one in found.columns if one["field"] != LEFT_OUT]
        check = MakerTestCheck(stage, fields, heads, found.lot)

        def write() -> None:
            with write_batch(actor=actor, action="maker_tests.take"):
                check.write(found.pk)

        return check.run(prepared), write


WAY = MakerTestWay()


def maker_tests_upload(*, lot: Lot, path: Path, name: str, actor: Actor) -> MakerTestFile:
    """Receive a maker's test data of a lot; the same bytes again are the same file.

    Raises:
        Unreadable: the file cannot be a table; nothing of it is kept.
    """
    return WAY.receive(MakerTestFile(lot=lot), path=path, name=name, actor=actor)


def maker_tests_map(*, tests: MakerTestFile, fields: Sequence[str], actor: Actor) -> MakerTestFile:
    """Say for each column which field it is, "-" for those left out; kept for the maker."""
    return WAY.name_columns(tests, fields=fields, actor=actor)


def maker_tests_is_large(tests: MakerTestFile) -> bool:
    """Whether checking and taking it is the work of a job."""
    return WAY.is_large(tests)


def maker_tests_check(*, tests: MakerTestFile, actor: Actor, tell: Tell = nobody) -> MakerTestFile:
    """Check the whole file: the same way as taking it, to the last step, then all undone."""
    return WAY.check(tests, actor=actor, tell=tell)


def maker_tests_take(
    *,
    tests: MakerTestFile,
    actor: Actor,
    with_warnings: bool = False,
    request_key: str = "",
    tell: Tell = nobody,
) -> MakerTestFile:
    """Keep what the maker states: all or nothing, once however often asked.

    Raises:
        Refused: not checked, faults, or remarks that were not accepted.
    """
    return WAY.take(
        tests, actor=actor, with_warnings=with_warnings, request_key=request_key, tell=tell
    )


def maker_tests_refuse(*, tests: MakerTestFile, reason: str, actor: Actor) -> MakerTestFile:
    """Send a file back to the maker; what was taken stays kept and counts no more."""
    return WAY.send_back(tests, reason=reason, actor=actor)


def maker_tests_start(
    *, tests: MakerTestFile, what: str, actor: Actor, with_warnings: bool = False
) -> Job:
    """Check or take as a job: `what` is "check" or "take". A running one is joined."""
    return WAY.start(tests, what=what, actor=actor, with_warnings=with_warnings)


def maker_tests_marked_copy(tests: MakerTestFile) -> BinaryIO:
    """The file as a workbook with a column of faults before its own."""
    return WAY.marked_copy(tests)


def maker_tests_mark(fault: MakerTestFault) -> Mark:
    """A finding in words."""
    return WAY.mark(fault)
