"""Results of a bench come in: taken, recomputed, judged."""

import pytest

from dianheng.verification.models import TestRecord, TestResult, Upload, Verdict

from .factories import envelope_of, laboratory, load_with, send, task_with

pytestmark = pytest.mark.django_db


def test_a_whole_load_is_taken_recomputed_and_judged():
    lab = laboratory()
    task = task_with(6)
    load = load_with(task, lab.bench)
    envelope = envelope_of(lab, load)
    received = send(envelope)
    assert received.status == 201, received.answer
    assert [d["outcome"] for d in received.answer["devices"]] == ["passed"] * 6, received.answer
    assert TestRecord.objects.count() == Verdict.objects.count() == 6
    assert Upload.objects.get().taken == 6
    assert TestResult.objects.filter(conclusion="pass").count() == TestResult.objects.count()
