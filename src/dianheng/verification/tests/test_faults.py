"""Two at once, and the plug pulled: nothing half done, nothing twice."""

import json
import os
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from django.db import connection

from dianheng.common.errors import Refused
from dianheng.documents.models import IssuedDocument
from dianheng.identity.services import actor_for_person, system_actor
from dianheng.identity.tests.factories import PASSWORD
from dianheng.verification import tasks
from dianheng.verification.models import Approval, TestRecord, TestResult, Upload, Verdict
from dianheng.verification.services import results_approve, results_review, upload_receive
from dianheng.verification.services.certificates import (
    certificate_lines,
    certificate_supersede,
    certificates_issue,
)

from .factories import body_of, envelope_of, laboratory, load_with, task_with
from .test_decision import Story, signer


def at_once(*calls):
    """Run the calls in threads that start together; what each gave or refused."""
    gate = threading.Barrier(len(calls))
    answers = [None] * len(calls)

    def run(number, call):
        gate.wait()
        try:
            answers[number] = call()
        except Refused as refused:
            answers[number] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_two_people_who_approve_at_once_one_signs(fresh_database):
    story = Story(6)
    story.review()
    other = signer("signatory", "second", "钱批准")
    keys, digest = story.ids(), story.digest(story.ids())

    def approve(person):
        return lambda: results_approve(
            task=story.task, task_device_ids=keys, seen_digest=digest, password=PASSWORD,
            actor=actor_for_person(person),
        )  # fmt: skip

    answers = at_once(approve(story.signatory), approve(other))
    refused = [each for each in answers if isinstance(each, Refused)]
    assert len(refused) == 1 and refused[0].refusal.code in ("task_closed", "devices")
    assert Approval.objects.count() == 1 and story.states() == ["qualified"] * 6


def test_of_two_people_who_review_at_once_one_signs(fresh_database):
    story = Story(6)
    other = signer("checker", "second", "钱核验")
    keys, digest = story.ids(), story.digest(story.ids())

    def review(person):
        return lambda: results_review(
            task=story.task, agreed=keys, seen_digest=digest, actor=actor_for_person(person)
        )

    answers = at_once(review(story.checker), review(other))
    assert sum(isinstance(each, Refused) for each in answers) == 1


def test_an_approval_and_a_new_result_at_once_leave_no_device_between(fresh_database):
    """The result comes before the signature, which is then of something else; or too late."""
    story = Story(4)
    story.review()
    keys, digest = story.ids(), story.digest(story.ids())
    again = [
        {"header": {**json.loads(row.record.received)["header"], "attempt": 2, "retest_reason": "复测"},
         "points": json.loads(row.record.received)["points"]}
        for row in story.task.devices.select_related("record").order_by("seq")
    ]  # fmt: skip
    for device in again:
        device["header"]["position_no"] += 20
        device["header"].pop("seals", None)
    envelope = {
        "schema": "metering-test-upload/1",
        "upload_id": "retest-0001",
        "bench_no": "BENCH-01",
        "devices": again,
    }
    approved, received = at_once(
        lambda: results_approve(
            task=story.task, task_device_ids=keys, seen_digest=digest, password=PASSWORD,
            actor=actor_for_person(story.signatory),
        ),
        lambda: upload_receive(body=body_of(envelope), actor=system_actor()),
    )  # fmt: skip
    steps = set(story.task.devices.values_list("step", flat=True))
    if isinstance(approved, Refused):
        assert received.status == 201 and steps == {"tested"} and not Approval.objects.exists()
    else:
        assert received.status == 409 and steps == {"approved"}


def test_the_same_upload_from_two_sides_at_once_is_taken_once(fresh_database):
    lab, task = laboratory(), task_with(6)
    body = body_of(envelope_of(lab, load_with(task, lab.bench)))
    answers = at_once(*[lambda: upload_receive(body=body, actor=system_actor())] * 3)
    assert sorted(answer.status for answer in answers) == [200, 200, 201]
    assert TestRecord.objects.count() == 6 and Upload.objects.count() == 1


