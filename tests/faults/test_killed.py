"""Kill -9 in the middle of an import, a receipt and a batch of certificates: all or nothing, once.

The middle is hit for certain: the test holds the tables into which each work writes last, and
kills when all of them wait there.
"""

import os
import re
import signal
import time

import pytest

from dianheng.config.runtime.processes import wait_until
from dianheng.testing.serving import pids_of

from .conftest import Ground, Later
from .work import all_is_whole_and_once, begin, receive

pytestmark = pytest.mark.slow
LAST_WRITTEN = ("assets_deviceevent", "documents_issueddocument")
VICTIMS = {"supervisor": 0, "web": 1, "worker": 2, "database": 3}
RESUMED_S = 60
# Names, a login, a bar code, the sessions' cookie: of people and devices of this data folder.
PERSONAL = ("值班员", "孙收货", "duty", "4130001000004", "4130001000006", "sessionid")


def kill(ground: Ground, victim: str) -> None:
    word = {"web": "gunicorn", "worker": "runtime.jobs", "database": "postgres"}.get(victim)
    pid = ground.serve.child(word) if word else ground.serve.process.pid
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("victim", VICTIMS)
def test_what_was_cut_off_is_done_whole_and_once(ground: Ground, victim: str):
    made = ground.rounds[VICTIMS[victim]]
    with ground.held(*LAST_WRITTEN):
        jobs, receipt = begin(ground, made)
        ground.wait_stuck(4)
        kill(ground, victim)
        killed = time.monotonic()
        if victim == "database":  # the lock is gone with it; nobody may have gone on by then
            assert wait_until(lambda: not ground.serve.is_well(), 30)
    status, _text = receipt.wait()
    if victim == "supervisor":
        ground.serve.process.wait()
        assert wait_until(lambda: pids_of(ground.data) == [], 20)
        assert status == 0
        ground.serve.close()
        ground.start()
        killed = time.monotonic()
    assert ground.serve.is_well() or wait_until(ground.serve.is_well, 60)
    lost = victim != "web"
    if lost:
        query = "select count(*) from common_job where id = any(%s) and attempts > 1"
        took_up = wait_until(lambda: ground.one(query, list(jobs.values())) == 3, 120, 0.2)
        assert took_up, [ground.job(job) for job in jobs.values()]
        assert time.monotonic() - killed < RESUMED_S
    ground.wait_jobs(list(jobs.values()))
    for job in jobs.values():
        found = ground.job(job)
        assert (found["state"], found["attempts"] > 1) == ("done", lost), found
    if status == 0 or status >= 500:  # the person sees no answer, or that it failed, and repeats
        status, _text = receive(ground, made)
    assert status == 302
    all_is_whole_and_once(ground, made)


def test_a_worker_that_only_seems_dead_is_not_doubled(ground: Ground):
    """Its heartbeat is late, another one is told to take the job up, and finds it held."""
    made = ground.rounds[4]
    with ground.held(*LAST_WRITTEN):
        jobs, receipt = begin(ground, made)
        ground.wait_stuck(4)
        worker = ground.serve.child("runtime.jobs")
        os.kill(worker, signal.SIGSTOP)
        try:
            more = Later(ground.serve.run, "worker")
            retried = "select count(*) from procrastinate_jobs where status <> 'succeeded' and attempts > 1"
            assert wait_until(lambda: ground.one(retried) == 3, 90, 0.2)
        finally:
            os.kill(worker, signal.SIGCONT)
    assert receipt.wait()[0] == 302
    ground.wait_jobs(list(jobs.values()))
    (other,) = list(pids_of(ground.data, "config.cli worker"))
    os.kill(other, signal.SIGTERM)
    assert more.wait().returncode == 0
    for job in jobs.values():
        found = ground.job(job)
        assert (found["state"], found["attempts"]) == ("done", 1), found
    all_is_whole_and_once(ground, made)


def test_afterwards_the_trail_is_whole_and_nothing_lies_about(ground: Ground):
    said = ground.serve.run("audit", "verify")
    assert said.returncode == 0, said.stdout
    assert re.search(r"\d+ batches checked, whole", said.stdout)
    assert [p.name for p in (ground.data / "files").glob(".new-*")] == []
    for log in (ground.data / "logs").glob("*.log"):
        text = log.read_text(errors="replace")
        told = [word for word in PERSONAL if word in text]
        assert told == [], (log.name, told)
    doubled = ground.all(
        "select number from documents_issueddocument group by number having count(*) > 1"
    )
    assert doubled == []
