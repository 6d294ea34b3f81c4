"""The check of a delivery file: every error at once, with its row; a dry run takes nothing."""

import pytest

from dianheng.assets.models import Device, DeviceEvent, Lot
from dianheng.supply.models import Arrival, DeliveryFile
from dianheng.supply.seeds import MISTAKES, delivery_rows, each_mistake_once
from dianheng.supply.services import delivery_check, delivery_take

from .factories import buyer, delivery_with, goods, order_line, right_delivery

pytestmark = pytest.mark.django_db


def test_a_right_file_has_no_fault_and_its_dry_run_leaves_nothing(tmp_path):
    delivery = right_delivery(50, tmp_path)
    assert (delivery.state, delivery.row_count, delivery.fault_count, delivery.findings) == (
        "checked",
        50,
        0,
        [],
    )
    assert Device.objects.count() == Arrival.objects.count() == Lot.objects.count() == 0


def test_every_kind_of_mistake_is_listed_at_once_with_its_row(tmp_path):
    line = order_line(200)
    rows = each_mistake_once(delivery_rows(goods(line), 200))
    delivery = delivery_check(delivery_with(rows, line, tmp_path), actor=buyer())
    found = {
        (f.row_no, f.code, f.field) for f in delivery.faults.all() if f.code != "address_differs"
    }
    wanted = {(10 + 7 * n + 2, code, field) for n, (code, field, _spoil) in enumerate(MISTAKES)}
    assert found == wanted
    assert delivery.state == "faulty"


def test_taking_writes_devices_ledger_lot_and_arrival_in_one_go(tmp_path):
    delivery = right_delivery(30, tmp_path)
    taken = delivery_take(delivery, actor=buyer())
    assert taken.state == "taken"
    devices = Device.objects.all()
    assert (devices.count(), set(devices.values_list("state", flat=True))) == (30, {"on_order"})
    assert (
        DeviceEvent.objects.filter(verb="announce", document=f"delivery:{delivery.number}").count()
        == 30
    )
    device = devices.select_related("meter", "lot").order_by("barcode").first()
    assert device.arrival_no == taken.arrival.number
    assert (device.lot.tender_batch, device.purchased_on.isoformat()) == ("2026-01", "2026-06-01")
    assert (device.meter.prepayment, device.meter.key_state, device.meter.price_preset) == (
        "remote",
        "formal",
        "JM-2026-01",
    )
    assert sum(len(box.device_ids) for box in taken.arrival.boxes.all()) == 30
    assert DeliveryFile.objects.get().state == "taken"
