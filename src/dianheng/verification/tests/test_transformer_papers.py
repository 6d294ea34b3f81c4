"""Papers of transformers: record, certificate, notice, task sheet, with the trade's table."""

import json
from datetime import date, timedelta

import pytest
from django.utils import timezone

from dianheng.documents.papers.compose import compose
from dianheng.documents.papers.schema import Certificate
from dianheng.documents.papers.schema.reading import read
from dianheng.documents.signing.rework import rework
from dianheng.identity.services import (
    qualification_grant,
    qualification_withdraw,
    system_actor,
    write_batch,
)
from dianheng.metrology.periods import last_valid_day
from dianheng.standards.services import standard_certify
from dianheng.verification.models import TestRecord
from dianheng.verification.papers import failure_list, original_record, task_paper
from dianheng.verification.services import results_judge_again
from dianheng.verification.services.certificates import certificate_lines, certificates_issue
from dianheng.warehouse.registry import label_facts

from .test_certificates import own_folder, sign_off
from .transformers import COMBINED, CVT, STANDARD_CT, TransformerRoom, transformer_model

__all__ = ["own_folder"]
pytestmark = pytest.mark.django_db
MODELS = {
    "low-voltage CT": None,
    "combined": ("JLSZV-10", COMBINED),
    "capacitor VT": ("TYD110", CVT),
    "standard CT": ("HL-66", STANDARD_CT),
}


def approved(model=None, faults=None, count=2, **options):
    room = TransformerRoom()
    made = transformer_model(model[0], **model[1]) if model else None
    task = room.task(count, model=made, **options)
    load = room.load(task)
    codes = [p.task_device.device.barcode for p in load.positions.order_by("position")]
    chosen = {codes[n]: fault for n, fault in (faults or {}).items()}
    received = room.send(room.envelope(load, chosen))
    assert received.status == 201, received.answer
    sign_off(task)
    return task


def test_what_passed_is_qualified_for_ten_years_and_what_failed_is_not():
    task = approved(faults={1: "over"})
    rows = list(task.devices.select_related("device").order_by("seq"))
    assert [row.device.state for row in rows] == ["qualified", "unqualified"]
    first = rows[0].device
    assert first.valid_through == last_valid_day(first.verified_on, 120)
    assert rows[1].device.valid_through is None


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_certificate_has_a_sheet_for_each_part_phase_and_ratio(model):
    task = approved(model, count=1)
    (made,) = certificates_issue(task=task, lines=certificate_lines(task), actor=system_actor())
    data = json.loads(bytes(made.data))["data"]
    sheets = {(s["part"], s["phase"], s["ratio"]): s for s in data["sheets"]}
    expected = {
        "LMZ1-0.66": {("CT", "", "200/5")},
        "JLSZV-10": {
            ("CT", "A", "100/5"), ("CT", "C", "100/5"), ("PT", "A", "10000/100"), ("PT", "C", "10000/100")
        },
        "TYD110": {("PT", "", "110000/√3/100/√3")},
        "HL-66": {("CT", "", "100/5"), ("CT", "", "200/5")},
    }  # fmt: skip
    assert set(sheets) == expected[task.model.code]
    point = next(iter(sheets.values()))["points"][0]
    assert point["f_conclusion"] == point["delta_conclusion"] == "pass"
    done = rework(read(Certificate, data))
    assert done.tables == "same" and all(not line.differences for line in done.lines)
    (insulation,) = [item for item in data["items"] if item["item"] == "insulation"]
    assert (insulation["result"], insulation["unit"]) == ("2500", "MΩ")
    assert data["points"] == [] and data["device"]["ratio"] and data["device"]["burden"]


def test_a_notice_names_what_failed_by_the_error():
    task = approved(faults={0: "over", 1: "polarity"})
    made = certificates_issue(task=task, lines=certificate_lines(task), actor=system_actor())
    failed = [json.loads(bytes(each.data))["data"]["failed_items"] for each in made]
    assert failed == [["ratio_error"], ["polarity"]]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_paper_composes(language):
    task = approved(("JLSZV-10", COMBINED), faults={1: "over"})
    record = TestRecord.objects.order_by("pk").first()
    papers = [
        ("original_record", original_record(record)),
        ("verification_task", task_paper(task, record.received_at)),
        ("failure_list", failure_list(task, certificate_lines(task), 2, record.received_at)),
    ]
    for kind, paper in papers:
        assert compose(kind, paper, language, code="TEST").startswith(b"%PDF")


