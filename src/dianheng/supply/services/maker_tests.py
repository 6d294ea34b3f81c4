"""A maker's test data of a lot: received, checked as a whole, taken as a whole or not at all."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import METERS, TRANSFORMERS
from dianheng.assets.models import Lot
from dianheng.assets.services import Stage
from dianheng.assets.services.checks import Findings
from dianheng.assets.services.list_way import ListWay
from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal
from dianheng.common.files import LEFT_OUT, Prepared
from dianheng.identity.models import Unit
from dianheng.identity.services import write_batch
from dianheng.verification.selectors.judging import model_plate

from ..columns import MAKER_TEST_FIELDS, MAKER_TEST_FINDINGS, MAKER_TEST_HEADS
from ..models import MakerTestFile, MakerTestHead
from .delivery import DeliveryWay
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
    refused = Refusal(
        "maker_tests_refused", _("These test data were refused. Ask the maker for corrected ones.")
    )
    faulty = Refusal("maker_tests_faulty", DeliveryWay.faulty.text)
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
maker_tests_check, maker_tests_take, maker_tests_refuse = WAY.check, WAY.take, WAY.send_back


def maker_tests_upload(*, lot: Lot, path: Path, name: str, actor: Actor) -> MakerTestFile:
    """Receive a maker's test data of a lot; the same bytes again are the same file.

    Raises:
        Unreadable: the file cannot be a table; nothing of it is kept.
    """
    return WAY.receive(MakerTestFile(lot=lot), path=path, name=name, actor=actor)
