"""A record that rests on something unknown or out of date is kept, without verdict."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.common.errors import Refused
from dianheng.identity.models import Qualification
from dianheng.identity.services import qualification_withdraw, system_actor, write_batch
from dianheng.identity.tests.factories import person_with
from dianheng.standards.services import (
    authorisation_record,
    environment_set,
    environment_take_in,
    installation_stop,
    paper_withdraw,
    standard_certify,
)
from dianheng.standards.tests.factories import sent_out
from dianheng.verification.models import TestRecord, TestResult, Verdict
from dianheng.verification.services import (
    load_make,
    loads_fill,
    results_judge_again,
)

from .factories import (
    envelope_of,
    laboratory,
    load_with,
    send,
    sign_rules,
    task_with,
    unsign_rules,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def withdraw(paper):
    paper_withdraw(
        paper=paper,
        withdrawn_on=TODAY() - timedelta(days=10),
        reason="送检不合格",
        actor=system_actor(),
    )


def stop(device):
    with write_batch(actor=system_actor(), action="test.stop"):
        device.standard.stopped_on = TODAY() - timedelta(days=1)
        device.standard.save(update_fields=["stopped_on"])


CASES = {
    "the standard is not in the register": (
        "standard_unknown",
        lambda lab, e: each(e, standards=[{"asset_no": "STD-9999"}]),
    ),
    "no standard is named": ("standards_missing", lambda lab, e: each(e, standards=[])),
    "the standard's certificate was withdrawn": (
        "standard_not_in_date",
        lambda lab, e: withdraw(lab.standard.certificates.get()),
    ),
    "the standard was out of use": ("standard_stopped", lambda lab, e: stop(lab.standard)),
    "the standard is too coarse for the class": (
        "standard_too_coarse",
        lambda lab, e: coarse(lab),
    ),
    "the standard is with the higher body": (
        "standard_away",
        lambda lab, e: away(lab.standard, e),
    ),
    "the bench is with the higher body": ("bench_away", lambda lab, e: away(lab.bench, e)),
    "no bench is named": ("bench_missing", lambda lab, e: e.update(bench_no="")),
    "the bench is not in the register": ("bench_unknown", lambda lab, e: e.update(bench_no="BENCH-99")),
    "the bench's certificate was withdrawn": (
        "bench_not_in_date",
        lambda lab, e: withdraw(lab.bench.certificates.get()),
    ),
    "the bench was out of use": ("bench_stopped", lambda lab, e: stop(lab.bench)),
    "the measuring standard was taken out of use": (
        "installation_missing",
        lambda lab, e: installation_stop(
            installation=lab.installation, stopped_on=TODAY() - timedelta(days=1), reason="搬迁", actor=system_actor()
        ),
    ),
    "the examination certificate was withdrawn": (
        "installation_not_in_date",
        lambda lab, e: withdraw(lab.installation.certificates.get()),
    ),
    "the measuring standard is for other devices": ("installation_kind", lambda lab, e: other_kind(lab)),
    "the authorisation was withdrawn": (
        "authorisation_missing",
        lambda lab, e: withdraw(lab.unit.authorisations.get()),
    ),
    "no verifier is named": ("verifier_missing", lambda lab, e: each(e, operators=[])),
    "the verifier is not known": (
        "verifier_unknown",
        lambda lab, e: each(e, operators=[{"person_no": "N-nobody", "role": "VERIFIER"}]),
    ),
    "the verifier's qualification was withdrawn": (
        "verifier_not_qualified",
        lambda lab, e: qualification_withdraw(
            qualification=Qualification.objects.get(kind="verifier"),
            withdrawn_on=TODAY() - timedelta(days=1), reason="离岗", actor=system_actor(),
        ),
    ),
    "the record is of tomorrow": ("in_future", lambda lab, e: tomorrow(e)),
}  # fmt: skip


def each(envelope, **change):
    for device in envelope["devices"]:
        device["header"] |= change


def away(device, envelope):
    sent_out(device)
    each(envelope, started_at=None, finished_at=timezone.now().isoformat())


def coarse(lab):
    paper = lab.standard.certificates.get()
    with write_batch(actor=system_actor(), action="test.coarse"):
        paper.accuracy_class = "0.5"
        paper.save(update_fields=["accuracy_class"])


def other_kind(lab):
    with write_batch(actor=system_actor(), action="test.kind"):
        lab.installation.kinds = ["three_phase_meter"]
        lab.installation.save(update_fields=["kinds"])


def tomorrow(envelope):
    later = timezone.now() + timedelta(days=2)
    each(envelope, started_at=None, finished_at=later.isoformat())


@pytest.mark.parametrize("case", CASES)
def test_the_record_is_kept_blocked_and_gets_no_verdict(case):
    code, arrange = CASES[case]
    lab = laboratory()
    task = task_with(2)
    envelope = envelope_of(lab, load_with(task, lab.bench))
    arrange(lab, envelope)
    received = send(envelope)
    assert received.status == 201 and received.answer["devices"][0]["blocks"] == [code]
    verdict = Verdict.objects.first()
    assert (verdict.outcome, verdict.legal, verdict.internal) == ("blocked", "", "")
    assert set(task.devices.values_list("outcome", flat=True)) == {"blocked"}
    results = TestResult.objects.filter(record=verdict.record)
    assert set(results.values_list("conclusion", flat=True)) == {""}
    error = results.filter(item="basic_error").first()
    assert (
        error.samples and error.value is not None and error.rounded_text
    )  # arithmetic, no verdict


def test_what_was_tested_before_it_left_counts_and_no_bench_is_loaded_while_it_is_away():
    lab = laboratory()
    task = task_with(2)
    envelope = envelope_of(lab, load_with(task, lab.bench))
    before = timezone.now() - timedelta(hours=1)
    each(envelope, started_at=None, finished_at=before.isoformat())
    sent_out(lab.standard)
    assert send(envelope).answer["devices"][0]["blocks"] == []
    for begin in (
        lambda: load_make(task=task, bench=lab.bench, actor=system_actor()),
        lambda: loads_fill(task=task, benches=[lab.bench], actor=system_actor()),
    ):
        with pytest.raises(Refused) as refused:
            begin()
        assert refused.value.refusal.code == "away"
        assert lab.standard.barcode in str(refused.value.refusal.text)


def test_a_bench_that_is_away_is_greyed_where_benches_are_chosen_and_says_why(client):
    lab = laboratory()
    task = task_with(2)
    sent_out(lab.standard)
    client.force_login(person_with("*", login="engineer"))
    for name in ("load_new", "loads_fill"):
        page = client.get(reverse(name, args=[task.number])).content.decode()
        (option,) = re.findall(rf'<(?:option|input)[^>]*value="{lab.bench.pk}"[^>]*>', page)
        assert " disabled" in option and lab.standard.barcode in option
        assert "送检中" in page


def test_every_reason_is_named_at_once():
    lab = laboratory()
    envelope = envelope_of(lab, load_with(task_with(1), lab.bench))
    envelope["bench_no"] = ""
    each(envelope, standards=[], operators=[])
    assert send(envelope).answer["devices"][0]["blocks"] == [
        "bench_missing",
        "standards_missing",
        "verifier_missing",
    ]


def test_the_last_day_of_a_certificate_still_counts_and_the_next_does_not():
    lab = laboratory()
    task = task_with(2)
    with write_batch(actor=system_actor(), action="test.shorten"):
        lab.standard.certificates.update(valid_through=date(2026, 3, 31))
    load = load_with(task, lab.bench)
    envelope = envelope_of(lab, load)
    for device, day in zip(envelope["devices"], ("2026-03-31", "2026-04-01"), strict=True):
        device["header"] |= {"started_at": None, "finished_at": f"{day}T23:30:00+08:00"}
    outcomes = [d["outcome"] for d in send(envelope).answer["devices"]]
    assert outcomes == ["passed", "blocked"]


def test_a_standard_may_be_named_by_its_certificate_alone():
    lab = laboratory()
    envelope = envelope_of(lab, load_with(task_with(1), lab.bench))
    each(envelope, standards=[{"certificate_no": lab.certificate_no}])
    assert send(envelope).answer["devices"][0]["outcome"] == "passed"


def test_a_paper_that_comes_late_lets_the_record_be_judged_again():
    lab = laboratory()
    task = task_with(2)
    with write_batch(actor=system_actor(), action="test.expire"):
        lab.standard.certificates.update(valid_through=date(2021, 1, 1))
    send(envelope_of(lab, load_with(task, lab.bench)))
    standard_certify(
        device=lab.standard, number="DNB-NEW", issuer="省计量科学研究院", valid_from=date(2021, 1, 2),
        valid_through=TODAY() + timedelta(days=30), accuracy_class="0.05", actor=system_actor(),
    )  # fmt: skip
    assert results_judge_again(task=task, reason="补录证书", actor=system_actor()) == {"passed": 2}
    held = task.devices.select_related("verdict__replaces").first()
    assert (held.outcome, held.verdict.number, held.verdict.replaces.outcome) == (
        "passed",
        2,
        "blocked",
    )
    assert held.verdict.reason == "补录证书"
    seq = held.record.results.filter(item="basic_error").first().seq
    assert held.verdict.points[str(seq)] == ["pass", "pass", "within_limit"]
    assert TestRecord.objects.count() == 2 and Verdict.objects.count() == 4


def test_an_authorisation_of_the_company_covers_its_centre():
    lab = laboratory()
    withdraw(lab.unit.authorisations.get())
    authorisation_record(
        unit=lab.unit.parent, number="A-2", issuer="省局", scope="电能表", kinds=["single_phase_meter"],
        valid_from=date(2020, 1, 1), valid_through=TODAY(), actor=system_actor(),
    )  # fmt: skip
    envelope = envelope_of(lab, load_with(task_with(1), lab.bench))
    assert send(envelope).answer["devices"][0]["outcome"] == "passed"


# -- unsigned rule sets ---------------------------------------------------------------------------


def test_until_a_metrologist_signs_the_rules_results_are_provisional():
    lab = laboratory(has_signed_rules=False)
    task = task_with(2)
    received = send(envelope_of(lab, load_with(task, lab.bench)))
    assert [d["outcome"] for d in received.answer["devices"]] == ["provisional"] * 2
    verdict = Verdict.objects.first()
    assert (verdict.would_be, verdict.legal) == ("passed", "pass")
    assert any(not used["is_confirmed"] and not used["signed_by"] for used in verdict.rule_sets)
    sign_rules(lab.unit)
    assert results_judge_again(task=task, reason="规则集已签署", actor=system_actor()) == {
        "passed": 2
    }
    signed = {
        u["signed_by"]
        for u in Verdict.objects.filter(number=2).first().rule_sets
        if not u["is_confirmed"]
    }
    assert signed == {"周计量"}


def test_a_signature_that_is_taken_back_makes_later_results_provisional():
    lab = laboratory()
    unsign_rules(lab.unit, "JJG 596", "2012")
    received = send(envelope_of(lab, load_with(task_with(1), lab.bench)))
    assert received.answer["devices"][0]["outcome"] == "provisional"


def test_a_record_made_outside_the_bounds_of_the_room_is_blocked():
    lab, task = laboratory(), task_with(1)
    today = timezone.localdate()
    environment_set(
        unit=lab.unit, temperature_low_c=Decimal(21), temperature_high_c=Decimal(25),
        humidity_low_pct=Decimal(45), humidity_high_pct=Decimal(75), source="JJG 596",
        valid_from=today - timedelta(days=30), actor=system_actor(),
    )  # fmt: skip
    room = lab.bench.place
    with write_batch(actor=system_actor(), action="test.room"):
        type(room).objects.filter(pk=room.pk).update(kind="laboratory")
    room.refresh_from_db()
    at = timezone.localtime() - timedelta(minutes=30)
    rows = [[f"{at:%Y-%m-%d %H:%M}", "26.4", "50"]]
    environment_take_in(place=room, rows=rows, actor=system_actor())
    send(envelope_of(lab, load_with(task, lab.bench)))
    verdict = Verdict.objects.get()
    assert verdict.outcome == "blocked"
    assert [block["code"] for block in verdict.blocks] == ["environment_outside"]
    assert verdict.blocks[0]["facts"]["temperature"] == "26.4"
