"""A maker's test data: whatever is wrong is told at once with its row, what is right is kept once."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dianheng.assets.models import Device
from dianheng.assets.tests.factories import meters
from dianheng.common.errors import Refused
from dianheng.identity.tests.factories import actor_with, person_with
from dianheng.supply.models import MakerTestFile, MakerTestResult
from dianheng.supply.seeds import write_csv
from dianheng.supply.services import (
    maker_tests_check,
    maker_tests_refuse,
    maker_tests_take,
    maker_tests_upload,
)
from dianheng.supply.services.maker_tests import WAY
from dianheng.verification.tests.transformers import transformer_model, transformers

from .factories import announced, buyer
from .maker import HEADS, maker_file, meter_rows
from .test_api import Machine

pytestmark = pytest.mark.django_db


@pytest.fixture
def lot(tmp_path):
    return announced(10, tmp_path).lot


def found(tests):
    return [(f.row_no, f.field, f.code) for f in tests.faults.order_by("row_no", "field", "code")]


def test_what_the_maker_states_is_kept_point_by_point(lot, tmp_path):
    tests = maker_file(meter_rows(lot), lot, tmp_path)
    assert (tests.state, tests.row_count, found(tests)) == ("checked", 30, [])
    assert not MakerTestResult.objects.exists()
    taken = maker_tests_take(tests, actor=buyer())
    assert taken.state == "taken"
    first = Device.objects.filter(lot=lot).order_by("barcode").first()
    rows = MakerTestResult.objects.filter(device=first).values_list(
        "item", "direction", "phases", "load_point", "factor", "value"
    )
    assert list(rows) == [
        ("basic_error", "forward_active", "ABC", "Ib", "1.0", Decimal("0.12")),
        ("basic_error", "forward_active", "ABC", "0.1Ib", "1.0", Decimal("-0.05")),
        ("basic_error", "forward_active", "ABC", "Imax", "0.5L", Decimal("0.20")),
    ]


def test_the_same_file_twice_is_one_file_and_its_figures_are_kept_once(lot, tmp_path):
    one = maker_file(meter_rows(lot), lot, tmp_path)
    two = maker_file(meter_rows(lot), lot, tmp_path)
    assert one == two
    for _time in range(2):
        maker_tests_take(one, actor=buyer(), request_key="k")
    assert MakerTestResult.objects.count() == 30
    # The same figures in other bytes: every point is known, nothing is kept twice.
    again = maker_file(meter_rows(lot), lot, tmp_path, (*HEADS[:5], "基本误差(%)"), "again.csv")
    assert {code for _row, _field, code in found(again)} == {"known_already"}
    assert again.fault_count == 30


def test_a_refused_file_stays_and_makes_room_for_the_corrected_one(lot, tmp_path):
    tests = maker_tests_take(maker_file(meter_rows(lot), lot, tmp_path), actor=buyer())
    maker_tests_refuse(tests, reason="厂家装置未溯源，重报", actor=buyer())
    assert MakerTestResult.objects.count() == 30
    rows = meter_rows(lot, [("Ib", "1.0", "0.14")])
    again = maker_file(rows, lot, tmp_path, name="corrected.csv")
    assert maker_tests_take(again, actor=buyer()).state == "taken"


def test_every_mistake_is_listed_with_its_row(lot, tmp_path):
    rows = meter_rows(lot)
    rows[1][0] = "4130001000000446529641"  # nobody's
    rows[2][0] = ""
    rows[2][1] = ""
    rows[3][3] = "满载"
    rows[4][4] = "0.5X"
    rows[5][5] = "合格"
    rows[6][5] = "25.3"
    rows[7][5] = ""
    rows[8][2] = "D相"
    rows[9][1] = "不是这只表"
    rows[10] = [rows[9][0], "", *rows[9][2:]]  # the point of row 11 again
    tests = maker_file(rows, lot, tmp_path)
    assert tests.state == "faulty"
    assert found(tests) == [
        (3, "barcode", "unknown_device"),
        (4, "barcode", "no_code"),
        (5, "load", "format"),
        (6, "factor", "format"),
        (7, "error_pct", "format"),
        (8, "error_pct", "out_of_range"),
        (9, "error_pct", "missing"),
        (10, "phases", "choice"),
        (11, "serial_no", "serial_differs"),
        (12, "barcode", "point_twice"),
    ]
    with pytest.raises(Refused) as refused:
        maker_tests_take(tests, with_warnings=True, actor=buyer())
    assert refused.value.refusal.code == "maker_tests_faulty"
    assert not MakerTestResult.objects.exists()


def test_devices_of_others_are_named_as_whose_they_are(lot, tmp_path):
    foreign = transformers(transformer_model(), 1)[0]
    stray = meters(1, first=900)[0]  # of the same maker, in no lot
    rows = meter_rows(lot)
    rows[0][:2] = [foreign.barcode, ""]
    rows[1][:2] = [stray.barcode, ""]
    assert found(maker_file(rows, lot, tmp_path)) == [
        (2, "barcode", "other_maker"),
        (3, "barcode", "other_lot"),
    ]


def test_a_column_in_another_unit_is_told_by_its_head_and_by_its_size(lot, tmp_path):
    head = (*HEADS[:5], "误差(‱)")
    tests = maker_file(meter_rows(lot), lot, tmp_path, head, "head.csv")
    assert found(tests) == [(0, "error_pct", "wrong_unit")]
    rows = [[*row[:5], str(Decimal(row[5]) * 40)] for row in meter_rows(lot)]
    assert (0, "error_pct", "wrong_unit") in found(maker_file(rows, lot, tmp_path, name="size.csv"))
    rows = [[*row[:5], str(Decimal(row[5]) / 100)] for row in meter_rows(lot)]
    tests = maker_file(rows, lot, tmp_path, name="small.csv")
    assert (tests.state, found(tests)) == ("checked", [(0, "error_pct", "unit_small")])


def test_devices_without_figures_are_remarked(lot, tmp_path):
    tests = maker_file(meter_rows(lot)[:6], lot, tmp_path)
    assert (tests.warning_count, found(tests)) == (1, [(0, "", "devices_lack")])
    with pytest.raises(Refused):
        maker_tests_take(tests, actor=buyer())


def test_makers_numbers_alone_name_the_devices(lot, tmp_path):
    rows = [row[1:] for row in meter_rows(lot)]
    rows[0][0] = "0"
    tests = maker_file(rows, lot, tmp_path, HEADS[1:])
    assert found(tests) == [(2, "serial_no", "unknown_device")]


def test_a_column_that_lacks_is_asked_for(lot, tmp_path):
    tests = maker_file([row[:5] for row in meter_rows(lot)], lot, tmp_path, HEADS[:5])
    assert found(tests) == [(0, "error_pct", "column_missing")]


def test_an_empty_file_is_refused_and_nothing_is_kept(lot, tmp_path):
    path = tmp_path / "empty.csv"
    path.write_bytes(b"")
    with pytest.raises(Refused):
        maker_tests_upload(lot=lot, path=path, name="empty.csv", actor=buyer())
    assert not MakerTestFile.objects.exists()
    tests = maker_file([], lot, tmp_path, name="heads only.csv")
    assert found(tests) == [(0, "", "no_rows")]


def test_without_the_right_nothing_is_received(lot, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("条形码,负载点,功率因数,误差\n1,Ib,1.0,0.1\n", "utf-8")
    keeper = actor_with("supply.view", "supply.receive", login="keeper")
    with pytest.raises(Refused) as refused:
        maker_tests_upload(lot=lot, path=path, name="a.csv", actor=keeper)
    assert refused.value.refusal.code == "no_right"
    tests = maker_file(meter_rows(lot), lot, tmp_path)
    with pytest.raises(Refused):
        maker_tests_check(tests, actor=keeper)
    with pytest.raises(Refused):
        maker_tests_take(tests, actor=keeper)
    assert not MakerTestResult.objects.exists()


def post(client, name, *args, **data):
    return client.post(reverse(name, args=args), data, follow=True).content.decode()


def test_the_file_goes_through_its_pages(lot, tmp_path, client):
    client.force_login(person_with("*", login="chief", name="秦主任"))
    page = client.get(reverse("lot", args=[lot.code])).content.decode()
    assert reverse("maker_tests_new", args=[lot.code]) in page
    path = write_csv(tmp_path / "表头不同.csv", meter_rows(lot), (*HEADS[:5], "我厂数据"))
    sent = SimpleUploadedFile(path.name, path.read_bytes())
    page = post(client, "maker_tests_new", lot.code, file=sent)
    tests = MakerTestFile.objects.get()
    assert tests.state == "received" and "我厂数据" in page
    fields = ["barcode", "serial_no", "phases", "load", "factor", "error_pct"]
    columns = {f"column-{n}": field for n, field in enumerate(fields)}
    page = post(client, "maker_tests_map", tests.number, **columns)
    assert "30 行，没有错误" in page
    assert "已导入" in post(client, "maker_tests_take", tests.number)
    marked = client.get(reverse("maker_tests_marked", args=[tests.number]))
    assert marked.getvalue().startswith(b"PK")
    page = post(client, "maker_tests_refuse", tests.number, reason="厂家重报")
    assert "已退回" in page and MakerTestFile.objects.get().state == "refused"
    # The same head of the same maker is known the next time.
    path = write_csv(tmp_path / "b.csv", meter_rows(lot)[:3], (*HEADS[:5], "我厂数据"))
    sent = SimpleUploadedFile(path.name, path.read_bytes())
    assert "部分器具无数据" in post(client, "maker_tests_new", lot.code, file=sent)


def test_the_blank_file_is_read_as_it_stands(lot, tmp_path, client):
    client.force_login(person_with("*", login="chief"))
    answer = client.get(reverse("maker_tests_blank", args=[lot.code]))
    path = tmp_path / "blank.xlsx"
    path.write_bytes(answer.getvalue())
    tests = maker_tests_upload(lot=lot, path=path, name=path.name, actor=buyer())
    tests = maker_tests_check(tests, actor=buyer())
    assert (tests.row_count, found(tests)) == (2, [(0, "", "devices_lack")])


def test_pages_are_closed_to_who_may_not(lot, tmp_path, client):
    tests = maker_file(meter_rows(lot), lot, tmp_path)
    client.force_login(person_with("supply.view", login="looker"))
    assert client.get(reverse("maker_tests", args=[tests.number])).status_code == 200
    assert client.get(reverse("maker_tests_new", args=[lot.code])).status_code == 403
    for step in ("map", "check", "take", "refuse"):
        assert client.post(reverse(f"maker_tests_{step}", args=[tests.number])).status_code == 403
    client.force_login(person_with("assets.view", login="other"))
    assert client.get(reverse("maker_tests", args=[tests.number])).status_code == 404
    assert MakerTestFile.objects.get().state == "checked"


def test_machines_send_check_and_take_it(lot, tmp_path, client):
    machine = Machine(client, "buyer", "supply.view", "supply.deliver")
    path = write_csv(tmp_path / "d.csv", meter_rows(lot), HEADS)
    number = machine.send(f"lots/{lot.code}/maker-tests", path)["number"]
    assert machine.send(f"lots/{lot.code}/maker-tests", path)["number"] == number
    assert machine.post(f"maker-tests/{number}/check")["state"] == "checked"
    for _time in range(2):
        taken = machine.post(f"maker-tests/{number}/take", request_key="t1")
        assert (taken["state"], taken["rows"]) == ("taken", 30)
    assert MakerTestResult.objects.count() == 30
    refused = machine.post(f"maker-tests/{number}/refuse", reason="重报")
    assert (refused["state"], machine.get(f"maker-tests/{number}")["lot"]) == ("refused", lot.code)


def test_a_large_file_is_the_work_of_a_job(tmp_path):
    lot = announced(400, tmp_path).lot
    points = [(f"{n / 100:g}Ib", "1.0", "0.10") for n in range(1, 31)]
    path = write_csv(tmp_path / "large.csv", meter_rows(lot, points), HEADS)
    tests = maker_tests_upload(lot=lot, path=path, name=path.name, actor=buyer())
    assert WAY.is_large(tests)
    job = WAY.start(tests, what="check", actor=buyer())
    assert job.kind == "supply.maker_tests_check"
    tests = maker_tests_check(tests, actor=buyer())
    assert (tests.row_count, tests.fault_count) == (12_000, 0)
    maker_tests_take(tests, actor=buyer())
    assert MakerTestResult.objects.count() == 12_000
