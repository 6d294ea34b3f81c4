"""Transformers from the scheme to the verdict: uploads, retests, history, what is asked."""

import copy
from datetime import date, timedelta

import pytest
from django.utils import timezone

from dianheng.assets.choices import DeviceState
from dianheng.assets.services import devices_transition
from dianheng.common.errors import BadInput, Refused
from dianheng.identity.services import actor_for_person, qualification_grant, system_actor
from dianheng.identity.tests.factories import PASSWORD, person_with
from dianheng.verification.models import RuleSetSignature, TestRecord, TestResult, Upload, Verdict
from dianheng.verification.rules import signing_digest
from dianheng.verification.selectors.loads import load_sheet
from dianheng.verification.selectors.overview import overview_of
from dianheng.verification.selectors.results import explained
from dianheng.verification.services import (
    results_approve,
    results_judge_again,
    results_review,
    scheme_propose,
    task_add_devices,
    task_make,
)
from dianheng.verification.services.decision import lines_of, rows_for
from dianheng.verification.subjects import scheme_for

from .factories import unsign_rules
from .test_certificates import sign_off
from .transformers import COMBINED, CVT, STANDARD_CT, TransformerRoom, transformer_model

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("equipped")]


@pytest.fixture(scope="module")
def equipped(module_db):
    """A laboratory for transformers, a load of three low-voltage CTs."""
    room = TransformerRoom()
    task = room.task(3)
    return room, task, room.load(task)


@pytest.fixture
def room(equipped):
    return copy.deepcopy(equipped)


def codes(received, index=0):
    return [fault["code"] for fault in received.answer["devices"][index].get("errors", [])]


def rows_of(task):
    return task.devices.select_related("device", "verdict").order_by("seq")


MODELS = {
    "low-voltage CT": (None, None, 18, "JJG 1189.3"),
    "combined": ("JLSZV-10", COMBINED, 56, "JJG 1021"),
    "capacitor VT": ("TYD110", CVT, 10, "JJG 1021"),
    "standard CT": ("HL-66", STANDARD_CT, 28, "JJG 313"),
}


@pytest.mark.parametrize(("code", "columns", "errors", "standard"), MODELS.values(), ids=MODELS)
def test_every_kind_is_measured_recomputed_and_judged(room, code, columns, errors, standard):
    lab, _task, _load = room
    model = transformer_model(code, **columns) if code else None
    task = lab.task(1, model=model, first=50)
    received = lab.send(lab.envelope(lab.load(task)))
    assert received.status == 201, received.answer
    (told,) = received.answer["devices"]
    record = TestRecord.objects.get(number=told["record_no"])
    verdict = record.verdicts.get()
    assert (verdict.outcome, verdict.missing, verdict.standard) == ("passed", [], standard)
    measured = record.results.filter(item__in=["ratio_error", "phase_displacement"])
    assert measured.count() == errors and not measured.exclude(conclusion="pass").exists()
    shown, is_same = explained(record, verdict)
    assert is_same and all(each.steps for each in shown)


def test_an_incomplete_plate_says_every_gap(room):
    lab, _task, _load = room
    model = transformer_model("LEER", kind="combined_transformer", name="组合互感器")
    with pytest.raises(BadInput) as refused:
        task_make(unit=lab.unit, kind="initial", model=model, actor=system_actor())
    assert {fault["field"] for fault in refused.value.refusal.errors} == {
        "accuracy_class", "ratio", "burden_va", "voltage_class"
    }  # fmt: skip


def test_a_scheme_is_shared_by_models_alike_and_kept_by_version(room):
    lab, task, _load = room
    twin = transformer_model("LMZJ1-0.66", kind="current_transformer", name="电流互感器",
                             accuracy_class="0.2S", ratio="200/5", burden_va="10",
                             parameters={"rated_voltage_kv": "0.66"})  # fmt: skip
    version = scheme_propose(
        model=twin, stage="first", purpose="every", unit=lab.unit, actor=system_actor()
    )
    assert version == task.scheme_version and scheme_for(version).point_count == 9


def test_the_tester_gets_every_point_with_its_burden(room):
    _lab, _task, load = room
    sheet = load_sheet(load)
    ratio = next(each for each in sheet["scheme"]["items"] if each["item"] == "RATIO_ERROR")
    assert ratio["points"][0] == {
        "part": "CT", "phase": "ABC", "ratio": "200/5", "burden": "RATED", "burden_va": "5", "percent_rated": "1"
    }  # fmt: skip
    assert ratio["points"][-1]["burden_va"] == "3.75" and len(ratio["points"]) == 9


