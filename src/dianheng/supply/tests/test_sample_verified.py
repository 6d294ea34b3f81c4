"""The sample on the benches: verdicts become results, acceptance moves sample and rest."""

from datetime import date

import pytest

from dianheng.assets.models import Device
from dianheng.common.errors import Refused
from dianheng.documents.papers.schema import Signature
from dianheng.identity.services import actor_for_person, qualification_grant, system_actor
from dianheng.identity.tests.factories import PASSWORD, metering_centre, person_with
from dianheng.supply.models import Nonconformity
from dianheng.supply.papers import sampling_report
from dianheng.supply.services import (
    acceptance_decide,
    sample_judge,
    sample_results_read,
    sample_task_make,
)
from dianheng.verification.models import TestRecord
from dianheng.verification.rules import signing_digest
from dianheng.verification.services import results_approve, results_review
from dianheng.verification.services.decision import lines_of, rows_for
from dianheng.verification.tests.factories import (
    envelope_of,
    laboratory,
    load_with,
    seals_for,
    send,
)

from .factories import asset, drawn, received, sample_codes, sampler, technical

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_same_sample_each_time(monkeypatch):
    """Another sample would be other simulated meters, some of which fail by themselves."""
    monkeypatch.setattr("dianheng.supply.services.draw.secrets.token_hex", lambda size: "a" * 64)


def signer(kind, login):
    person = person_with("*", login=login, name=login)
    qualification_grant(
        person=person, kind=kind, number=f"J-{login}", issuer="省市场监督管理局", valid_from=date(2020, 1, 1),
        valid_through=date(2099, 1, 1), actor=system_actor(),
    )  # fmt: skip
    return actor_for_person(person)


def sample_on_the_bench(folder, faults=()):
    """A lot whose sample was tested on the bench, reviewed and approved."""
    lab = laboratory()
    inspection = drawn(received(30, folder))
    task = sample_task_make(inspection=inspection, laboratory=metering_centre(), actor=sampler())
    load = load_with(task, lab.bench)
    codes = sample_codes(inspection)
    send(
        envelope_of(
            lab, load, seals=seals_for(codes), meter_faults={codes[n]: fault for n, fault in faults}
        )
    )
    keys = list(task.devices.order_by("seq").values_list("pk", flat=True))
    assert sample_results_read(inspection=inspection, actor=sampler()) == 0
    digest = signing_digest(lines_of(rows_for(task, keys)))
    results_review(task=task, agreed=keys, seen_digest=digest, actor=signer("checker", "checker"))
    digest = signing_digest(lines_of(rows_for(task, keys)))
    results_approve(
        task=task,
        task_device_ids=keys,
        seen_digest=digest,
        password=PASSWORD,
        actor=signer("signatory", "signatory"),
    )
    return inspection, task, codes


def test_approved_verdicts_are_the_results_and_acceptance_moves_sample_and_rest(tmp_path):
    inspection, _task, codes = sample_on_the_bench(tmp_path)
    assert sample_results_read(inspection=inspection, actor=sampler()) == 13
    assert sample_results_read(inspection=inspection, actor=sampler()) == 0
    assert sample_judge(inspection=inspection, actor=sampler()).is_accepted is True
    for by, department in ((technical(), "technical"), (asset(), "asset")):
        acceptance_decide(inspection=inspection, department=department, opinion="accept", actor=by)
    found = dict(
        Device.objects.filter(inspections__inspection=inspection).values_list("barcode", "state")
    )
    assert {found.pop(code) for code in codes} == {"qualified"}
    assert set(found.values()) == {"awaiting_verification"}
    assert len(found) == 17


def test_who_tested_the_sample_does_not_decide_on_the_lot(tmp_path):
    inspection, _task, _codes = sample_on_the_bench(tmp_path)
    sample_results_read(inspection=inspection, actor=sampler())
    sample_judge(inspection=inspection, actor=sampler())
    with pytest.raises(Refused) as refused:
        acceptance_decide(
            inspection=inspection, department="asset", opinion="reject", text="x",
            actor=actor_for_person(person_with("*", login="verifier")),
        )  # fmt: skip
    assert refused.value.refusal.code == "same_person"


def test_the_report_names_who_tested_on_the_bench_not_who_read_the_results(tmp_path):
    inspection, _task, _codes = sample_on_the_bench(tmp_path)
    sample_results_read(inspection=inspection, actor=sampler())
    judged = sample_judge(inspection=inspection, actor=sampler())
    report = sampling_report(judged, Signature(role="approver"))
    assert (report.verifier.role, report.verifier.name) == (
        "verifier", TestRecord.objects.latest("pk").verifier.name,
    )  # fmt: skip
    assert report.verifier.name != sampler().name


def test_a_verdict_that_failed_has_its_item_and_class(tmp_path):
    inspection, _task, _codes = sample_on_the_bench(tmp_path, [(2, "error")])
    sample_results_read(inspection=inspection, actor=sampler())
    found = Nonconformity.objects.filter(result__sample__draw__inspection=inspection)
    assert ("basic_error", "A") in set(found.values_list("item", "nonconformity_class"))
    assert sample_judge(inspection=inspection, actor=sampler()).is_accepted is False
