"""Pages of checks on site: entry, record, diagram, diagnosis, orders, composite; REST; rights."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from dianheng.fieldwork.models import FieldCheck, FieldOrder, FieldTask
from dianheng.identity.services import post_define, post_hold, system_actor, unit_make
from dianheng.identity.tests.factories import city_company, person_with

from .factories import CALIBRATOR, CONDITIONS, REVERSED, RIGHT, calibrator, crew, field_task
from .test_checks import GOOD, envelope, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def checker(client):
    leader, _second = crew()
    client.force_login(leader, backend="dianheng.identity.backends.PersonBackend")
    return client


def typed(**change):
    at = timezone.localtime(timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M")
    return {
        "done_at": at, "calibrator_no": CALIBRATOR, "leader": "N-machao", "second": "N-hejie",
        **CONDITIONS, **RIGHT, "error_1": "0.21", "error_2": "0.24", **change,
    }  # fmt: skip


def test_a_check_is_planned_typed_and_shown_with_its_diagram(checker):
    calibrator()
    task = field_task()
    answer = checker.post(
        reverse("field_task_new"),
        {"point": task.usage_point.number, "kind": "meter", "reason": "periodic", "due_on": "t+7",
         "leader": "马超", "second": "何洁"},
    )  # fmt: skip
    assert answer.status_code == 302 and FieldTask.objects.count() == 2
    url = reverse("field_enter", args=[task.number])
    assert "U12" in checker.get(url).content.decode()
    answer = checker.post(url, typed())
    check = FieldCheck.objects.get()
    assert answer.status_code == 302 and check.outcome == "pass"
    page = checker.get(reverse("field_check", args=[check.number])).content.decode()
    assert "<svg" in page and "接线正确" in page and "+0.20" in page
    assert check.number in checker.get(reverse("field_checks")).content.decode()
    assert (
        check.number
        in checker.get(reverse("usage_point", args=[task.usage_point.number])).content.decode()
    )
    data = json.loads(checker.get(reverse("field_evidence", args=[check.number])).content)
    assert data["sheet"]["u2_deg"] == "300.1" and data["received"]["error_1"] == "0.21"


def test_what_is_wrong_stands_at_its_fields_and_nothing_typed_is_lost(checker):
    task = field_task()
    url = reverse("field_enter", args=[task.number])
    answer = checker.post(url, typed(cos_phi="0.42", i1="0.06", i2="0.06"))
    page = answer.content.decode()
    assert answer.status_code == 409 and "不宜做有功误差检验" in page
    form = answer.context["form"]
    told = [text for texts in form.errors.values() for text in texts]
    assert len(told) == len(set(told)) and form.non_field_errors() == []
    assert 'value="300.1"' in page and FieldCheck.objects.count() == 0


def test_a_wrong_wiring_shows_what_cannot_be_told_apart_and_the_energy(checker):
    calibrator()
    check = record({**CONDITIONS, **REVERSED}).check
    url = reverse("field_check", args=[check.number])
    page = checker.get(url).content.decode()
    assert "第1元件电流反接" in page and "不能区分" in page and "K = √3/tanφ" in page
    asked = {
        "recorded_kwh": "1000",
        "cos_phi": "0.8575",
        "spread": "0.01",
        "load": "L",
        "rank": "1",
    }
    page = checker.get(url, asked).content.decode()
    assert "应补收" in page and "886." in page and "…" in page  # tan φ = 0.6: K = 2.887


def test_the_energy_of_a_meter_that_ran_backwards_is_negative(checker):
    calibrator()
    check = record({**CONDITIONS, **RIGHT, "i1_deg": "240.3", "i2_deg": "120.4"}).check
    url = reverse("field_check", args=[check.number])
    asked = {"recorded_kwh": "1000", "cos_phi": "0.87", "spread": "0.01", "load": "L", "rank": "2"}
    page = checker.get(url, asked).content.decode()
    assert "倒走" in page and "ΔW" not in page
    page = checker.get(url, {**asked, "recorded_kwh": "-1000"}).content.decode()
    assert "应补收" in page and "2000.00 kWh" in page


def test_an_order_shows_its_clock_and_is_closed(checker):
    calibrator()
    order = record({**CONDITIONS, **REVERSED}).check.orders.get()
    url = reverse("field_order", args=[order.number])
    assert "剩" in checker.get(url).content.decode()
    assert order.number in checker.get(reverse("home")).content.decode()
    answer = checker.post(url, {"done_on": "t", "what_done": "第1元件电流改接"})
    assert answer.status_code == 302 and FieldOrder.objects.get().state == "done"
    assert order.number in checker.get(reverse("field_orders")).content.decode()


def test_a_file_goes_in_by_page_with_all_its_faults_or_not_at_all(checker):
    calibrator()
    task = field_task()
    url = reverse("field_upload", args=[task.number])
    good = json.dumps(envelope(task.number)).encode()
    bad = SimpleUploadedFile(
        "check.json", good.replace(b'"100.2"', b'"x"').replace(b"100.2", b'"x"')
    )
    answer = checker.post(url, {"file": bad})
    text = answer.content.decode()
    assert answer.status_code == 409 and "不是数字" in text
    assert text.count("不是数字") == len(answer.context["faults"])  # in the table alone
    assert FieldCheck.objects.count() == 0
    answer = checker.post(url, {"file": SimpleUploadedFile("check.json", good)})
    assert answer.status_code == 302 and FieldCheck.objects.get().source == "file"


def test_a_diagnosis_needs_no_record(checker):
    asked = {"wiring": "three_phase_three_wire", "nominal_v": "100", **REVERSED}
    page = checker.get(reverse("field_diagnosis"), asked).content.decode()
    assert "第1元件电流反接" in page and "<svg" in page
    page = checker.get(reverse("field_diagnosis"), {**asked, "u1_deg": ""}).content.decode()
    assert "缺少角度" in page
    assert checker.get(reverse("field_diagnosis"), {"wiring": "nonsense"}).status_code == 200


def test_the_composite_error_names_what_to_change_first(checker):
    task = field_task()
    asked = {
        "meter_5": "0.3", "meter_20": "0.3", "meter_100": "0.3", "ct_1_100_f": "-0.15",
        "ct_1_100_d": "9", "ct_2_100_f": "-0.18", "ct_2_100_d": "11", "vt_1_f": "-0.08",
        "vt_1_d": "3", "vt_2_f": "-0.12", "vt_2_d": "5", "drop_1_f": "-0.10", "drop_1_d": "4",
        "drop_2_f": "-0.13", "drop_2_d": "2", "edition": "2016",
    }  # fmt: skip
    url = reverse("point_composite", args=[task.usage_point.number])
    page = checker.get(url, asked).content.decode()
    assert "-0.053" in page  # worked example A at cosφ 0.8
    assert "优先更换建议" in page
    assert checker.get(url, {**asked, "ct_1_100_d": "x"}).status_code == 200


def test_the_composite_error_shows_no_record_of_a_unit_whose_checks_one_may_not_see(client):
    calibrator()
    check = record({**GOOD, "drop_1_f": "-0.15", "drop_1_d": "4"}).check
    other = unit_make(
        code="OTHER", name="外县", kind="county", actor=system_actor(), parent=city_company()
    )
    person = person_with("customers.view", login="li", name="李")
    post = post_define(
        code="CHECKER", name="检验员", rights=["fieldwork.view"], actor=system_actor()
    )
    post_hold(
        person=person, post=post, unit=other, valid_from=date(2020, 1, 1), actor=system_actor()
    )
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
    url = reverse("point_composite", args=[check.task.usage_point.number])
    answer = client.get(url)
    page = answer.content.decode()
    assert answer.status_code == 200 and "-0.15" not in page and "0.225" not in page
    client.force_login(crew()[0], backend="dianheng.identity.backends.PersonBackend")
    page = client.get(url).content.decode()
    assert "-0.15" in page and "0.225" in page


def test_the_paper_is_a_pdf(checker):
    calibrator()
    check = record({**CONDITIONS, **REVERSED, "drop_1_f": "-0.15", "drop_1_d": "4"}).check
    answer = checker.get(reverse("field_paper", args=[check.number]))
    assert answer["Content-Type"] == "application/pdf" and answer.content[:5] == b"%PDF-"


PAGES = ("field_tasks", "field_checks", "field_orders", "field_task_new", "field_upload_any")


@pytest.mark.parametrize("name", PAGES)
def test_who_holds_no_right_finds_the_doors_closed(client, name):
    person = person_with("assets.view", login="li", name="李")
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
    assert client.get(reverse(name)).status_code == 403


def test_who_may_only_look_cannot_plan_or_record(client):
    calibrator()
    check = record().check
    person = person_with("fieldwork.view", login="li", name="李")
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
    assert client.get(reverse("field_check", args=[check.number])).status_code == 200
    for name in ("field_enter", "field_upload", "field_task_cancel"):
        assert client.get(reverse(name, args=[check.task.number])).status_code == 403
    answer = client.post("/api/v1/field-checks", b"{}", content_type="application/json")
    assert answer.status_code == 403


def test_records_of_other_units_are_not_there(client):
    calibrator()
    check = record().check

    other = unit_make(
        code="OTHER", name="外县", kind="county", actor=system_actor(), parent=city_company()
    )
    person = person_with("fieldwork.view", login="li", name="李", unit=other)
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
    assert client.get(reverse("field_check", args=[check.number])).status_code == 404
    assert client.get(f"/api/v1/field-checks/{check.number}").status_code == 404


def test_rest_records_once_and_diagnoses(checker):
    calibrator()
    task = field_task()
    body = json.dumps(envelope(task.number))
    send = lambda: checker.post("/api/v1/field-checks", body, content_type="application/json")  # noqa: E731
    first, again = send(), send()
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["checks"][0]["is_repeat"] and FieldCheck.objects.count() == 1
    number = first.json()["checks"][0]["number"]
    assert checker.get(f"/api/v1/field-checks/{number}").json()["outcome"] == "pass"
    asked = {
        "wiring": "three_phase_three_wire", "nominal_v": 100,
        "voltages": [{"size": 100.2, "lag_deg": 0}, {"size": 100.4, "lag_deg": 300.1}],
        "currents": [{"size": 1.21, "lag_deg": 240.3}, {"size": 1.2, "lag_deg": 300.4}],
    }  # fmt: skip
    answer = checker.post(
        "/api/v1/wiring-diagnoses", json.dumps(asked), content_type="application/json"
    )
    best = answer.json()["explanations"][0]
    assert best["formula"] == "K = √3/tanφ" and abs(Decimal(best["k"]) - 3) < Decimal("0.05")
    asked["voltages"][0]["lag_deg"] = None
    answer = checker.post(
        "/api/v1/wiring-diagnoses", json.dumps(asked), content_type="application/json"
    )
    assert answer.status_code == 422 and answer.json()["errors"][0]["code"] == "lag_missing"


@pytest.mark.parametrize(
    "bound,is_expected",
    [({"phi_from_deg": 40}, False), ({"phi_to_deg": 20}, False), ({"phi_to_deg": 40}, True)],
)
def test_one_bound_of_the_load_counts_without_the_other(checker, bound, is_expected):
    asked = {
        "wiring": "three_phase_three_wire",
        "voltages": [{"size": 100, "lag_deg": 0}, {"size": 100, "lag_deg": 300}],
        "currents": [{"size": 1, "lag_deg": 60}, {"size": 1, "lag_deg": 300}],
        **bound,
    }  # fmt: skip
    answer = checker.post(
        "/api/v1/wiring-diagnoses", json.dumps(asked), content_type="application/json"
    )
    right = next(one for one in answer.json()["explanations"] if one["is_right"])
    assert right["is_phi_expected"] is is_expected


@pytest.mark.parametrize("known", [{"5": "a"}, {"0": "a"}, {"1": "x"}, {"a": "a"}])
def test_a_phase_that_no_terminal_has_is_refused(checker, known):
    size = {"size": 100, "lag_deg": 0}
    asked = {
        "wiring": "three_phase_three_wire", "voltages": [size, size], "currents": [size, size],
        "known_phases": known,
    }  # fmt: skip
    answer = checker.post(
        "/api/v1/wiring-diagnoses", json.dumps(asked), content_type="application/json"
    )
    assert answer.status_code == 422
