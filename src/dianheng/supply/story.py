"""Two orders from file to decision, for demo and tutorial: one lot passes, one goes back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from dianheng.assets.models import DeviceModel, Place
from dianheng.common.actor import Actor
from dianheng.identity.models import Unit
from dianheng.verification.models import VerificationTask

from . import services
from .models import Arrival, InspectionLot, OrderLine, ReturnOrder, SampleDevice
from .seeds import Goods, delivery_rows, with_mistakes, write_xlsx

SCANS_AT_ONCE = 200
CHECKS = (
    {"check": "packing", "requirement": "完好、无受潮", "result": "完好", "conclusion": "pass"},
    {"check": "documents", "requirement": "装箱单、出厂检验报告齐全", "result": "齐全", "conclusion": "pass"},
)  # fmt: skip


@dataclass(frozen=True)
class People:
    """Who does what; sampler, technical and asset are three persons."""

    buyer: Actor  # supply.order, supply.deliver
    keeper: Actor  # supply.receive
    sampler: Actor  # supply.inspect, verification.plan
    technical: Actor  # supply.decide_technical
    asset: Actor  # supply.decide_asset
    returner: Actor  # supply.return


@dataclass(frozen=True)
class Told:
    """What came of it."""

    accepted: InspectionLot
    rejected: InspectionLot
    returned: ReturnOrder


def story(
    *,
    people: People,
    unit: Unit,
    model: DeviceModel,
    place: Place,
    folder: Path,
    first_code: str,
    quantity: int = 3000,
    small: int = 120,
    ordered_on: date = date(2026, 6, 1),
    seed: int = 1,
    test_sample: Callable[[VerificationTask], Any] | None = None,
) -> Told:
    """Tell both orders through the services, as people would.

    Args:
        first_code: body or code of the first number; `quantity + small` numbers are issued.
        folder: where the makers' files are written.
        seed: of the mistakes in the first file.
        test_sample: tests, reviews and approves a sampling task; absent: results by hand.
    """
    line = _order(people, unit, model, "DD-2026-0101", "2026-01", quantity, first_code, ordered_on)
    goods = Goods(
        line.segments.get().first_code, model.code, line.contract_no, line.tender_batch,
        line.material_code, line.price_preset,
    )  # fmt: skip
    wrong = write_xlsx(
        folder / "delivery-with-mistakes.xlsx",
        with_mistakes(delivery_rows(goods, quantity), 0.01, seed),
    )
    delivery = services.delivery_upload(line=line, path=wrong, name=wrong.name, actor=people.buyer)
    services.delivery_check(delivery, actor=people.buyer)
    services.delivery_refuse(delivery, reason="条码、型号等有误，请更正后重发", actor=people.buyer)
    arrival = _receive(people, place, _take(people, line, goods, quantity, folder))
    accepted = _inspect(people, unit, arrival, test_sample)
    accepted = _decide(people, accepted, "accept", "抽检合格，同意接收")

    body = str(int(first_code[:21]) + quantity)
    line = _order(people, unit, model, "DD-2026-0102", "2026-02", small, body, ordered_on)
    goods = Goods(
        line.segments.get().first_code, model.code, line.contract_no, line.tender_batch,
        line.material_code, line.price_preset,
    )  # fmt: skip
    arrival = _receive(people, place, _take(people, line, goods, small, folder))
    rejected = _inspect(people, unit, arrival, None, failing=2)
    rejected = _decide(people, rejected, "reject", "样品密钥状态不符，整批拒收")
    order = services.return_notify(
        order=rejected.return_order,
        demand="更换整批并提交整改报告",
        contact="计量中心",
        answer_until_on=timezone.localdate() + timedelta(days=15),
        actor=people.returner,
    )
    order = services.return_to_maker(order=order, carrier="厂家自提", actor=people.returner)
    return Told(accepted, rejected, order)


def _order(
    people: People, unit: Unit, model: DeviceModel, order_no: str, batch: str, quantity: int,
    first: str, ordered_on: date,
) -> OrderLine:  # fmt: skip
    order = services.order_make(
        order_no=order_no, manufacturer=model.manufacturer, unit_id=unit.pk, ordered_on=ordered_on,
        tender_batch=batch, contract_no=order_no.replace("DD", "HT"), actor=people.buyer,
        lines=[{"model": model, "quantity": quantity, "material_code": "500012345", "price_preset": "JM-2026-01"}],
    )  # fmt: skip
    line: OrderLine = order.lines.get()
    services.segment_issue(line=line, first=first, count=quantity, actor=people.buyer)
    return line


def _take(people: People, line: OrderLine, goods: Goods, count: int, folder: Path) -> Arrival:
    path = write_xlsx(folder / f"delivery-{line.order.order_no}.xlsx", delivery_rows(goods, count))
    delivery = services.delivery_upload(line=line, path=path, name=path.name, actor=people.buyer)
    delivery = services.delivery_check(delivery, actor=people.buyer)
    taken = services.delivery_take(delivery, with_warnings=True, actor=people.buyer)
    arrival: Arrival = taken.arrival
    return arrival


def _receive(people: People, place: Place, arrival: Arrival) -> Arrival:
    """Box by box, as the file packs them."""
    services.arrival_make(
        arrival=arrival, place=place, delivery_note_no=f"SH-{arrival.number}", actor=people.keeper
    )
    scans = [
        {"key": f"{arrival.number}:{code}", "code": code}
        for code in arrival.boxes.order_by("code").values_list("code", flat=True)
    ]
    for at in range(0, len(scans), SCANS_AT_ONCE):
        part = scans[at : at + SCANS_AT_ONCE]
        services.arrival_scan(arrival=arrival, scans=part, actor=people.keeper)
    return services.arrival_confirm(arrival=arrival, checks=CHECKS, actor=people.keeper)


def _inspect(
    people: People,
    unit: Unit,
    arrival: Arrival,
    test_sample: Callable[[VerificationTask], Any] | None,
    failing: int = 0,
) -> InspectionLot:
    (made,) = services.inspection_make(
        lot=arrival.lot, split=[[{"arrival": arrival}]], actor=people.sampler
    )
    services.draw_publish(inspection=made, actor=people.sampler)
    services.draw_close(inspection=made, actor=people.sampler)
    made.refresh_from_db()
    if test_sample is not None:
        task = services.sample_task_make(inspection=made, laboratory=unit, actor=people.sampler)
        test_sample(task)
        services.sample_results_read(inspection=made, actor=people.sampler)
    else:
        services.sample_result_record(
            inspection=made, results=_by_hand(made, failing), actor=people.sampler
        )
    return services.sample_judge(inspection=made, actor=people.sampler)


def _by_hand(inspection: InspectionLot, failing: int) -> Sequence[dict[str, Any]]:
    codes = SampleDevice.objects.filter(draw__inspection=inspection).order_by("rank")
    results: list[dict[str, Any]] = [
        {"barcode": code} for code in codes.values_list("device__barcode", flat=True)
    ]
    for result in results[:failing]:
        result["nonconformities"] = [{"item": "key_state", "measured": "测试密钥", "limit": "正式密钥"}]  # fmt: skip
    return results


def _decide(people: People, inspection: InspectionLot, opinion: str, text: str) -> InspectionLot:
    for department, actor in (("technical", people.technical), ("asset", people.asset)):
        inspection = services.acceptance_decide(
            inspection=inspection, department=department, opinion=opinion, text=text, actor=actor
        )
    return inspection
