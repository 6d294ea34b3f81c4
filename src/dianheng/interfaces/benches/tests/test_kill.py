"""kill -9 between storing and saying so: nothing is lost, nothing is doubled."""

import os
import signal
import subprocess
import sys
import time

import pytest
from django.db import connection

from dianheng.interfaces.benches import inbox, mds, samples
from dianheng.verification.models import TestRecord, Upload
from dianheng.verification.tests.factories import (
    body_of,
    envelope_of,
    laboratory,
    load_with,
    task_with,
)

pytestmark = pytest.mark.slow

DIES = """
import os, signal
import django
django.setup()
from dianheng.interfaces.benches import inbox, mds
def die(*_args):
    os.kill(os.getpid(), signal.SIGKILL)
"""
BEFORE_THE_FLAG = """
mds.SETTLED_S = 0
execute = mds._execute
mds._execute = lambda text, params: die() if text is mds._MARK else execute(text, params)
mds.collect()
"""
AFTER_ONE_FLAG = """
mds.SETTLED_S = 0
execute, seen = mds._execute, []
def once(text, params):
    if text is mds._MARK:
        seen.append(1)
        if len(seen) == 2:
            die()
    return execute(text, params)
mds._execute = once
mds.collect()
"""
BEFORE_THE_MOVE = """
inbox._move = die
inbox.collect()
"""
BEFORE_THE_RECEIPT_IS_WHOLE = """
from dianheng.verification.services import upload_run
upload_run.Run._fit_seals = die
inbox.collect()
"""


def run_until_killed(script, data):
    child = subprocess.run(
        [sys.executable, "-c", DIES + script],
        env=os.environ
        | {"DIANHENG_DATA": str(data), "DJANGO_SETTINGS_MODULE": "dianheng.config.settings"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()


@pytest.fixture
def sent(fresh_database, settings, tmp_path, monkeypatch):
    """A load of three meters and what the bench will send; real commits."""
    settings.DATA = tmp_path
    monkeypatch.setattr(mds, "SETTLED_S", 0.0)
    mds.memory, inbox.memory = mds.Memory(), inbox.Memory()
    lab = laboratory()
    task = task_with(3)
    return task, envelope_of(lab, load_with(task, lab.bench)), tmp_path


def flags():
    with connection.cursor() as cursor:
        cursor.execute("select handle_flag from mds.mt_detect_rslt order by bar_code")
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize("script", [BEFORE_THE_FLAG, AFTER_ONE_FLAG])
def test_results_and_flags_of_the_middle_tables_are_there_together_or_not_at_all(sent, script):
    task, envelope, data = sent
    samples.write_rows(samples.as_rows(envelope))
    run_until_killed(script, data)
    assert flags() == ["0", "0", "0"]
    assert not TestRecord.objects.exists() and not Upload.objects.exists()
    assert mds.collect() == 3 and flags() == ["1", "1", "1"]
    assert TestRecord.objects.count() == 3 and mds.collect() == 0
    assert set(task.devices.values_list("attempts", flat=True)) == {1}


def dropped(envelope, data):
    folder = data / "inbox" / "benches" / envelope["bench_no"]
    folder.mkdir(parents=True)
    path = folder / "run.json"
    path.write_bytes(body_of(envelope))
    os.utime(path, (time.time() - 30,) * 2)
    return path


def test_a_file_that_was_stored_but_not_moved_is_moved_by_the_next_worker(sent):
    _task, envelope, data = sent
    path = dropped(envelope, data)
    run_until_killed(BEFORE_THE_MOVE, data)
    assert path.exists() and TestRecord.objects.count() == 3
    assert inbox.collect() == 1 and not path.exists()
    assert TestRecord.objects.count() == 3 and Upload.objects.count() == 1


def test_a_file_of_which_half_was_stored_is_as_if_never_read(sent):
    _task, envelope, data = sent
    path = dropped(envelope, data)
    run_until_killed(BEFORE_THE_RECEIPT_IS_WHOLE, data)
    assert path.exists() and not TestRecord.objects.exists() and not Upload.objects.exists()
    assert inbox.collect() == 1 and TestRecord.objects.count() == 3
