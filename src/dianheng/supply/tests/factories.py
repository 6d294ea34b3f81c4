"""Orders, files and arrivals by situation."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from dianheng.assets.tests.factories import single_phase_model, store
from dianheng.common.actor import Actor
from dianheng.identity.tests.factories import actor_with, metering_centre
from dianheng.supply.models import Arrival, DeliveryFile, InspectionLot, OrderLine
from dianheng.supply.seeds import Goods, delivery_rows, write_csv
from dianheng.supply.services import (
    arrival_confirm,
    arrival_make,
    arrival_scan,
    delivery_check,
    delivery_take,
    delivery_upload,
    draw_close,
    draw_publish,
    inspection_make,
    order_make,
    sample_judge,
    sample_result_record,
    segment_issue,
)

FIRST_CODE = "413000100000500000001"  # body of the first number of order A


def buyer(login: str = "caigou", name: str = "赵采购") -> Actor:
    """Who enters orders and takes delivery files."""
    return actor_with("supply.view", "supply.order", "supply.deliver", login=login, name=name)


def order_line(
    quantity: int = 100,
    *,
    has_segment: bool = True,
    order_no: str = "DD-2026-001",
    first: str = FIRST_CODE,
) -> OrderLine:
    """An order for single-phase meters with its number segment issued."""
    found = OrderLine.objects.filter(order__order_no=order_no).first()
    if found:
        return found
    model = single_phase_model()
    order = order_make(
        order_no=order_no, manufacturer=model.manufacturer, unit_id=metering_centre().pk,
        ordered_on=date(2026, 6, 1), tender_batch="2026-01", contract_no="HT-2026-0001", actor=buyer(),
        lines=[{"model": model, "quantity": quantity, "material_code": "500012345", "price_preset": "JM-2026-01"}],
    )  # fmt: skip
    line = order.lines.get()
    if has_segment:
        segment_issue(
            line=line, first=first, count=quantity, actor=buyer(), issued_on=date(2026, 6, 2)
        )
    return line


def goods(line: OrderLine) -> Goods:
    """What the maker delivers on the line."""
    segment = line.segments.first()
    return Goods(
        segment.first_code if segment else "4130001000005000000015",
        line.model.code,
        line.contract_no,
        line.tender_batch,
    )


def delivery_of(path: Path, line: OrderLine) -> DeliveryFile:
    """The file, received."""
    return delivery_upload(line=line, path=path, name=path.name, actor=buyer())


def delivery_with(
    rows: Iterable[Sequence[str]], line: OrderLine, folder: Path, name: str = "delivery.csv"
) -> DeliveryFile:
    """A CSV file with these rows, received."""
    return delivery_of(write_csv(folder / name, rows), line)


def right_delivery(
    count: int, folder: Path, line: OrderLine | None = None, first: int = 0
) -> DeliveryFile:
    """A file without a fault, checked."""
    line = line or order_line(count)
    delivery = delivery_with(
        delivery_rows(goods(line), count, first), line, folder, f"right-{first}.csv"
    )
    return delivery_check(delivery, actor=buyer())


def announced(count: int, folder: Path, line: OrderLine | None = None, first: int = 0) -> Arrival:
    """A file that was taken: its devices are on order."""
    delivery = right_delivery(count, folder, line, first)
    return delivery_take(delivery, with_warnings=True, actor=buyer()).arrival


def received(count: int, folder: Path, line: OrderLine | None = None, first: int = 0) -> Arrival:
    """A delivery that was scanned box by box and received in full."""
    arrival = announced(count, folder, line, first)
    keeper = actor_with("supply.view", "supply.receive", login="shouhuo", name="孙收货")
    arrival_make(arrival=arrival, place=store(), delivery_note_no="SH-1", actor=keeper)
    arrival_scan(
        arrival=arrival, actor=keeper,
        scans=[{"key": f"b{n}", "code": box.code} for n, box in enumerate(arrival.boxes.all())],
    )  # fmt: skip
    return arrival_confirm(arrival=arrival, actor=keeper)


def sampler() -> Actor:
    """Who states splits, draws and records."""
    return actor_with(
        "supply.view",
        "supply.inspect",
        "verification.plan",
        "verification.view",
        login="chouyang",
        name="周抽样",
    )


def technical() -> Actor:
    """Who signs for the technical department."""
    return actor_with("supply.view", "supply.decide_technical", login="jishu", name="吴技术")


def asset() -> Actor:
    """Who signs for the asset department."""
    return actor_with("supply.view", "supply.decide_asset", login="zichan", name="郑资产")


def inspection_of(arrival: Arrival, **options: object) -> InspectionLot:
    """The whole arrival as one lot."""
    (made,) = inspection_make(
        lot=arrival.lot, split=[[{"arrival": arrival}]], actor=sampler(), **options
    )
    return made


def drawn(arrival: Arrival, **options: object) -> InspectionLot:
    """A lot whose sample is drawn."""
    inspection = inspection_of(arrival, **options)
    draw_publish(inspection=inspection, actor=sampler())
    draw_close(inspection=inspection, actor=sampler())
    return InspectionLot.objects.get(pk=inspection.pk)


def sample_codes(inspection: InspectionLot) -> list[str]:
    """Bar codes of the sample in the order of the draw."""
    return list(inspection.draw.sample.order_by("rank").values_list("device__barcode", flat=True))


def judged(arrival: Arrival, *classes: str, **options: object) -> InspectionLot:
    """A lot judged by a sample whose first devices have a nonconformity of these classes each."""
    inspection = drawn(arrival, **options)
    codes = sample_codes(inspection)
    results = [{"barcode": code} for code in codes]
    for result, name in zip(results, classes, strict=False):
        result["nonconformities"] = [{"item": "relay", "class": name}]
    sample_result_record(inspection=inspection, results=results, actor=sampler())
    return sample_judge(inspection=inspection, actor=sampler())
