"""Kill -9 in the middle of an import, a receipt and a batch of certificates: all or nothing, once.

The middle is hit for certain: the test holds the tables into which each work writes last, and
kills when all of them wait there.
"""

import os
import re
import signal
import time
from typing import Any

import pytest

from dianheng.config.runtime.processes import wait_until
from dianheng.testing.serving import pids_of

from .conftest import Ground, Later, command
from .stage import CERTIFIED, IMPORTED, RECEIVED

pytestmark = pytest.mark.slow
LAST_WRITTEN = ("assets_deviceevent", "documents_issueddocument")
VICTIMS = {"supervisor": 0, "web": 1, "worker": 2, "database": 3}
RESUMED_S = 60


def kill(ground: Ground, victim: str) -> None:
    word = {"web": "gunicorn", "worker": "runtime.jobs", "database": "postgres"}.get(victim)
    pid = ground.serve.child(word) if word else ground.serve.process.pid
    os.kill(pid, signal.SIGKILL)


def begin(ground: Ground, made: dict[str, Any]) -> tuple[dict[str, int], Later]:
    """Check one file, take another, issue certificates, receive at the door: all at once."""
    visitor = ground.visitor
    status, where = visitor.post(
        f"/orders/{made['order']}/lines/1/delivery/",
        files={"file": ground.data / "work" / made["file"]},
    )
    assert status == 302, where
    visitor.post(f"/deliveries/{made['delivery']}/take/", with_warnings="on")
    lines = [
        str(key)
        for (key,) in ground.all(
            "select l.id from verification_approvalline l"
            " join verification_approval a on a.id = l.approval_id"
            " join verification_verificationtask t on t.id = a.task_id where t.number = %s",
            made["task"],
        )
    ]
    visitor.post(f"/tasks/{made['task']}/certificates/", what="chosen", line=lines)  # type: ignore[arg-type]
    jobs = dict(ground.all("select kind, max(id) from common_job group by kind"))
    assert set(jobs) == {"supply.check", "supply.take", "verification.certificates"}
    return jobs, Later(visitor.post, f"/arrivals/{made['arrival']}/confirm/")


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
        status, _text = ground.visitor.post(f"/arrivals/{made['arrival']}/confirm/")
    assert status == 302
    all_is_whole_and_once(ground, made)


def all_is_whole_and_once(ground: Ground, made: dict[str, Any]) -> None:
    checked, faults = ground.all(
        "select f.state, f.fault_count from supply_deliveryfile f join supply_orderline l on l.id = f.line_id"
        " join supply_purchaseorder o on o.id = l.order_id where o.order_no = %s",
        made["order"],
    )[0]
    assert (checked, faults) == ("checked", 0)
    number, state = ground.all(
        "select a.number, f.state from supply_arrival a"
        " join supply_deliveryfile f on f.id = a.delivery_id where f.number = %s",
        made["delivery"],
    )[0]
    assert state == "taken"
    assert events_of(ground, number) == {("announce",): IMPORTED}
    assert events_of(ground, made["arrival"]) == {("announce", "arrive"): RECEIVED}
    received, state = ground.all(
        "select received, state from supply_arrival where number = %s", made["arrival"]
    )[0]
    assert (received, state) == (RECEIVED, "received")
    papers = ground.all(
        "select d.number, d.subjects::text, f.digest from documents_issueddocument d"
        " join documents_storedfile f on f.id = d.file_id where d.subjects @> %s::varchar[]",
        [f"task:{made['task']}"],
    )
    assert len(papers) == len({subjects for _no, subjects, _digest in papers}) == CERTIFIED
    for _no, _subjects, digest in papers:
        assert (ground.data / "files" / digest[:2] / digest[2:]).stat().st_size > 10_000


def events_of(ground: Ground, arrival_no: str) -> dict[tuple[str, ...], int]:
    """How many devices of an arrival have which life."""
    return {
        tuple(life): count
        for life, count in ground.all(
            "select life, count(*) from (select array_agg(e.verb order by e.id) as life"
            " from assets_device d join assets_deviceevent e on e.device_id = d.id"
            " where d.arrival_no = %s group by d.id) lives group by life",
            arrival_no,
        )
    }


def test_a_worker_that_only_seems_dead_is_not_doubled(ground: Ground):
    """Its heartbeat is late, another one is told to take the job up, and finds it held."""
    made = ground.rounds[4]
    with ground.held(*LAST_WRITTEN):
        jobs, receipt = begin(ground, made)
        ground.wait_stuck(4)
        worker = ground.serve.child("runtime.jobs")
        os.kill(worker, signal.SIGSTOP)
        try:
            more = Later(command, ground.data, "worker")
            retried = "select count(*) from procrastinate_jobs where status <> 'succeeded' and attempts > 1"
            assert wait_until(lambda: ground.one(retried) == 3, 90, 0.2)
        finally:
            os.kill(worker, signal.SIGCONT)
    assert receipt.wait()[0] == 302
    ground.wait_jobs(list(jobs.values()))
    (other,) = [pid for pid in pids_of(ground.data, "worker") if pid != worker]
    os.kill(other, signal.SIGTERM)
    assert more.wait().returncode == 0
    for job in jobs.values():
        found = ground.job(job)
        assert (found["state"], found["attempts"]) == ("done", 1), found
    all_is_whole_and_once(ground, made)


def test_afterwards_the_trail_is_whole_and_nothing_lies_about(ground: Ground):
    said = command(ground.data, "audit", "verify")
    assert said.returncode == 0, said.stdout
    assert re.search(r"\d+ batches checked, whole", said.stdout)
    assert [p.name for p in (ground.data / "files").glob(".new-*")] == []
    doubled = ground.all(
        "select number from documents_issueddocument group by number having count(*) > 1"
    )
    assert doubled == []
