"""Certificates from approved results: what they say, once only, superseded by name."""

import json
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from dianheng.assets.models import Device
from dianheng.common.errors import BadInput, Refused
from dianheng.documents.models import DocumentCopy, IssuedDocument
from dianheng.documents.papers.compose import compose
from dianheng.documents.papers.schema import Certificate
from dianheng.documents.papers.schema.reading import read
from dianheng.documents.signing.rework import rework
from dianheng.identity.services import actor_for_person, qualification_grant, system_actor
from dianheng.identity.tests.factories import PASSWORD, actor_with, person_with
from dianheng.metrology.rule_sets import rule_set
from dianheng.standards.services import paper_withdraw, standard_certify
from dianheng.verification import tasks
from dianheng.verification.models import ApprovalLine, TestRecord, VerificationTask
from dianheng.verification.papers import failure_list, original_record, result_paper, task_paper
from dianheng.verification.rules import signing_digest
from dianheng.verification.services import results_approve, results_review
from dianheng.verification.services.certificates import (
    certificate_lines,
    certificate_supersede,
    certificates_issue,
    records_print_start,
)
from dianheng.verification.services.decision import lines_of, rows_for

from .factories import envelope_of, laboratory, load_with, seals_for, send, task_with

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"


def signer(login: str, kind: str):
    person = person_with("*", login=login, name=login)
    qualification_grant(
        person=person, kind=kind, number=f"Q-{login}", issuer="计量中心", valid_from=date(2020, 1, 1),
        valid_through=date.today() + timedelta(days=99), actor=system_actor(),
    )  # fmt: skip
    return actor_for_person(person, via="page")


def approved(count: int = 3, **options) -> VerificationTask:
    """A task of so many meters, tested, sealed, reviewed and approved by three people."""
    lab = laboratory()
    task = task_with(count, **options)
    load = load_with(task, lab.bench)
    codes = [d.device.barcode for d in task.devices.select_related("device")]
    send(envelope_of(lab, load, seals=seals_for(codes)))
    sign_off(task)
    return task


def sign_off(task: VerificationTask) -> None:
    """Two more people review and approve all of a task."""
    keys = list(task.devices.values_list("pk", flat=True))
    digest = signing_digest(lines_of(rows_for(task, keys)))
    results_review(task=task, agreed=keys, seen_digest=digest, actor=signer("checker", "checker"))
    results_approve(
        task=task,
        task_device_ids=keys,
        seen_digest=digest,
        password=PASSWORD,
        actor=signer("approver", "signatory"),
    )


def test_an_ordinary_new_meter_gets_its_certificate_only_on_demand():
    task = approved()
    assert certificate_lines(task, by_rule=True) == []
    lines = certificate_lines(task)
    made = certificates_issue(task=task, lines=lines[:2], actor=system_actor())
    assert [d.kind for d in made] == ["verification_certificate"] * 2
    assert len(certificate_lines(task)) == 1
    data = json.loads(bytes(made[0].data))["data"]
    assert data["device"]["bar_code"] == lines[0].device.barcode
    assert data["verifier"]["name"] != data["checker"]["name"] != data["approver"]["name"]
    assert data["valid_through"] == lines[0].valid_through.isoformat()
    assert len(data["points"]) == 10
    assert len(data["seals"]) == 2


def test_a_certificate_carries_what_its_conclusion_rests_on():
    task = approved(2)
    made = certificates_issue(task=task, lines=certificate_lines(task), actor=system_actor())
    data = json.loads(bytes(made[0].data))["data"]
    evidence, record = data["evidence"], TestRecord.objects.order_by("pk").first()
    rules = rule_set("JJG 596", "2012")
    assert evidence["rules"] == {"standard": "JJG 596", "edition": "2012", "digest": rules.digest}
    assert (evidence["first_count"], evidence["connection"], evidence["imax_ratio"]) == (
        2, "direct", "12",
    )  # fmt: skip
    assert {link["certificate_no"] for link in evidence["chain"]} >= {
        each.certificate_no for each in original_record(record).standards
    }
    creep = next(item for item in data["items"] if item["item"] == "creep")
    assert ["pulses", "0"] in creep["facts"]
    point = data["points"][0]
    assert (point["interval_pct"], point["row"]) == (
        "0.2", "limits/active/balanced/direct/2/1.0/0.1/Imax",
    )  # fmt: skip


def test_the_chain_on_a_certificate_is_that_of_the_day_of_the_test():
    task = approved(1)
    record = TestRecord.objects.get()
    standard = Device.objects.get(barcode="STD-0001", pk__in=record.standard_ids)
    tested, held = timezone.localdate(record.finished_at), standard.certificates.get()
    paper_withdraw(
        paper=held, withdrawn_on=tested + timedelta(days=1), reason="换证", actor=system_actor()
    )
    standard_certify(
        device=standard, number="DNB-NEW", issuer="省计量科学研究院", higher_standard="新标准装置",
        valid_from=tested + timedelta(days=1), valid_through=tested + timedelta(days=900),
        actor=system_actor(),
    )  # fmt: skip
    (made,) = certificates_issue(task=task, lines=certificate_lines(task), actor=system_actor())
    data = json.loads(bytes(made.data))["data"]
    stated = {each["certificate_no"] for each in data["standards"]}
    carried = {
        link["certificate_no"]
        for link in data["evidence"]["chain"]
        if link["standard"] == standard.barcode
    }
    assert stated == carried == {held.number}


