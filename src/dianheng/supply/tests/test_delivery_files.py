"""Delivery files as makers send them: any encoding, hostile ones, the same one twice."""

import pytest

from dianheng.assets.models import Device, DeviceEvent
from dianheng.common.errors import Refused
from dianheng.supply.models import Arrival, DeliveryFile
from dianheng.supply.seeds import delivery_rows, each_mistake_once, write_csv, write_xlsx
from dianheng.supply.services import delivery_check, delivery_take

from .factories import buyer, delivery_of, delivery_with, goods, order_line, right_delivery

pytestmark = pytest.mark.django_db


def found(delivery):
    return [
        (f.row_no, f.field, f.code, f.value)
        for f in delivery.faults.order_by("row_no", "field", "code")
    ]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-16"])
def test_a_file_is_checked_the_same_in_every_encoding(tmp_path, encoding):
    line = order_line(200)
    rows = each_mistake_once(delivery_rows(goods(line), 200))
    plain = delivery_check(delivery_of(write_csv(tmp_path / "a.csv", rows), line), actor=buyer())
    other = delivery_of(write_csv(tmp_path / "b.csv", rows, encoding=encoding), line)
    assert found(delivery_check(other, actor=buyer())) == found(plain) != []


def test_a_workbook_is_checked_as_its_csv_is(tmp_path):
    line = order_line(200)
    rows = each_mistake_once(delivery_rows(goods(line), 200))
    plain = delivery_check(delivery_of(write_csv(tmp_path / "a.csv", rows), line), actor=buyer())
    book = delivery_of(write_xlsx(tmp_path / "a.xlsx", rows), line)
    assert found(delivery_check(book, actor=buyer())) == found(plain)


def test_what_the_dry_run_said_is_what_the_taking_finds(tmp_path):
    line = order_line(60)
    checked = right_delivery(50, tmp_path, line)  # short of the order: a remark
    said = (checked.row_count, checked.fault_count, checked.findings, found(checked))
    assert not Device.objects.exists()
    with pytest.raises(Refused) as refused:
        delivery_take(checked, actor=buyer())
    assert refused.value.refusal.code == "warnings"
    assert not Device.objects.exists()
    taken = delivery_take(checked, with_warnings=True, actor=buyer())
    assert (taken.row_count, taken.fault_count, taken.findings, found(taken)) == said
    assert Device.objects.count() == 50


def test_a_faulty_file_is_not_taken_by_any_door(tmp_path):
    line = order_line(200)
    rows = each_mistake_once(delivery_rows(goods(line), 200))
    delivery = delivery_check(delivery_with(rows, line, tmp_path), actor=buyer())
    before = found(delivery)
    for with_warnings in (False, True):
        with pytest.raises(Refused) as refused:
            delivery_take(delivery, with_warnings=with_warnings, actor=buyer())
        assert refused.value.refusal.code == "delivery_faulty"
    assert (Device.objects.count(), Arrival.objects.count()) == (0, 0)
    assert found(DeliveryFile.objects.get()) == before


def test_the_same_file_twice_is_one_delivery_and_one_taking(tmp_path):
    line = order_line(30)
    path = write_csv(tmp_path / "a.csv", delivery_rows(goods(line), 30))
    one, two = delivery_of(path, line), delivery_of(path, line)
    assert one == two
    delivery_check(one, actor=buyer())
    for _time in range(2):
        one.refresh_from_db()
        assert delivery_take(one, with_warnings=True, actor=buyer()).state == "taken"
    assert (Device.objects.count(), DeviceEvent.objects.count(), Arrival.objects.count()) == (
        30, 30, 1,
    )  # fmt: skip


def test_the_same_devices_in_other_bytes_are_all_in_the_register(tmp_path):
    line = order_line(60)
    right = right_delivery(30, tmp_path, line)
    delivery_take(right, with_warnings=True, actor=buyer())
    rows = delivery_rows(goods(line), 30)
    again = delivery_check(
        delivery_of(write_csv(tmp_path / "again.csv", rows, encoding="gb18030"), line),
        actor=buyer(),
    )
    codes = again.faults.filter(code="in_register", field="barcode")
    assert (again.state, codes.count(), Device.objects.count()) == ("faulty", 30, 30)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04cut off",
        b"%PDF-1.7",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"\x00\x01" * 500,
    ],
    ids=["empty", "cut off", "a PDF", "an old .xls", "junk"],
)
def test_what_is_no_list_is_refused_and_nothing_is_kept(tmp_path, content):
    path = tmp_path / "delivery.xlsx"
    path.write_bytes(content)
    with pytest.raises(Refused) as refused:
        delivery_of(path, order_line(5))
    assert refused.value.refusal.code == "bad_input"
    assert not DeliveryFile.objects.exists()
