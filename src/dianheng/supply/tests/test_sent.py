"""A sample that the higher centre tests: only its report decides, only its pass releases."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from dianheng.assets.models import Device
from dianheng.assets.services import devices_transition
from dianheng.common.errors import BadInput, Refused
from dianheng.common.excel import write_workbook
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import actor_with, metering_centre
from dianheng.supply.models import Nonconformity, SampleResult, SentSample
from dianheng.supply.seeds import write_csv
from dianheng.supply.services import (
    acceptance_decide,
    return_notify,
    return_to_maker,
    sample_judge,
    sample_result_record,
    sample_task_make,
    sent_sample_back,
    sent_sample_hand_over,
    sent_sample_make,
    sent_sample_report,
    sent_sample_withdraw,
)
from dianheng.supply.services.sent import report_results, sent_list, sent_list_heads

from .factories import asset, drawn, received, sample_codes, sampler, technical

pytestmark = pytest.mark.django_db
HEADS = ("条码", "结论", "不合格项目", "类别", "实测值", "标准要求", "检测日期")


@pytest.fixture
def inspection(tmp_path):
    return drawn(received(30, tmp_path))


def listed(inspection):
    return sent_sample_make(inspection=inspection, sent_to="省计量中心", actor=sampler())


def handed_over(inspection):
    return sent_sample_hand_over(
        sent=listed(inspection), received_by_name="省中心 李收样", carrier="专车", actor=sampler()
    )


def reported(inspection, failing=(), **more):
    return sent_sample_report(
        sent=handed_over(inspection), report_no="SJ-2026-77", report_on=timezone.localdate(),
        failing=failing, actor=sampler(), **more,
    )  # fmt: skip


def decide(inspection, opinion="accept", text=""):
    for by, department in ((technical(), "technical"), (asset(), "asset")):
        done = acceptance_decide(
            inspection=inspection, department=department, opinion=opinion, text=text, actor=by
        )
    return done


def refusal(call, *args, **kwargs):
    with pytest.raises(Refused) as refused:
        call(*args, **kwargs)
    return refused.value.refusal


def test_the_sample_goes_away_is_reported_comes_back_and_its_lot_is_released(inspection):
    home = Device.objects.values_list("place", flat=True).first()
    sent = handed_over(inspection)
    away = Device.objects.filter(place__kind="transit")
    assert sorted(away.values_list("barcode", flat=True)) == sorted(sample_codes(inspection))
    count = sent_sample_report(
        sent=sent, report_no=" SJ-2026-77 ", report_on=timezone.localdate(), actor=sampler()
    )
    assert count == 13
    assert set(SampleResult.objects.values_list("outcome", "source", "source_ref")) == {
        ("pass", "centre", "SJ-2026-77")
    }
    assert sent_sample_back(sent=sent, actor=sampler()).state == "back"
    assert set(Device.objects.values_list("place", flat=True)) == {home}
    assert sample_judge(inspection=inspection, actor=sampler()).is_accepted is True
    assert decide(inspection).state == "accepted"
    assert set(Device.objects.values_list("state", flat=True)) == {"awaiting_verification"}


def test_nothing_but_the_report_counts_while_the_sample_is_sent(inspection):
    listed(inspection)
    own = [{"barcode": code} for code in sample_codes(inspection)]
    for call, more in (
        (sample_result_record, {"results": own}),
        (sample_task_make, {"laboratory": metering_centre()}),
        (sample_judge, {}),
    ):
        found = refusal(call, inspection=inspection, actor=sampler(), **more)
        assert found.code == "sample_sent"
    assert not SampleResult.objects.exists()


def test_devices_of_a_lot_are_not_verified_before_the_report_says_it_passed(inspection):
    reported(inspection)
    ids = list(Device.objects.values_list("pk", flat=True))
    found = refusal(
        devices_transition, device_ids=ids, verb="begin_verification", actor=system_actor()
    )
    assert {error["code"] for error in found.errors} == {"before_acceptance"}


def test_a_report_that_fails_the_sample_rejects_the_lot_and_none_of_it_is_verified(inspection):
    code = sample_codes(inspection)[4]
    bad = [{"item": "basic_error", "measured": "2.4 %", "limit": "±1.0 %"}]
    reported(inspection, [{"barcode": code, "nonconformities": bad}])
    assert sample_judge(inspection=inspection, actor=sampler()).is_accepted is False
    assert refusal(decide, inspection).code == "sample_rejects"
    assert decide(inspection, "reject", "省中心抽检不合格").state == "rejected"
    ids = list(Device.objects.values_list("pk", flat=True))
    found = refusal(
        devices_transition, device_ids=ids, verb="begin_verification", actor=system_actor()
    )
    assert {error["code"] for error in found.errors} == {"lot_rejected"}


def test_a_rejected_lot_is_not_shipped_while_its_sample_is_away(inspection):
    code = sample_codes(inspection)[0]
    reported(inspection, [{"barcode": code, "nonconformities": [{"item": "start"}]}])
    sample_judge(inspection=inspection, actor=sampler())
    decide(inspection, "reject", "no start")
    inspection.refresh_from_db()
    returner = actor_with("supply.return", login="tuihuo", name="何退货")
    order = return_notify(order=inspection.return_order, demand="replace", actor=returner)
    assert refusal(return_to_maker, order=order, actor=returner).code == "sample_away"
    sent_sample_back(sent=inspection.sent, actor=sampler())
    assert return_to_maker(order=order, actor=returner).state == "shipped"


def test_a_sample_tested_here_is_not_sent_and_a_withdrawn_list_frees_it(inspection):
    sent = listed(inspection)
    assert refusal(sent_sample_withdraw, sent=sent, reason=" ", actor=sampler()).code == "bad_input"
    assert sent_sample_withdraw(sent=sent, reason="own benches free", actor=sampler()).state == (
        "withdrawn"
    )
    sample_result_record(
        inspection=inspection, results=[{"barcode": sample_codes(inspection)[0]}], actor=sampler()
    )
    assert refusal(listed, inspection).code == "tested_here"
    assert SentSample.objects.get().state == "withdrawn"


def test_steps_of_a_sent_sample_have_their_order(inspection):
    sent = listed(inspection)
    today = timezone.localdate()
    call = {"sent": sent, "report_no": "1", "actor": sampler()}
    assert refusal(sent_sample_report, report_on=today, **call).code == "sent_state"
    assert refusal(sent_sample_back, sent=sent, actor=sampler()).code == "sent_state"
    handed_over(inspection)
    found = refusal(sent_sample_report, report_on=today - timedelta(days=1), **call)
    assert found.errors[0]["code"] == "date_before"
    found = refusal(sent_sample_report, report_on=today + timedelta(days=1), **call)
    assert found.errors[0]["code"] == "date_future"


def test_the_same_report_twice_is_one_report(inspection):
    sent = handed_over(inspection)
    call = {
        "sent": sent, "report_no": "77", "report_on": timezone.localdate(), "actor": sampler(),
        "request_key": "r1",
    }  # fmt: skip
    assert (sent_sample_report(**call), sent_sample_report(**call)) == (13, 13)
    assert SampleResult.objects.count() == 13


def test_without_the_right_nobody_sends_a_sample(inspection):
    guest = actor_with("supply.view", login="guest", name="客")
    assert (
        refusal(sent_sample_make, inspection=inspection, sent_to="x", actor=guest).code
        == "no_right"
    )
    assert not SentSample.objects.exists()


# -- the report as a table


def test_a_report_as_a_table_gives_each_device_its_result_in_the_centres_own_words(
    inspection, tmp_path
):
    codes = sample_codes(inspection)
    today = timezone.localdate().isoformat()
    rows = [[code, "合格", "", "", "", "", today] for code in codes[2:]]
    rows += [
        [codes[0], "不合格", "基本误差", "A类", "2.4 %", "±1.0 %", today],
        [codes[0], "不合格", "外观", "C", "划痕", "无", today],
        [codes[1], "不合格", "外观", "", "划痕", "无", today],
    ]
    path = write_csv(tmp_path / "report.csv", rows, HEADS, "gb18030")
    assert reported(inspection, path=path, name="报告.csv") == 13
    found = Nonconformity.objects.order_by("result__sample__rank", "pk")
    assert list(found.values_list("item", "nonconformity_class", "measured")) == [
        ("basic_error", "A", "2.4 %"), ("appearance", "C", "划痕"), ("appearance", "C", "划痕"),
    ]  # fmt: skip
    sent = SentSample.objects.get()
    assert (sent.state, sent.report_file.name) == ("reported", "报告.csv")


def test_a_report_with_holes_strangers_and_doubles_records_nothing_and_names_each(
    inspection, tmp_path
):
    codes = sample_codes(inspection)
    rows = [[code, "合格"] for code in [*codes[1:], "4130001000009999999990"]]
    path = write_csv(tmp_path / "report.csv", rows, HEADS[:2])
    found = refusal(reported, inspection, path=path, name="r.csv")
    assert {(error["device"], error["code"]) for error in found.errors} == {
        ("4130001000009999999990", "sample"), (codes[0], "missing"),
    }  # fmt: skip
    twice = [{"barcode": codes[0], "nonconformities": [{"item": "start"}]}] * 2
    found = refusal(reported, inspection, failing=twice)
    assert [(error["device"], error["code"]) for error in found.errors] == [(codes[0], "twice")]
    assert not SampleResult.objects.exists()
    assert SentSample.objects.get().state == "handed_over"


def test_rows_of_a_report_that_say_nothing_are_named_all_at_once(tmp_path):
    rows = [["4130", "也许", ""], ["", "合格", ""], ["4131", "不合格", ""], ["4132", "合格", ""]]
    path = write_csv(tmp_path / "r.csv", rows, HEADS[:3])
    with pytest.raises(BadInput) as refused:
        report_results(path)
    assert [(error["row"], error["code"]) for error in refused.value.refusal.errors] == [
        (2, "conclusion"), (3, "conclusion"), (4, "item"),
    ]  # fmt: skip


@pytest.mark.parametrize(("language", "word"), [("zh-hans", "合格"), ("en", "Pass")])
def test_the_list_that_goes_along_comes_back_filled_in_as_the_report(
    inspection, tmp_path, language, word
):
    sent = handed_over(inspection)
    with translation.override(language):
        heads = sent_list_heads()
        rows = [[*row, word] for row in sent_list(sent)]
    path = tmp_path / "list.xlsx"
    with path.open("wb") as file:
        write_workbook(file, "list", heads, rows)
    count = sent_sample_report(
        sent=sent, report_no="77", report_on=timezone.localdate(), path=path, name="list.xlsx",
        actor=sampler(),
    )  # fmt: skip
    assert count == 13
