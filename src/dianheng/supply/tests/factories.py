"""Orders, files and arrivals by situation."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path


from dianheng.assets.tests.factories import single_phase_model
from dianheng.common.actor import Actor

from dianheng.identity.tests.factories import actor_with, metering_centre
from dianheng.supply.models import Arrival, DeliveryFile, OrderLine
from dianheng.supply.seeds import Goods, delivery_rows, write_csv
from dianheng.supply.services import (
    delivery_check,
    delivery_take,
    delivery_upload,
    order_make,
    segment_issue,
)

FIRST_CODE = "413000100000500000001"  # body of the first number of order A


def buyer(login: str = "caigou", name: str = "赵采购") -> Actor:
    """Who enters orders and takes delivery files."""
    return actor_with("supply.view", "supply.order", "supply.deliver", login=login, name=name)


def order_line(quantity: int = 100, *, has_segment: bool = True, order_no: str = "DD-2026-001", first: str = FIRST_CODE) -> OrderLine:
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
        segment_issue(line=line, first=first, count=quantity, actor=buyer(), issued_on=date(2026, 6, 2))
    return line


def goods(line: OrderLine) -> Goods:
    """What the maker delivers on the line."""
    segment = line.segments.first()
    return Goods(segment.first_code if segment else "4130001000005000000015", line.model.code, line.contract_no, line.tender_batch)


def delivery_of(path: Path, line: OrderLine) -> DeliveryFile:
    """The file, received."""
    return delivery_upload(line=line, path=path, name=path.name, actor=buyer())


def delivery_with(rows: Iterable[Sequence[str]], line: OrderLine, folder: Path, name: str = "delivery.csv") -> DeliveryFile:
    """A CSV file with these rows, received."""
    return delivery_of(write_csv(folder / name, rows), line)


def right_delivery(count: int, folder: Path, line: OrderLine | None = None, first: int = 0) -> DeliveryFile:
    """A file without a fault, checked."""
    line = line or order_line(count)
    delivery = delivery_with(delivery_rows(goods(line), count, first), line, folder, f"right-{first}.csv")
    return delivery_check(delivery=delivery, actor=buyer())


def announced(count: int, folder: Path, line: OrderLine | None = None, first: int = 0) -> Arrival:
    """A file that was taken: its devices are on order."""
    delivery = right_delivery(count, folder, line, first)
    return delivery_take(delivery=delivery, with_warnings=True, actor=buyer()).arrival


