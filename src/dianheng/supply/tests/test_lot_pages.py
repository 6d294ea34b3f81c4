"""Pages of lots: split by range, sent sample, report, single returns, coming back, severity."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from dianheng.assets.models import Device
from dianheng.assets.services import devices_transition
from dianheng.assets.tests.factories import store
from dianheng.common.errors import Refused
from dianheng.common.files import open_table
from dianheng.documents.models import IssuedDocument
from dianheng.identity.services import system_actor, write_batch
from dianheng.identity.tests.factories import actor_with, person_with
from dianheng.supply.models import InspectionLot, ReturnOrder, SampleResult, SwitchingState
from dianheng.supply.services import (
    acceptance_decide,
    arrival_make,
    arrival_scan,
    sampling_report_issue,
    sampling_report_supersede,
)

from .factories import (
    announced,
    asset,
    drawn,
    judged,
    order_line,
    received,
    sample_codes,
    sampler,
    technical,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(client):
    person = person_with("*", login="chief", name="秦主任")
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
    return person


def page(client, name, *args, status=200, **query):
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def post(client, name, *args, **data):
    return client.post(reverse(name, args=args), data)


def decide(inspection, opinion="accept", text=""):
    for by, department in ((technical(), "technical"), (asset(), "asset")):
        done = acceptance_decide(
            inspection=inspection, department=department, opinion=opinion, text=text, actor=by
        )
    return done


# -- split


def split(lot, rows, **more):
    data = {"split": "ranges", "level": "II", "aql_b": "1.0", "statement": "两班生产", **more}
    for n, (part, arrival, first, last) in enumerate(rows):
        data |= {f"part_{n}": part, f"arrival_{n}": arrival, f"first_{n}": first, f"last_{n}": last}
    return data


def test_a_lot_of_two_arrivals_is_divided_by_bar_code_counted_first_then_stated(
    client, chief, tmp_path
):
    line = order_line(60)
    one, two = received(30, tmp_path, line), received(30, tmp_path, line, 30)
    codes = sorted(Device.objects.values_list("barcode", flat=True))
    lot = one.lot.code
    text = page(client, "inspection_new", lot)
    assert codes[0] in text and codes[59] in text
    rows = [
        (1, one.number, "", codes[19]),
        (2, one.number, codes[20], ""),
        (2, two.number, "", codes[49]),
    ]
    counted = post(client, "inspection_new", lot, **split(lot, rows), count="1").content.decode()
    assert "50 只设备" in counted and "未包含 10 只" in counted
    assert not InspectionLot.objects.exists()
    assert post(client, "inspection_new", lot, **split(lot, rows)).url == reverse("lot", args=[lot])
    made = InspectionLot.objects.order_by("part_no")
    assert [(i.part_no, i.parts.count(), i.split_reason) for i in made] == [
        (1, 1, "两班生产"), (2, 2, "两班生产"),
    ]  # fmt: skip
    text = page(client, "inspection_new", lot)
    assert "10 只尚未抽检" in text and codes[50] in text


def test_the_table_has_a_row_for_each_arrival_and_grows_when_asked(client, chief, tmp_path):
    line = order_line(60)
    one, two = received(30, tmp_path, line), received(30, tmp_path, line, 30)
    lot = one.lot.code
    text = page(client, "inspection_new", lot)
    assert 'name="part_2"' in text and 'name="part_3"' not in text
    rows = [(1, one.number, "", ""), (2, two.number, "", ""), ("", "", "", "")]
    text = post(client, "inspection_new", lot, **split(lot, rows), more="1").content.decode()
    assert 'name="part_3"' in text and 'name="part_4"' not in text
    assert "notice-error" not in text and "两班生产" in text
    assert f'<option value="{two.number}" selected>' in text
    assert not InspectionLot.objects.exists()


def test_a_mistyped_end_of_a_range_is_named_and_nothing_is_stated(client, chief, tmp_path):
    arrival = received(30, tmp_path)
    code = "4130001000009999999990"
    rows = [(1, arrival.number, "", code)]
    text = post(client, "inspection_new", arrival.lot.code, **split("", rows)).content.decode()
    assert f"{code} 不是到货单 {arrival.number} 的设备" in text
    rows = [("", arrival.number, "", "")]
    text = post(client, "inspection_new", arrival.lot.code, **split("", rows)).content.decode()
    assert "第 1 行" in text
    assert not InspectionLot.objects.exists()


# -- checks at arrival


def test_what_was_looked_at_on_arrival_is_kept_and_a_fault_says_what_it_is(client, chief, tmp_path):
    arrival = announced(24, tmp_path)
    keeper = actor_with("supply.view", "supply.receive", login="shouhuo", name="孙收货")
    arrival_make(arrival=arrival, place=store(), actor=keeper)
    codes = Device.objects.order_by("barcode").values_list("barcode", flat=True)[:23]
    arrival_scan(
        arrival=arrival, actor=keeper, scans=[{"key": code, "code": code} for code in codes]
    )
    text = page(client, "arrival_confirm", arrival.number)
    assert "应到 24 只，实扫 23 只，短少 1 只" in text
    data = {"packing_conclusion": "fail", "quantity_conclusion": "fail", "quantity_result": "短 1"}
    text = post(client, "arrival_confirm", arrival.number, **data).content.decode()
    assert "外包装不符合" in text
    data |= {"packing_result": "两箱受潮", "documents_conclusion": "pass"}
    post(client, "arrival_confirm", arrival.number, **data)
    arrival.refresh_from_db()
    assert arrival.state == "partly"
    assert [(c["check"], c["result"], c["conclusion"]) for c in arrival.checks] == [
        ("packing", "两箱受潮", "fail"), ("documents", "", "pass"), ("quantity", "短 1", "fail"),
    ]  # fmt: skip
    assert "两箱受潮" in page(client, "arrival", arrival.number)
    assert client.get(reverse("arrival_paper", args=[arrival.number])).content.startswith(b"%PDF")


# -- the sample is sent


def test_a_sample_is_sent_reported_and_comes_back_on_the_page_of_its_inspection(
    client, chief, tmp_path
):
    inspection = drawn(received(30, tmp_path))
    number = inspection.number
    assert "送上级中心检验" in page(client, "inspection", number)
    post(client, "sample_send", number, sent_to="省计量中心")
    sheet = client.get(reverse("sent_sheet", args=[number])).content
    path = tmp_path / "list.xlsx"
    path.write_bytes(sheet)
    rows = [cells for _no, cells in open_table(path).rows()]
    assert [row[1] for row in rows[1:]] == sample_codes(inspection)
    post(client, "sent_hand_over", number, received_by_name="李收样", carrier="专车")
    assert client.get(reverse("sent_paper", args=[number])).content.startswith(b"%PDF")
    code = sample_codes(inspection)[2]
    page(client, "sent_report", number)
    today = timezone.localdate().isoformat()
    data = {"report_no": "SJ-1", "report_on": today, "device_0": code, "measured_0": "划痕"}
    text = post(client, "sent_report", number, **data).content.decode()
    assert "第 1 行须同时填设备和项目" in text
    post(client, "sent_report", number, **data, item_0="appearance", class_0="B")
    assert SampleResult.objects.filter(outcome="fail").get().sample.device.barcode == code
    post(client, "sent_back", number)
    text = page(client, "inspection", number)
    assert "SJ-1" in text and "已返回" in text
    post(client, "sample_judge", number)
    inspection.refresh_from_db()
    assert inspection.state == "judged"


def test_an_uploaded_report_is_kept_as_received(client, chief, tmp_path):
    inspection = drawn(received(30, tmp_path))
    number = inspection.number
    post(client, "sample_send", number, sent_to="省计量中心")
    post(client, "sent_hand_over", number, received_by_name="李收样")
    lines = ["条码,结论", *(f"{code},合格" for code in sample_codes(inspection))]
    content = "\n".join(lines).encode("gb18030")
    answer = client.post(
        reverse("sent_report", args=[number]),
        {
            "report_no": "SJ-2",
            "report_on": timezone.localdate().isoformat(),
            "file": SimpleUploadedFile("报告.csv", content),
        },
    )
    assert answer.status_code == 302, answer.content.decode()
    kept = client.get(reverse("sent_file", args=[number]))
    assert (kept.content, kept["X-Content-Type-Options"]) == (content, "nosniff")
    assert SampleResult.objects.count() == 13


# -- the sampling report


def test_the_sampling_report_is_signed_by_who_had_no_part_in_the_sample(client, chief, tmp_path):
    inspection = judged(received(60, tmp_path))
    signer = actor_with("documents.issue", "documents.revoke", login="qianfa", name="冯签发")
    issued = sampling_report_issue(inspection=inspection, actor=signer, request_key="r")
    again = sampling_report_issue(inspection=inspection, actor=signer, request_key="r")
    assert again == issued
    assert (issued.kind, issued.conclusion, bool(issued.key_no)) == (
        "sampling_report", "pass", True,
    )  # fmt: skip
    inspection.refresh_from_db()
    assert inspection.report_no == issued.number
    with pytest.raises(Refused) as refused:
        sampling_report_issue(inspection=inspection, actor=signer)
    assert refused.value.refusal.code == "report_issued"
    assert issued.number in page(client, "inspection", inspection.number)
    assert issued.number in page(client, "lot", inspection.lot.code)
    new = sampling_report_supersede(document=issued, reason="供应商名称有误", actor=signer)
    inspection.refresh_from_db()
    assert (new.supersedes, inspection.report_no) == (issued, new.number)
    sampler_too = actor_with("documents.issue", "supply.inspect", login="chouyang", name="周抽样")
    with pytest.raises(Refused) as refused:
        sampling_report_supersede(document=new, reason="x", actor=sampler_too)
    assert refused.value.refusal.code in ("same_person", "no_right")
    assert IssuedDocument.objects.count() == 2


def test_the_report_is_issued_by_a_button_after_the_judgement(client, chief, tmp_path):
    inspection = drawn(received(30, tmp_path))
    post(client, "report_issue", inspection.number)
    assert not IssuedDocument.objects.exists()
    inspection = judged(
        received(30, tmp_path, order_line(30, order_no="DD-2", first="413000100000500009001"))
    )
    post(client, "report_issue", inspection.number)
    assert IssuedDocument.objects.get().subjects == [
        f"lot:{inspection.lot.code}", f"inspection:{inspection.number}",
    ]  # fmt: skip


# -- single returns


def test_failed_devices_of_an_accepted_lot_are_returned_from_the_page_of_the_lot(
    client, chief, tmp_path
):
    arrival = received(30, tmp_path)
    decide(judged(arrival))
    codes = sorted(Device.objects.values_list("barcode", flat=True))[:3]
    failed = list(Device.objects.filter(barcode__in=codes).values_list("pk", flat=True))
    devices_transition(device_ids=failed, verb="reject", reason="x", actor=system_actor())
    lot = arrival.lot.code
    assert codes[0] in page(client, "lot", lot)
    text = page(client, "return_new", lot, "failed")
    assert codes[0] in text and codes[2] in text
    answer = post(
        client, "return_new", lot, "failed", devices=codes[:2], reason="基本误差超差",
        demand="换货", answer_until_on="2026-12-31",
    )  # fmt: skip
    order = ReturnOrder.objects.get()
    assert answer.url == reverse("return_order", args=[order.number])
    assert (order.kind, order.demand, order.answer_until_on) == (
        "failed",
        "换货",
        date(2026, 12, 31),
    )
    assert sorted(order.devices.values_list("device__barcode", flat=True)) == codes[:2]
    text = page(client, "return_new", lot, "failed")
    assert codes[0] not in text and codes[2] in text
    page(client, "return_new", lot, "lot", status=422)


def test_a_rejected_lot_comes_back_and_is_submitted_again_on_the_pages(client, chief, tmp_path):
    arrival = received(30, tmp_path)
    rejected = decide(judged(arrival, "A"), "reject", "keys")
    order = rejected.return_order
    post(client, "return_notify", order.number, demand="sort")
    post(client, "return_ship", order.number, carrier="SF")
    codes = sorted(Device.objects.values_list("barcode", flat=True))
    stranger = "4130001000009999999990"
    data = {"place": store().pk, "codes": "\n".join([*codes[:28], stranger])}
    text = post(client, "return_come_back", order.number, **data).content.decode()
    assert f"不属于本退货单：{stranger}" in text
    post(client, "return_come_back", order.number, place=store().pk, codes="\n".join(codes[:28]))
    assert Device.objects.filter(state="awaiting_acceptance").count() == 28
    page(client, "inspection_resubmit", rejected.number)
    answer = post(client, "inspection_resubmit", rejected.number, statement="重新下装密钥")
    again = rejected.resubmission
    assert answer.url == reverse("inspection", args=[again.number])
    text = page(client, "inspection", again.number)
    assert rejected.number in text and "加严检验" in text


# -- severity


def test_the_severity_of_a_model_shows_its_history_and_is_resumed_with_a_reason(
    client, chief, tmp_path
):
    inspection = judged(received(20, tmp_path), "A")
    with write_batch(actor=system_actor(), action="test"):
        SwitchingState.objects.update(state="discontinued", rejected=5)
    model = inspection.lot.model
    where = (inspection.unit.code, model.manufacturer.code, model.code)
    assert model.code in page(client, "switching_list")
    text = page(client, "switching", *where)
    assert inspection.number in text and "暂停检验" in text
    assert post(client, "inspection_resume", *where, reason=" ").status_code == 200
    post(client, "inspection_resume", *where, reason="整改验收通过，省公司同意")
    kept = SwitchingState.objects.get()
    assert (kept.state, kept.rejected, kept.reason) == ("tightened", 0, "整改验收通过，省公司同意")


# -- the page of a lot, search, codes, devices


def test_a_lot_is_found_by_piece_of_number_and_maker_and_by_its_whole_code(client, chief, tmp_path):
    inspection = judged(received(20, tmp_path))
    arrival = inspection.parts.get().arrival
    lot = inspection.lot
    for wanted, piece in (
        (lot.code, lot.code[1:]), (inspection.number, inspection.number[2:]),
        (arrival.number, arrival.number[2:]), ("DD-2026-001", "2026-001"),
        (lot.code, lot.model.manufacturer.name[:2]),
    ):  # fmt: skip
        assert wanted in client.get(reverse("find"), {"q": piece}).content.decode(), piece
    for code, name in ((lot.code, "lot"), (inspection.number, "inspection"), (arrival.number, "arrival")):  # fmt: skip
        answer = client.get(reverse("find"), {"q": code})
        assert reverse(name, args=[code]) in (answer.get("Location") or answer.content.decode())
    device = inspection.members.first().device
    text = page(client, "device", device.barcode)
    assert arrival.number in text and inspection.number in text and lot.code in text


def test_pages_of_a_lot_are_for_who_may_see_supply(client, tmp_path):
    inspection = judged(received(20, tmp_path))
    lot, number, model = inspection.lot, inspection.number, inspection.lot.model
    guest = person_with("assets.view", login="guest", name="客")
    client.force_login(guest, backend="dianheng.identity.backends.PersonBackend")
    page(client, "lots", status=403)
    page(client, "switching_list", status=403)
    page(client, "lot", lot.code, status=404)
    page(client, "lot_failures", lot.code, status=404)
    page(client, "switching", inspection.unit.code, model.manufacturer.code, model.code, status=404)
    page(client, "return_new", lot.code, "failed", status=403)
    for name in ("sample_send", "sent_report", "inspection_resubmit"):
        page(client, name, number, status=403)
    assert post(client, "report_issue", number).status_code == 403
    assert lot.code not in client.get(reverse("find"), {"q": lot.code[1:]}).content.decode()
    device = inspection.members.first().device
    assert number not in page(client, "device", device.barcode)


def test_who_only_looks_sees_actions_greyed_with_the_reason(client, tmp_path):
    inspection = drawn(received(20, tmp_path))
    person = person_with("supply.view", login="looker", name="看")
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
    text = page(client, "inspection", inspection.number)
    assert 'aria-disabled="true"' in text
    assert reverse("sample_send", args=[inspection.number]) not in text
    assert sampler().name in text