CHILD = """
import sys, time
import django
django.setup()
from dianheng.identity.services import system_actor
from dianheng.verification.services import upload_receive, upload_run

def hang(self):
    print("inside", flush=True)
    time.sleep(60)

upload_run.Run._fit_seals = hang  # everything is written, nothing committed
upload_receive(body=sys.stdin.buffer.read(), actor=system_actor())
"""


@pytest.mark.slow
def test_killed_in_the_middle_of_an_upload_nothing_is_stored_and_it_can_come_again(fresh_database):
    lab, task = laboratory(), task_with(20)
    body = body_of(envelope_of(lab, load_with(task, lab.bench)))
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "dianheng.config.settings"},
    )  # fmt: skip
    child.stdin.write(body)
    child.stdin.close()
    assert child.stdout.readline().strip() == b"inside", child.stderr.read().decode()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    child.stderr.close()
    for model in (Upload, TestRecord, TestResult, Verdict):
        assert not model.objects.exists()
    assert set(task.devices.values_list("step", "attempts")) == {("waiting", 0)}
    assert upload_receive(body=body, actor=system_actor()).status == 201
    assert TestRecord.objects.count() == 20


@pytest.fixture
def own_folder(settings, tmp_path):
    settings.DATA = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path


def approved_story(count):
    story = Story(count)
    story.review()
    story.approve()
    return story


def test_of_two_people_who_issue_the_same_certificates_at_once_one_does(fresh_database, own_folder):
    task = approved_story(2).task
    lines = certificate_lines(task)

    def issue():
        return certificates_issue(task=task, lines=lines, actor=system_actor())

    answers = at_once(issue, issue)
    assert sorted(type(answer).__name__ for answer in answers) == ["BadInput", "list"]
    assert IssuedDocument.objects.count() == 2


def test_of_two_people_who_supersede_the_same_certificate_at_once_one_does(
    fresh_database, own_folder
):
    task = approved_story(1).task
    (wrong,) = certificates_issue(task=task, lines=certificate_lines(task), actor=system_actor())

    def supersede():
        return certificate_supersede(document=wrong, reason="等级有误", actor=system_actor())

    answers = at_once(supersede, supersede)
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert [each.refusal.code for each in refused] == ["document_ended"]
    assert IssuedDocument.objects.count() == 2


BATCH = """
import sys, time
import django
django.setup()
from types import SimpleNamespace
from dianheng.identity.services import system_actor
from dianheng.verification import tasks
from dianheng.documents.services import issue

tasks.PART = 2
parts = 0
real = issue.remember

def hang(*args):
    global parts
    parts += 1
    if parts == 2:  # the second part is written, not committed
        print("inside", flush=True)
        time.sleep(60)
    real(*args)

issue.remember = hang
run = SimpleNamespace(params={"task": int(sys.argv[1]), "devices": [int(key) for key in sys.argv[2:]]},
                      actor=system_actor(), progress=lambda *_: None, job=SimpleNamespace(total=0))
tasks.certificates(run)
"""


@pytest.mark.slow
def test_killed_in_the_middle_of_a_certificate_batch_it_goes_on_and_doubles_nothing(
    fresh_database, own_folder, monkeypatch
):
    task = approved_story(5).task
    devices = list(task.devices.order_by("seq").values_list("device_id", flat=True))
    child = subprocess.Popen(
        [sys.executable, "-c", BATCH, str(task.pk), *map(str, devices)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "dianheng.config.settings", "DIANHENG_DATA": str(own_folder)},
    )  # fmt: skip
    assert child.stdout.readline().strip() == b"inside", child.stderr.read().decode()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    child.stderr.close()
    assert IssuedDocument.objects.count() == 2
    run = SimpleNamespace(
        params={"task": task.pk, "devices": devices},
        actor=system_actor(),
        progress=lambda *_: None,
        job=SimpleNamespace(total=len(devices)),
    )
    tasks.certificates(run)
    made = list(IssuedDocument.objects.order_by("number"))
    assert len({s for d in made for s in d.subjects if s.startswith("device:")}) == len(made) == 5
    numbers = [int(d.number.rsplit("-", 1)[1]) for d in made]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
