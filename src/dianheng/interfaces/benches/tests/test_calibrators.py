"""Files of field calibrators in the watched folder: all of a file or none, with the answer beside it."""

import json

import pytest

from dianheng.common.errors import Refused
from dianheng.fieldwork.models import FieldCheck
from dianheng.fieldwork.services import task_cancel
from dianheng.fieldwork.tests.factories import CALIBRATOR, calibrator, field_task
from dianheng.fieldwork.tests.test_checks import csv_of, envelope
from dianheng.identity.models import AuditBatch
from dianheng.identity.services import require, require_sent, system_actor
from dianheng.identity.tests.factories import actor_with
from dianheng.interfaces.benches import inbox

from .test_inbox import answer, drop, moved, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path):
    settings.DATA = tmp_path
    inbox.memory = inbox.Memory()
    calibrator()
    made = tmp_path / "inbox" / "benches" / CALIBRATOR
    made.mkdir(parents=True)
    return made


def test_a_calibrators_file_is_recorded_once_and_moved_to_done(folder):
    body = json.dumps(envelope(field_task().number)).encode()
    for name in ("monday.json", "again.json"):
        drop(folder, name, body)
        assert inbox.collect() == 1
    check = FieldCheck.objects.get()
    assert check.source == "file" and check.outcome == "pass"
    batches = AuditBatch.objects.filter(action="fieldcheck.record")
    assert set(batches.values_list("via", flat=True)) == {"file"}  # the door, no job of ours
    assert "monday.json" in moved(folder, "done") and "again.json" in moved(folder, "done")
    assert check.number in words(folder, "done")


def test_a_table_takes_its_calibrator_from_the_folder(folder):
    text = csv_of(field_task()).replace("XY0001", "")
    drop(folder, "site.csv", text.encode("gb18030"))
    assert inbox.collect() == 1
    assert FieldCheck.objects.get().calibrator_no == CALIBRATOR


def test_what_is_wrong_is_told_beside_the_file_and_nothing_is_kept(folder):
    data = envelope(field_task().number)
    data["devices"][0]["header"]["field"]["sequence"] = "negative"
    drop(folder, "bad.json", json.dumps(data).encode())
    assert inbox.collect() == 1
    assert [e["code"] for e in answer(folder, "refused")["errors"]] == ["sequence_contradicts"]
    assert "两相互换" in words(folder, "refused") and FieldCheck.objects.count() == 0


def test_the_folder_may_send_files_and_nothing_else():
    task = field_task()
    assert require_sent(system_actor("file"), "fieldwork.record", task.unit_id).via == "file"
    with pytest.raises(Refused):
        require(system_actor("file"), "fieldwork.record", task.unit_id)
    with pytest.raises(Refused):
        task_cancel(task=task, reason="x", actor=system_actor("file"))
    with pytest.raises(Refused):
        require_sent(actor_with("fieldwork.view", login="guest"), "fieldwork.record", task.unit_id)