def test_voltage_and_combined_transformers_get_their_certificate_by_rule():
    assert len(certificate_lines(approved(("TYD110", CVT)), by_rule=True)) == 2


def test_a_low_voltage_ct_gets_its_mark_and_a_certificate_on_demand_only():
    task = approved()
    assert certificate_lines(task, by_rule=True) == []
    ids = list(task.devices.values_list("device_id", flat=True))
    facts = label_facts("qualification_mark", ids)
    assert {facts[key]["verifier"] for key in ids} == {"陈检定"}


def test_a_list_of_failures_names_the_worst_point_and_its_error():
    task = approved(faults={1: "over"})
    (row,) = failure_list(task, certificate_lines(task)[1:], 2, task.made_at).rows
    assert row.items == ("ratio_error",) and row.measured.startswith("200/5 额定负荷")
    assert row.measured.endswith(" %") and row.limit == "±0.2 %"


def certified_late(room):
    """The standard's certificate is entered after the test."""
    standard_certify(
        device=room.standard, number="HG-LATE", issuer="省计量科学研究院", accuracy_class="0.01",
        valid_from=date(2021, 1, 2), valid_through=timezone.localdate() + timedelta(days=9),
        actor=system_actor(),
    )  # fmt: skip


def test_papers_of_what_was_blocked_at_first_have_the_conclusions_of_the_later_verdict():
    room = TransformerRoom()
    task = room.task(2)
    load = room.load(task)
    codes = [p.task_device.device.barcode for p in load.positions.order_by("position")]
    with write_batch(actor=system_actor(), action="test.lapse"):
        room.standard.certificates.update(valid_through=date(2021, 1, 1))
    room.send(room.envelope(load, {codes[1]: "over"}))
    assert {row.outcome for row in task.devices.all()} == {"blocked"}
    certified_late(room)
    results_judge_again(task=task, reason="补录证书", actor=system_actor())
    sign_off(task)
    lines = certificate_lines(task)
    passed, failed = certificates_issue(task=task, lines=lines, actor=system_actor())
    data = json.loads(bytes(passed.data))["data"]
    assert [sheet["conclusion"] for sheet in data["sheets"]] == ["pass"]
    assert {item["conclusion"] for item in data["items"]} == {"pass"}
    assert all(not line.differences for line in rework(read(Certificate, data)).lines)
    assert json.loads(bytes(failed.data))["data"]["sheets"][0]["conclusion"] == "fail"
    record = TestRecord.objects.order_by("pk").first()
    assert original_record(record).sheets[0].conclusion == "pass"
    first = record.verdicts.get(number=1)
    assert original_record(record, first).sheets[0].conclusion == "not_judged"
    (row,) = failure_list(task, lines[1:], 2, task.made_at).rows
    assert row.measured.startswith("200/5 额定负荷") and row.limit == "±0.2 %"


def test_a_paper_names_the_qualification_for_the_project_that_was_not_withdrawn():
    room = TransformerRoom()
    held = {
        "person": room.verifier, "kind": "verifier", "issuer": "省局", "actor": system_actor(),
        "valid_from": date(2021, 1, 1), "valid_through": timezone.localdate() + timedelta(days=99),
    }  # fmt: skip
    gone = qualification_grant(project="transformer", number="GONE", **held)
    qualification_withdraw(
        qualification=gone, withdrawn_on=date(2022, 1, 1), reason="x", actor=system_actor()
    )
    qualification_grant(project="ac_meter", number="METERS", **held)
    room.send(room.envelope(room.load(room.task(1))))
    assert original_record(TestRecord.objects.get()).verifier.qualification_no == "J-2024-008"


def test_a_standard_transformer_gets_its_certificate_by_rule():
    assert len(certificate_lines(approved(("HL-66", STANDARD_CT), count=1), by_rule=True)) == 1
