"""Chapter: one order in each stage, so that everybody has something to do and every page its data."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from dianheng.assets.models import Lot
from dianheng.supply import services as supply
from dianheng.supply.models import Arrival, InspectionLot, OrderLine, SampleDevice
from dianheng.supply.seeds import Goods, delivery_rows, with_mistakes, write_xlsx
from dianheng.supply.story import CHECKS
from dianheng.verification.models import VerificationTask
from dianheng.verification.services import (
    loads_fill,
    results_approve,
    task_add_lot,
    task_make,
)
from dianheng.verification.services.decision import digest_of, rows_for

from .company import acting, unit
from .things import model, place
from .verified import EVEN, barcode, decide, test_on_benches

FIRST = 20260620001  # serial part of the first number of these orders
STAGES_SEALS_FROM = 800001


@dataclass(frozen=True)
class Stage:
    """An order and how far it goes: as the names of the steps below, each after those before."""

    order_no: str
    tender_batch: str
    model: str
    quantity: int
    step: str


STEPS = (
    "upload", "take", "scan", "receive", "state", "publish", "draw", "judge", "technical", "accept",
    "load", "test", "review", "approve",
)  # fmt: skip
STAGES = (
    Stage("DD-2026-0104", "2026-04", "DDZY1808-Z", 240, "upload"),
    Stage("DD-2026-0105", "2026-04", "DTZY1808-Z", 120, "take"),
    Stage("DD-2026-0106", "2026-05", "DDZY566-Z", 240, "scan"),
    Stage("DD-2026-0107", "2026-06", "DDZY566-Z", 240, "receive"),
    Stage("DD-2026-0108", "2026-05", "DTZY1808-Z", 96, "publish"),
    Stage("DD-2026-0109", "2026-07", "DDZY566-Z", 180, "draw"),
    Stage("DD-2026-0110", "2026-06", "DTZY1808-Z", 72, "technical"),
    Stage("DD-2026-0115", "2026-10", "DDZY566-Z", 96, "judge"),
    Stage("DD-2026-0111", "2026-08", "DDZY566-Z", 120, "accept"),
    Stage("DD-2026-0112", "2026-09", "DDZY566-Z", 180, "load"),
    Stage("DD-2026-0113", "2026-07", "DTZY1808-Z", 48, "review"),
    Stage("DD-2026-0114", "2026-08", "DTZY1808-Z", 24, "approve"),
)


def orders_in_each_stage(*, seed: int, password: str) -> None:
    """Small orders of the past weeks, each as far as it is today."""
    serial = FIRST
    for number, stage in enumerate(STAGES):
        OrderOnItsWay(stage, serial, number, seed, password).go()
        serial += stage.quantity


class OrderOnItsWay:
    """One order on its way; the steps are named as in `STEPS`."""

    def __init__(self, stage: Stage, serial: int, number: int, seed: int, password: str):
        self.stage, self.seed, self.password = stage, seed, password
        self.kind = model(stage.model)
        self.ordered_on = date(2026, 7, 6) + timedelta(days=9 * number)
        self.first_seal = STAGES_SEALS_FROM + 1000 * number
        self.line = self._order(serial)

    def go(self) -> None:
        """As far as its stage says."""
        self.take_steps(*STEPS[: STEPS.index(self.stage.step) + 1])

    def take_steps(self, *names: str) -> None:
        """These steps, whatever the stage says: for an order whose way forks."""
        for name in names:
            step: Callable[[], None] = getattr(self, f"_{name}")
            step()

    def _order(self, serial: int) -> OrderLine:
        stage = self.stage
        order = supply.order_make(
            order_no=stage.order_no, manufacturer=self.kind.manufacturer, unit_id=unit("3540001").pk,
            ordered_on=self.ordered_on, tender_batch=stage.tender_batch,
            contract_no=stage.order_no.replace("DD", "HT"), actor=acting("zhaolei"),
            lines=[{"model": self.kind, "quantity": stage.quantity, "material_code": "500012346", "price_preset": "JM-2026-01"}],
        )  # fmt: skip
        line: OrderLine = order.lines.get()
        supply.segment_issue(
            line=line, first=barcode(serial), count=stage.quantity, actor=acting("zhaolei")
        )
        return line

    def _upload(self) -> None:
        """A file that only waits for its check has mistakes; one that is taken has none."""
        goods = Goods(
            self.line.segments.get().first_code, self.kind.code, self.line.contract_no,
            self.line.tender_batch, self.line.material_code, self.line.price_preset,
            produced_from=self.ordered_on + timedelta(days=20),
        )  # fmt: skip
        rows = delivery_rows(goods, self.stage.quantity)
        if self.stage.step == "upload":
            rows = with_mistakes(rows, 0.04, self.seed)
        path = write_xlsx(Path(settings.DATA) / "demo" / f"{self.stage.order_no}.xlsx", rows)
        self.delivery = supply.delivery_upload(
            line=self.line, path=path, name=path.name, actor=acting("zhaolei")
        )
        self.delivery = supply.delivery_check(self.delivery, actor=acting("zhaolei"))

    def _take(self) -> None:
        taken = supply.delivery_take(self.delivery, with_warnings=True, actor=acting("zhaolei"))
        self.arrival: Arrival = taken.arrival

    def _scan(self) -> None:
        """Box by box; an arrival that is still being scanned lacks its last boxes."""
        supply.arrival_make(
            arrival=self.arrival, place=place("KF1-DJ"), actor=acting("zhoumin"),
            delivery_note_no=f"SH-{self.arrival.number}",
        )  # fmt: skip
        codes = list(self.arrival.boxes.order_by("code").values_list("code", flat=True))
        if self.stage.step == "scan":
            codes = codes[: len(codes) * 2 // 3]
        scans = [{"key": f"{self.arrival.number}:{code}", "code": code} for code in codes]
        supply.arrival_scan(arrival=self.arrival, scans=scans, actor=acting("zhoumin"))

    def _receive(self) -> None:
        self.arrival = supply.arrival_confirm(
            arrival=self.arrival, checks=CHECKS, actor=acting("zhoumin")
        )

    def _state(self) -> None:
        self.inspection: InspectionLot
        (self.inspection,) = supply.inspection_make(
            lot=self.arrival.lot, split=[[{"arrival": self.arrival}]], actor=acting("gaoyan")
        )

    def _publish(self) -> None:
        supply.draw_publish(inspection=self.inspection, actor=acting("gaoyan"))

    def _draw(self) -> None:
        supply.draw_close(inspection=self.inspection, actor=acting("gaoyan"))
        self.inspection.refresh_from_db()

    def _judge(self) -> None:
        codes = SampleDevice.objects.filter(draw__inspection=self.inspection).order_by("rank")
        supply.sample_result_record(
            inspection=self.inspection, actor=acting("gaoyan"),
            results=[{"barcode": code} for code in codes.values_list("device__barcode", flat=True)],
        )  # fmt: skip
        self.inspection = supply.sample_judge(inspection=self.inspection, actor=acting("gaoyan"))

    def _technical(self) -> None:
        supply.acceptance_decide(
            inspection=self.inspection, department="technical", opinion="accept",
            text="抽检合格，同意接收", actor=acting("sunli"),
        )  # fmt: skip

    def _accept(self) -> None:
        supply.acceptance_decide(
            inspection=self.inspection, department="asset", opinion="accept",
            text="数量、资料齐全，同意接收", actor=acting("zhaolei"),
        )  # fmt: skip

    # -- on the benches ----------------------------------------------------------------------------

    def _load(self) -> None:
        """On the way to the bench; a lot that goes no farther waits there."""
        lot = Lot.objects.get(pk=self.arrival.lot_id)
        today = timezone.localdate()
        self.task: VerificationTask = task_make(
            unit=unit("3540001"), kind="initial", model=self.kind, lot=lot, actor=acting("gaoyan"),
            planned_from=today - timedelta(days=3), planned_through=today + timedelta(days=4),
        )  # fmt: skip
        task_add_lot(task=self.task, actor=acting("gaoyan"))
        if self.stage.step == "load":
            bench = place("SYS1").devices.get(barcode="BZ0001")
            loads_fill(task=self.task, benches=[bench], at_most=1, actor=acting("zhangwei"))

    def _test(self) -> None:
        """Those that will be approved come without seals, to be applied by hand."""
        test_on_benches(
            self.task,
            ["BZ0003"],
            seed=self.seed,
            first_seal=0 if self.stage.step == "approve" else self.first_seal,
            began_at=timezone.now() - timedelta(days=1),
            shape=EVEN,
        )

    def _review(self) -> None:
        decide(self.task, password=self.password, approve=False)

    def _approve(self) -> None:
        keys = list(self.task.devices.filter(step="reviewed").values_list("pk", flat=True))
        results_approve(
            task=self.task, task_device_ids=keys, seen_digest=digest_of(rows_for(self.task, keys)),
            password=self.password, actor=acting("chenqiang"),
        )  # fmt: skip