def test_an_upload_sent_twice_is_taken_once(room):
    lab, _task, load = room
    envelope = lab.envelope(load)
    assert lab.send(envelope).status == 201
    again = lab.send(envelope)
    assert (again.status, again.answer["is_repeat"]) == (200, True)
    assert TestRecord.objects.count() == 3 and Upload.objects.filter(taken__gt=0).count() == 1


BAD_POINTS = {
    "no such part": ({"part": "XT"}, "part", "choice"),
    "no such burden": ({"burden": "HALF"}, "burden", "choice"),
    "no ratio": ({"ratio": "200"}, "ratio", "ratio"),
    "percent of nothing": ({"percent_rated": "0"}, "percent_rated", "range"),
    "δ in radians": ({"unit": "kV"}, "unit", "unit"),
    "no number": ({"samples": ["-0,344"]}, "samples[0]", "sample"),
}  # fmt: skip


def test_a_bad_file_is_told_whole_and_the_others_are_taken(room):
    lab, _task, load = room
    envelope = lab.envelope(load)
    points = [p for p in envelope["devices"][1]["points"] if p["item"] == "PHASE_DISPLACEMENT"]
    for point, (change, _field, _code) in zip(points, BAD_POINTS.values(), strict=False):
        point.update(change)
    received = lab.send(envelope)
    assert received.status == 207 and received.answer["taken"] == 2
    told = {
        (
            fault["field"].rpartition("].")[2],
            fault["code"],
        )
        for fault in received.answer["devices"][1]["errors"]
    }
    assert told == {(field, code) for _change, field, code in BAD_POINTS.values()}


def test_another_category_than_the_devices_is_refused(room):
    lab, _task, load = room
    envelope = lab.envelope(load)
    envelope["devices"][0]["header"]["equipment_category"] = "VT"
    assert codes(lab.send(envelope)) == ["category"]


# -- history -------------------------------------------------------------------------------------


def turned(envelope, index=0):
    """The sign of δ counted the other way, as testers of another make do."""
    for point in envelope["devices"][index]["points"]:
        if point["item"] == "PHASE_DISPLACEMENT":
            swap = {"+": "-", "-": "+"}
            point["samples"] = [swap[s[0]] + s[1:] for s in point["samples"]]
    return envelope


def test_signs_mirrored_to_the_last_record_are_asked_and_never_turned(room):
    lab, task, load = room
    lab.send(lab.envelope(load))
    row = rows_of(task)[0]
    again = lab.load(task, row.device.barcode, reason="复测")
    envelope = turned(lab.envelope(again, retest_reason="复测", seed=2))
    envelope["upload_id"] = "turned-0001"
    received = lab.send(envelope)
    assert received.status == 409 and codes(received) == ["signs"]
    assert row.record.number in received.answer["devices"][0]["errors"][0]["text"]
    envelope["devices"][0]["header"]["signs_confirmed"] = True
    envelope["upload_id"] = "turned-0002"
    received = lab.send(envelope)
    assert received.status == 201 and "signs" in received.answer["devices"][0]["warnings"]
    record = TestRecord.objects.get(number=received.answer["devices"][0]["record_no"])
    sent = next(p for p in envelope["devices"][0]["points"] if p["item"] == "PHASE_DISPLACEMENT")
    kept = record.results.filter(item="phase_displacement").order_by("seq").first()
    assert f"{kept.samples[0]:+}" == sent["samples"][0]


def test_signs_mirrored_to_all_others_of_the_make_are_asked(room):
    lab, _task, load = room
    lab.send(lab.envelope(load))
    other = lab.task(1, first=20)
    received = lab.send(turned(lab.envelope(lab.load(other))))
    assert codes(received) == ["signs"]


def test_a_retest_after_a_failure_may_be_demagnetised_and_needs_no_other_position(room):
    lab, task, load = room
    bad = rows_of(task)[0].device.barcode
    lab.send(lab.envelope(load, {bad: "over"}))
    assert rows_of(task)[0].outcome == "failed"
    again = lab.load(task, bad, reason="退磁后复测")
    assert again.positions.get().position == 1
    received = lab.send(lab.envelope(again, retest_reason="退磁后复测", seed=3))
    assert received.status == 201, received.answer
    result = TestResult.objects.get(item="demagnetising")
    assert result.reason == "demagnetised" and rows_of(task)[0].attempts == 2
    first = TestRecord.objects.get(task_device=rows_of(task)[0], attempt=1)
    assert first.verdicts.get().outcome == "failed"  # what was measured stays as it is


def test_demagnetising_before_the_first_test_is_marked_for_the_reviewer(room):
    lab, _task, load = room
    envelope = lab.envelope(load)
    envelope["devices"][0]["points"].append(
        {"item": "DEMAGNETISING", "seq": 999, "facts": {"is_done": True, "after_failure": True}}
    )
    received = lab.send(envelope)
    assert received.answer["devices"][0]["warnings"] == ["demagnetised_first"]
    assert received.answer["devices"][0]["outcome"] == "passed"


