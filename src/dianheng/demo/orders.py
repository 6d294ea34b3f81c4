"""Chapter: orders. One lot is accepted, one goes back, one waits for the maker's file of 3,000."""

from datetime import date, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from dianheng.supply.services import order_make, sampling_report_issue, segment_issue
from dianheng.supply.story import People, story
from dianheng.verification.models import VerificationTask

from . import files
from .company import acting, unit
from .things import model, place
from .verified import EVEN, barcode, decide, test_on_benches

FIRST = 20260600001  # serial part of the first number of these orders
QUANTITY, SMALL = 3000, 120
SAMPLE_TAKES = timedelta(hours=7)  # six loads of one bench, so that none ends after now
SEALS_FROM, ACCEPTED_SEALS_FROM = 500001, 600001  # apart from those of the other chapters


def people() -> People:
    """Who does what on the way to a decision."""
    return People(
        buyer=acting("zhaolei"),
        keeper=acting("zhoumin"),
        sampler=acting("gaoyan"),
        technical=acting("sunli"),
        asset=acting("zhaolei"),
        returner=acting("zhaolei"),
    )


def from_file_to_decision(*, seed: int, password: str) -> None:
    """Through the services, as people would; the sample is tested on the laboratory's bench.

    The makers' files stay in `demo/` of the data folder.
    """
    folder = Path(settings.DATA) / "demo"
    folder.mkdir(exist_ok=True)
    centre, kind = unit("3540001"), model(files.GOODS.model)

    def test_sample(task: VerificationTask) -> None:
        test_on_benches(
            task,
            ["BZ0001"],
            seed=seed,
            first_seal=SEALS_FROM,
            began_at=timezone.now() - SAMPLE_TAKES,
            faults={},
            shape=EVEN,
        )
        decide(task, password=password)

    told = story(
        people=people(), unit=centre, model=kind, place=place("KF1-DJ"), folder=folder,
        first_code=barcode(FIRST), quantity=QUANTITY, small=SMALL, seed=seed,
        test_sample=test_sample,
    )  # fmt: skip
    for inspection in (told.accepted, told.rejected):
        sampling_report_issue(inspection=inspection, actor=acting("chenqiang"))
    waiting_order()


def waiting_order(quantity: int = files.QUANTITY) -> None:
    """The order of the tutorial: numbers are issued, the maker's file has not come."""
    kind = model(files.GOODS.model)
    order = order_make(
        order_no=files.ORDER_NO, manufacturer=kind.manufacturer, unit_id=unit("3540001").pk,
        ordered_on=date(2026, 9, 1), tender_batch=files.GOODS.tender_batch,
        contract_no=files.GOODS.contract_no, actor=acting("zhaolei"),
        lines=[{"model": kind, "quantity": quantity, "material_code": files.GOODS.material_code, "price_preset": files.GOODS.price_preset}],
    )  # fmt: skip
    segment_issue(
        line=order.lines.get(), first=files.GOODS.first_code, count=quantity,
        actor=acting("zhaolei"),
    )  # fmt: skip