def test_what_was_issued_comes_out_again_from_its_data():
    task = approved(1)
    (made,) = certificates_issue(task=task, lines=certificate_lines(task), actor=system_actor())
    done = rework(read(Certificate, json.loads(bytes(made.data))["data"]))
    assert done.tables == "same"
    assert [line for line in done.lines if line.differences] == []
    assert sum(not line.is_stated for line in done.lines) == 15


def test_no_evidence_is_given_by_tables_that_are_no_longer_those_that_judged():
    task = approved(1)
    (line,) = certificate_lines(task)
    line.verdict.rule_sets[0]["digest"] = "0" * 64
    assert result_paper(line).evidence is None


def test_an_outside_client_gets_one_by_rule():
    task = approved(client="某光伏发电有限公司")
    assert len(certificate_lines(task, by_rule=True)) == 3


def test_a_device_gets_its_certificate_once():
    task = approved(1)
    lines = certificate_lines(task)
    certificates_issue(task=task, lines=lines, actor=system_actor())
    with pytest.raises(BadInput):
        certificates_issue(task=task, lines=lines, actor=system_actor())
    assert IssuedDocument.objects.count() == 1


def test_a_wrong_certificate_is_superseded_by_one_that_names_it():
    task = approved(1)
    (wrong,) = certificates_issue(task=task, lines=certificate_lines(task), actor=system_actor())
    right = certificate_supersede(
        document=wrong, reason="委托单位名称有误", actor=actor_with("*", login="head")
    )
    assert json.loads(bytes(right.data))["data"]["replaces"]["number"] == wrong.number
    assert IssuedDocument.objects.get(pk=wrong.pk).end.state == "superseded"
    assert certificate_lines(task) == []


def test_who_may_not_issue_does_not():
    task = approved(1)
    with pytest.raises(Refused) as caught:
        certificates_issue(
            task=task,
            lines=certificate_lines(task),
            actor=actor_with("verification.view", login="x"),
        )
    assert caught.value.refusal.code == "no_right"


def test_the_papers_of_a_task_compose():
    task = approved(2)
    record = TestRecord.objects.first()
    paper = original_record(record)
    assert paper.conclusion == "pass"
    assert paper.points[0].readings_pct
    assert compose("original_record", paper).startswith(b"%PDF")
    assert compose("verification_task", task_paper(task, task.made_at)).startswith(b"%PDF")
    assert failure_list(task, [], 2, task.made_at).rows == ()


class TestPages:
    """The papers' doors: who may, what comes out."""

    @pytest.fixture
    def page(self, client):
        person = person_with("*", login="head", name="主任")
        client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
        return client

    def test_certificates_are_issued_for_the_chosen_and_superseded(self, page):
        task = approved(3)
        address = f"/tasks/{task.number}/certificates/"
        line = certificate_lines(task)[0]
        assert line.device.barcode in page.get(address).content.decode()
        page.post(address, {"what": "chosen", "line": [str(line.pk)]})
        document = IssuedDocument.objects.get()
        assert document.number in page.get(address).content.decode()
        assert "/supersede/" in page.get(f"/certificates/{document.number}/").content.decode()
        page.post(f"/certificates/{document.number}/supersede/", {"reason": "等级有误"})
        assert IssuedDocument.objects.filter(supersedes=document).count() == 1

    def test_a_long_task_shows_the_first_and_finds_the_others_by_a_piece(
        self, page, monkeypatch, django_assert_max_num_queries
    ):
        task = approved(3)
        codes = [line.device.barcode for line in certificate_lines(task)]
        address = f"/tasks/{task.number}/certificates/"
        monkeypatch.setattr("dianheng.verification.views.papers.SHOWN", 2)
        with django_assert_max_num_queries(8):
            shown = page.get(address).content.decode()
        assert [code in shown for code in codes] == [True, True, False]
        assert "另有 1 台未显示" in shown
        found = page.get(address, {"q": codes[2][-6:]}).content.decode()
        assert [code in found for code in codes] == [False, False, True]
        assert "没有条码含 000000999 的" in page.get(address, {"q": "000000999"}).content.decode()

    def test_papers_come_as_pdf(self, page):
        task = approved(2)
        record = TestRecord.objects.first()
        for address in (
            f"/tasks/{task.number}/sheet.pdf",
            f"/tasks/{task.number}/failures.pdf",
            f"/records/{record.number}/record.pdf",
        ):
            assert page.get(address).content.startswith(b"%PDF"), address

    def test_without_the_right_nothing_is_issued(self, client):
        task = approved(1)
        person = person_with("verification.view", login="x")
        client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
        answer = client.post(
            f"/tasks/{task.number}/certificates/",
            {"what": "chosen", "line": [str(certificate_lines(task)[0].pk)]},
        )
        assert answer.status_code == 403
        assert IssuedDocument.objects.count() == 0