def test_a_subsequent_verification_is_held_against_the_approved_one(room, client):
    lab, task, load = room
    lab.send(lab.envelope(load))
    sign_off(task)
    device = rows_of(task)[0].device
    later = task_make(unit=lab.unit, kind="subsequent", model=task.model, actor=system_actor())
    device.refresh_from_db()
    assert device.state == DeviceState.QUALIFIED
    task_add_devices(task=later, device_ids=[device.pk], actor=system_actor())
    envelope = lab.envelope(lab.load(later), seed=1)
    for point in envelope["devices"][0]["points"]:
        if point["item"] == "RATIO_ERROR":
            point["facts"] = {"previous": "9"}  # not taken from the tester
    received = lab.send(envelope)
    record = TestRecord.objects.get(number=received.answer["devices"][0]["record_no"])
    changes = record.results.filter(item="stability", is_derived=True)
    assert changes.count() == 18 and set(changes.values_list("conclusion", flat=True)) == {"pass"}
    assert record.verdicts.get().outcome == "passed"


# -- decisions ----------------------------------------------------------------------------------


def test_a_reviewer_sees_both_errors_at_every_point(room):
    lab, task, load = room
    bad = rows_of(task)[1].device.barcode
    lab.send(lab.envelope(load, {bad: "over"}))
    found = overview_of(list(TestRecord.objects.values_list("pk", flat=True)))
    assert len(found.distributions) == 18 and found.sample_items == []
    named = {one.point: one for one in found.distributions}
    assert named["f CT 200/5 rated 100 %"].outside_limit == 1
    assert named["δ CT 200/5 rated 100 %"].limit_pct == 10


def test_records_are_judged_again_from_what_is_stored(room):
    lab, task, load = room
    signature = RuleSetSignature.objects.get(standard="JJG 1189.3")
    unsign_rules(lab.unit, signature.standard, signature.edition)
    lab.send(lab.envelope(load))
    assert [row.verdict.outcome for row in rows_of(task)] == ["provisional"] * 3
    lab.sign()
    results_judge_again(task=task, reason="规程已核对", actor=system_actor())
    assert [row.verdict.outcome for row in rows_of(task)] == ["passed"] * 3
    assert {row.verdict.number for row in rows_of(task)} == {2}


def test_devices_of_a_withdrawn_state_are_refused(room):
    lab, task, load = room
    envelope = lab.envelope(load)
    devices_transition(device_ids=[rows_of(task)[0].device_id], verb="withdraw", actor=system_actor(), document="x", reason="另有安排")  # fmt: skip
    assert codes(lab.send(envelope)) == ["state"]


def signing(login, kind, project):
    person = person_with("*", login=login, name=login)
    qualification_grant(
        person=person, kind=kind, project=project, number=f"Q-{login}", issuer="计量中心",
        valid_from=date(2020, 1, 1), valid_through=timezone.localdate() + timedelta(days=99),
        actor=system_actor(),
    )  # fmt: skip
    return actor_for_person(person)


def test_who_is_qualified_for_meters_alone_neither_reviews_nor_approves_transformers(room):
    lab, task, load = room
    lab.send(lab.envelope(load))
    keys = [row.pk for row in rows_of(task)]
    digest = signing_digest(lines_of(rows_for(task, keys)))
    seen = {"task": task, "seen_digest": digest}
    with pytest.raises(Refused) as refused:
        results_review(agreed=keys, actor=signing("meters", "checker", "ac_meter"), **seen)
    assert refused.value.refusal.code == "not_qualified"
    results_review(agreed=keys, actor=signing("checker", "checker", "transformer"), **seen)
    approve = {"task_device_ids": keys, "password": PASSWORD} | seen
    with pytest.raises(Refused) as refused:
        results_approve(actor=signing("head", "signatory", "ac_meter"), **approve)
    assert refused.value.refusal.code == "not_qualified"
    results_approve(actor=signing("leader", "signatory", "transformer"), **approve)
    assert {row.step for row in rows_of(task)} == {"approved"}


def test_a_verdict_on_a_transformer_rests_on_no_band_of_meters(room):
    lab, _task, load = room
    unsign_rules(lab.unit, "Utility practice", "2013")
    lab.send(lab.envelope(load))
    verdict = Verdict.objects.first()
    assert [each["standard"] for each in verdict.rule_sets] == ["JJG 1189.3"]
    assert (verdict.outcome, verdict.internal_factor) == ("passed", None)
