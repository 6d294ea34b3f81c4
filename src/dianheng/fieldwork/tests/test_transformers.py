"""Transformers measured where they hang: judged as in the laboratory, with orders and papers."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from dianheng.assets.models import Device
from dianheng.common.errors import BadInput
from dianheng.fieldwork.models import FieldCheck, FieldTask
from dianheng.fieldwork.selectors import known_errors
from dianheng.fieldwork.services import check_again, task_cancel
from dianheng.fieldwork.told import changes_of_check, other_results
from dianheng.identity.services import actor_for_person, system_actor
from dianheng.identity.tests.factories import metering_centre
from dianheng.metrology.rule_sets import rule_set
from dianheng.verification.tests.factories import unsign_rules

from .factories import (
    an_hour_ago,
    calibrator,
    crew,
    sign_rules,
    transformer_points,
    transformer_task,
)
from .test_checks import fields, record, result, send

pytestmark = pytest.mark.django_db


def raw_of(device, points=None, **more):
    return {
        "transformer": device.barcode, "temperature_c": "18.5", "humidity_pct": "52",
        "points": points or transformer_points(device), **more,
    }  # fmt: skip


def measured(device=None, points=None, **more):
    """A record of a low-voltage current transformer of the point."""
    task = more.pop("task", None) or transformer_task()
    found = device or Device.objects.filter(kind="current_transformer").earliest("pk")
    return record(raw_of(found, points, **more.pop("raw", {})), task=task, **more).check


def test_a_transformer_within_its_limits_passes_by_the_regulation_of_those_in_use():
    calibrator()
    check = measured()
    assert check.outcome == "pass" and check.orders.count() == 0
    assert check.transformer.kind == "current_transformer"
    names = {one["standard"] for one in check.rule_sets}
    assert names == {"DL/T 448", "JJG 1189.3"}
    first = result(check, "ratio_error")
    assert first["point"] == "CT 200/5 rated 1 %" and first["limit"] == "±1.5"
    assert first["place"] == {
        "part": "CT", "phases": "ABC", "burden": "rated", "percent": "1", "ratio": "200/5",
    }  # fmt: skip


def test_a_task_of_transformers_is_done_when_all_that_hang_there_have_a_verdict():
    calibrator()
    task = transformer_task()
    first, second = Device.objects.filter(kind="current_transformer").order_by("pk")
    measured(first, task=task)
    assert FieldTask.objects.get().state == "open"
    measured(second, task=task)
    assert FieldTask.objects.get().state == "done"


def test_out_of_limits_orders_a_new_transformer_within_the_months_of_the_table():
    calibrator()
    check = measured(points=transformer_points(None, f="-2.610"))
    order = check.orders.get()
    assert check.outcome == "fail" and order.kind == "replace_transformer"
    assert order.device == check.transformer
    day = timezone.localdate(check.done_at)
    assert (order.due_on.year, order.due_on.month) == (day.year + 1, day.month)
    assert "比值误差" in order.cause and "-2.6" in order.cause


def test_points_that_were_not_measured_leave_the_record_incomplete():
    calibrator()
    check = measured(points=transformer_points(None)[:6])
    assert check.outcome == "incomplete"
    assert {one["reason"] for one in check.results if one["conclusion"] == "incomplete"} == {
        "not_tested"
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"temperature_c": ""}, "temperature_c"),
        ({"humidity_pct": "150"}, "humidity_pct"),
        ({"transformer": "XX-1"}, "transformer"),
        ({"points": []}, "points"),
        ({"points": [{"item": "RATIO_ERROR", "ratio": "x", "burden": "RATED", "percent_rated": "5"}]}, "points[1].ratio"),
    ],
    ids=["no temperature", "no humidity", "not there", "no points", "no ratio"],
)  # fmt: skip
def test_bad_input_is_told_and_nothing_is_kept(change, field):
    calibrator()
    task = transformer_task()
    device = Device.objects.filter(kind="current_transformer").earliest("pk")
    with pytest.raises(BadInput) as refused:
        record(raw_of(device) | change, task=task)
    assert field in fields(refused) and FieldCheck.objects.count() == 0


def test_a_standard_that_is_not_two_classes_better_gives_no_verdict():
    calibrator(accuracy_class="0.2")
    check = measured()
    assert check.outcome == "not_judged" and check.blocks[0]["code"] == "calibrator_too_coarse"


def test_heat_beyond_the_regulation_gives_no_verdict():
    calibrator()
    check = measured(raw={"temperature_c": "61"})
    assert check.blocks == [
        {"code": "temperature_outside", "facts": {"value": "61", "rules": "JJG 1189.3-2022"}}
    ]


def test_signs_that_lie_mirrored_to_the_last_record_are_asked_and_never_turned():
    calibrator()
    task = transformer_task()
    device = Device.objects.filter(kind="current_transformer").earliest("pk")
    measured(device, task=task, done_at=an_hour_ago() - timedelta(days=1))
    mirrored = transformer_points(None, f="-0.410", delta="-12.3")
    with pytest.raises(BadInput) as refused:
        measured(device, mirrored, task=task)
    assert fields(refused) == ["signs_confirmed", "signs_confirmed"]
    check = measured(device, mirrored, task=task, raw={"signs_confirmed": True})
    assert check.sheet["signs_confirmed"] is True
    changes = changes_of_check(check)  # against the record before, at each point
    assert len(changes) == 18 and {one["item"] for one in changes} == {"stability"}
    # The worst stands for all on page and paper.
    (worst,) = (one for one in other_results(check) if one["item"] == "stability")
    assert worst["value"] == "-0.82" and worst["conclusion"] == "fail"
    assert worst["limit"] == min(
        (one["limit"] for one in changes if one["value"] == "-0.82"),
        key=lambda limit: Decimal(limit.lstrip("±")),
    )


def test_without_a_metrologists_signature_the_verdict_is_provisional_and_nothing_follows():
    calibrator(is_signed=False)
    check = measured(points=transformer_points(None, f="-2.610"))
    assert check.outcome == "provisional" and check.orders.count() == 0
    assert {one["facts"]["rules"] for one in check.blocks} == {"DL/T 448-2016", "JJG 1189.3-2022"}
    assert result(check, "ratio_error")["conclusion"] == "fail"
    assert FieldTask.objects.get().state == "open"


def test_once_signed_the_record_is_judged_again_as_another_attempt():
    calibrator(is_signed=False)
    check = measured(points=transformer_points(None, f="-2.610"))
    actor = actor_for_person(crew()[0])
    with pytest.raises(Exception, match=r"仍|still"):
        check_again(check=check, actor=actor)
    assert FieldCheck.objects.count() == 1
    sign_rules()
    again = check_again(check=check, actor=actor)
    assert (again.check.outcome, again.check.attempt) == ("fail", 2)
    assert check_again(check=check, actor=actor).is_repeat and again.check.orders.count() == 1


def test_a_signature_that_is_taken_back_makes_later_drops_provisional():
    calibrator()
    rules = rule_set("DL/T 448", "2016")
    unsign_rules(metering_centre(), rules.standard, rules.edition)
    check = record({"drop_1_f": "-0.3", "drop_1_d": "4"}).check
    assert check.outcome == "provisional" and check.orders.count() == 0


def test_the_last_errors_of_a_transformer_are_those_of_its_newest_record():
    calibrator()
    check = measured()
    found = known_errors([check.transformer_id])[check.transformer_id]
    assert (found.number, found.page) == (check.number, "field_check")
    assert len(found.values) == 18


def envelope(task, device, points=None):
    return {
        "schema": "metering-test-upload/1", "upload_id": "HG-0001", "bench_no": "XY0001",
        "devices": [{
            "header": {
                "task_no": task.number, "asset_no": device.barcode, "equipment_category": "CT",
                "test_kind": "FIELD_CHECK", "finished_at": an_hour_ago().isoformat(),
                "environment": {"start": {"temperature_c": "18.5", "humidity_pct": "52"}},
            },
            "points": points or transformer_points(device),
        }],
    }  # fmt: skip


def test_the_testers_file_is_the_one_of_the_laboratory():
    calibrator()
    task = transformer_task()
    device = Device.objects.filter(kind="current_transformer").earliest("pk")
    file = envelope(task, device)
    (made,) = send(file)
    assert made.check.outcome == "pass" and made.check.transformer == device
    assert send(file)[0].is_repeat


def test_a_fault_of_a_point_is_told_with_its_place_in_the_file():
    calibrator()
    task = transformer_task()
    device = Device.objects.filter(kind="current_transformer").earliest("pk")
    points = transformer_points(device)
    points[2]["percent_rated"] = "0"
    with pytest.raises(BadInput) as refused:
        send(envelope(task, device, points))
    assert fields(refused) == ["points[3].percent_rated"] and FieldCheck.objects.count() == 0


def test_of_a_called_off_task_nothing_is_taken():
    calibrator()
    task = transformer_task()
    task_cancel(task=task, reason="停电计划取消", actor=system_actor("command"))
    device = Device.objects.filter(kind="current_transformer").earliest("pk")
    with pytest.raises(Exception, match=r"取消|called off"):
        measured(device, task=task)


# -- pages -------------------------------------------------------------------------------------


@pytest.fixture
def checker(client):
    client.force_login(crew()[0], backend="dianheng.identity.backends.PersonBackend")
    return client


def typed(client, url, **change):
    """The form filled in as its sheets ask for it."""
    context = client.get(url).context
    data = {
        "done_at": timezone.localtime(an_hour_ago()).strftime("%Y-%m-%d %H:%M"),
        "calibrator_no": "XY0001", "leader": "N-machao", "second": "N-hejie",
        "temperature_c": "18.5", "humidity_pct": "52", "i-appearance-is_passed": "yes",
    }  # fmt: skip
    for sheet in context["sheets"]:
        for row in sheet.rows:
            for group in row.groups:
                for cell in group.cells if group else ():
                    data[cell.key] = "0.410" if cell.item == "ratio_error" else "12.3"
    return data | change


def test_the_errors_are_typed_on_the_form_of_the_transformer_room(checker):
    calibrator()
    task = transformer_task()
    device = Device.objects.filter(kind="current_transformer").earliest("pk")
    assert device.barcode in checker.get(reverse("field_task", args=[task.number])).content.decode()
    url = reverse("field_enter_transformer", args=[task.number, device.barcode])
    data = typed(checker, url)
    key = next(name for name in data if name.startswith("p0-rated-5-f"))
    answer = checker.post(url, data | {key: "0.4a"})
    assert answer.status_code == 409 and FieldCheck.objects.count() == 0
    assert 'value="0.4a"' in answer.content.decode()
    answer = checker.post(url, data)
    check = FieldCheck.objects.get()
    assert answer.status_code == 302 and check.outcome == "pass"
    page = checker.get(reverse("field_check", args=[check.number])).content.decode()
    assert "额定负荷" in page and "±1.5" in page and device.barcode in page
    for name, key in (("device", device.barcode), ("usage_point", task.usage_point.number)):
        assert check.number in checker.get(reverse(name, args=[key])).content.decode()
    pdf = checker.get(reverse("field_paper", args=[check.number]))
    assert pdf.content[:5] == b"%PDF-"


def test_a_transformer_that_does_not_hang_there_has_no_form(checker):
    task = transformer_task()
    url = reverse("field_enter_transformer", args=[task.number, "XX-1"])
    assert checker.get(url).status_code == 404


def test_a_file_goes_in_by_the_page_of_the_task(checker):
    calibrator()
    task = transformer_task()
    device = Device.objects.filter(kind="current_transformer").earliest("pk")
    body = json.dumps(envelope(task, device)).encode()
    url = reverse("field_upload", args=[task.number])
    assert checker.post(url, {"file": SimpleUploadedFile("t.json", body)}).status_code == 302
    answer = checker.get(f"/api/v1/field-checks/{FieldCheck.objects.get().number}")
    assert answer.json()["transformer"] == device.barcode


def test_a_provisional_record_offers_to_be_judged_again(checker):
    calibrator(is_signed=False)
    check = measured()
    url = reverse("field_check", args=[check.number])
    assert "再次判定" in checker.get(url).content.decode()
    sign_rules()
    answer = checker.post(reverse("field_check_again", args=[check.number]))
    assert answer.status_code == 302
    assert FieldCheck.objects.latest("pk").outcome == "pass"