def test_the_list_of_failures_tells_failed_held_and_not_as_ordered_apart():
    lab = laboratory()
    task = task_with(4)
    load = load_with(task, lab.bench)
    codes = [d.device.barcode for d in task.devices.select_related("device").order_by("seq")]
    faults = {codes[0]: "error", codes[1]: "outside_band", codes[2]: "test_keys"}
    send(envelope_of(lab, load, seals=seals_for(codes), meter_faults=faults))
    sign_off(task)
    lines = ApprovalLine.objects.filter(approval__task=task).exclude(outcome="passed")
    paper = failure_list(task, list(lines.order_by("device__barcode")), 4, task.made_at)
    rows = {row.bar_code: row for row in paper.rows}
    assert [rows[code].conclusion for code in codes[:3]] == ["fail", "outside_control", "unfit"]
    assert rows[codes[0]].items == rows[codes[1]].items == ("basic_error",)
    assert rows[codes[1]].limit in ("±1.2 %", "±1.5 %")
    assert (rows[codes[2]].measured, rows[codes[2]].limit) == ("测试密钥", "正式密钥")
    assert [s.role for s in paper.signatures] == ["verifier", "checker", "approver"]
    assert compose("failure_list", replace(paper, number="X")).startswith(b"%PDF")


def test_the_task_sheet_says_scheme_and_standards():
    lab = laboratory()
    task = task_with(2)
    load_with(task, lab.bench)
    paper = task_paper(task, task.made_at)
    error = next(line for line in paper.lines if line.item == "basic_error")
    assert [(group.factor, group.loads[-1]) for group in error.points] == [
        ("1.0", "0.05Ib"), ("0.5L", "0.1Ib"),
    ]  # fmt: skip
    assert error.requirement == "±2.0 % / ±2.5 %"
    start = next(line for line in paper.lines if line.item == "start")
    assert (start.conditions, start.requirement) == ("Un, 0.025 A, cos φ = 1", "≤ 10.909 min")
    assert lab.certificate_no in [each.certificate_no for each in paper.standards]


def test_a_record_on_paper_holds_every_reading():
    approved(1)
    paper = original_record(TestRecord.objects.get())
    items = {each.item: each for each in paper.items}
    assert len(items["relay"].readings) == 2
    assert items["constant"].readings and items["constant"].conditions.endswith(" imp")
    assert items["key_state"].result == "正式密钥"


def test_the_records_of_a_task_come_in_print_files(tmp_path):
    task = approved(3)
    answer = tasks.records(run_of(job=SimpleNamespace(pk=7), task=task.pk))
    assert [each["name"] for each in answer["files"]] == [f"{task.number}-1.pdf"]
    assert (tmp_path / "files/jobs/7/1.pdf").read_bytes().startswith(b"%PDF")
    assert DocumentCopy.objects.filter(kind="original_record", how="run").count() == 3


def test_who_may_not_print_starts_no_print_run():
    task = approved(1)
    with pytest.raises(Refused) as caught:
        records_print_start(task=task, actor=actor_with("verification.view", login="x"))
    assert caught.value.refusal.code == "no_right"


def run_of(job=None, **params):
    """A job as its handler sees it."""
    job = job or SimpleNamespace(pk=1, total=0)
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int, text: str = "") -> None:
        told.append((done, total))
        job.total = total

    return SimpleNamespace(
        job=job, params=params, actor=system_actor(), progress=progress, told=told
    )


def test_a_batch_that_breaks_off_goes_on_where_it_stopped(monkeypatch):
    task = approved(5)
    monkeypatch.setattr("dianheng.verification.tasks.PART", 2)
    real, calls = tasks.certificates_issue, []

    def breaks(**options):
        calls.append(len(options["lines"]))
        if len(calls) == 2:
            raise SystemExit("plug pulled")
        return real(**options)

    monkeypatch.setattr("dianheng.verification.tasks.certificates_issue", breaks)
    run = run_of(task=task.pk, devices=list(task.devices.values_list("device_id", flat=True)))
    with pytest.raises(SystemExit):
        tasks.certificates(run)
    assert IssuedDocument.objects.count() == 2
    run.told.clear()
    assert "5" in str(tasks.certificates(run)["text"])
    assert run.told == [(2, 5), (4, 5), (5, 5)]  # the whole, not the rest
    assert calls == [2, 2, 2, 1]
    made = IssuedDocument.objects.order_by("number")
    assert len({subject for d in made for subject in d.subjects if "device:" in subject}) == 5
    numbers = [int(d.number.rsplit("-", 1)[1]) for d in made]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
