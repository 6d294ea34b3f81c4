"""Chapter: three orders. One lot is accepted, one goes back, one waits for the maker's file."""

from datetime import date
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from dianheng.supply.seeds import Goods, delivery_rows, with_mistakes, write_xlsx
from dianheng.supply.services import order_make, segment_issue
from dianheng.supply.story import People, story
from dianheng.verification.models import VerificationTask
from dianheng.verification.simulator import Shape

from .company import acting, unit
from .things import model, place
from .verified import barcode, decide, test_on_benches

FIRST = 20260600001  # serial part of the first number of these orders
QUANTITY, SMALL, WAITING = 3000, 120, 600
EVEN = Shape(spread=0.05)  # meters of one lot lie close together: sampling judges consistency
SEALS_FROM = 500001  # apart from those of the other chapters


def from_file_to_decision(*, seed: int, password: str) -> None:
    """Through the services, as people would; the sample is tested on the laboratory's bench.

    The makers' files stay in `demo/` of the data folder, to be taken again by hand.
    """
    folder = Path(settings.DATA) / "demo"
    folder.mkdir(exist_ok=True)
    centre, kind = unit("3540001"), model("DDZY1808-Z")

    def test_sample(task: VerificationTask) -> None:
        test_on_benches(
            task,
            ["BZ0001"],
            seed=seed,
            first_seal=SEALS_FROM,
            began_at=timezone.now(),
            faults={},
            shape=EVEN,
        )
        decide(task, password=password)

    story(
        people=People(
            buyer=acting("zhaolei"),
            keeper=acting("zhoumin"),
            sampler=acting("gaoyan"),
            technical=acting("sunli"),
            asset=acting("zhaolei"),
            returner=acting("zhaolei"),
        ),
        unit=centre, model=kind, place=place("KF1-DJ"), folder=folder, first_code=barcode(FIRST),
        quantity=QUANTITY, small=SMALL, seed=seed, test_sample=test_sample,
    )  # fmt: skip
    order = order_make(
        order_no="DD-2026-0103", manufacturer=kind.manufacturer, unit_id=centre.pk,
        ordered_on=date(2026, 9, 1), tender_batch="2026-03", contract_no="HT-2026-0103", actor=acting("zhaolei"),
        lines=[{"model": kind, "quantity": WAITING, "material_code": "500012345", "price_preset": "JM-2026-01"}],
    )  # fmt: skip
    line = order.lines.get()
    segment_issue(
        line=line, first=barcode(FIRST + QUANTITY + SMALL), count=WAITING, actor=acting("zhaolei")
    )
    goods = Goods(
        line.segments.get().first_code, kind.code, line.contract_no, line.tender_batch,
        line.material_code, line.price_preset,
    )  # fmt: skip
    rows = list(delivery_rows(goods, WAITING))
    write_xlsx(folder / "to-take-with-mistakes.xlsx", with_mistakes(rows, 0.01, seed))
    write_xlsx(folder / "to-take.xlsx", rows)
