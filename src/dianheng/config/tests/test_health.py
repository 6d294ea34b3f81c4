"""/healthz says whether the whole works, with the reason when it does not."""

import asyncio

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import RequestFactory

from dianheng.config import health


def answer() -> tuple[int, dict]:
    import json

    response = health.healthz(RequestFactory().get("/healthz"))
    return response.status_code, json.loads(response.content)


def a_worker_seen(seconds_ago: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_workers (last_heartbeat) values (now() - %s * interval '1 s')",
            [seconds_ago],
        )


@pytest.mark.django_db
def test_well_when_database_answers_and_a_worker_was_just_seen():
    a_worker_seen(seconds_ago=3)
    status, facts = answer()
    assert status == 200
    assert facts["status"] == facts["database"] == facts["worker"] == "ok"
    assert facts["version"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds_ago", "status", "worker"),
    [(14, 200, "ok"), (16, 503, "worker not seen for 16 s"), (None, 503, "no worker")],
    ids=["just fresh", "silent", "never there"],
)
def test_a_silent_worker_makes_it_unwell(seconds_ago: int | None, status: int, worker: str):
    if seconds_ago is not None:
        a_worker_seen(seconds_ago)
    said, facts = answer()
    assert (said, facts["database"], facts["worker"]) == (status, "ok", worker)


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (psycopg.errors.CannotConnectNow("the database system is in recovery"), "recovering"),
        (psycopg.OperationalError("the database system is starting up"), "recovering"),
        (psycopg.OperationalError("No such file or directory"), "does not answer"),
    ],
    ids=["refused by a recovering server", "libpq's own text", "no server"],
)
def test_a_database_that_does_not_answer_is_told_from_one_that_recovers(
    cause: Exception, reason: str, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_arguments: object) -> None:
        raise OperationalError(str(cause)) from cause

    monkeypatch.setattr(health.connection, "cursor", refuse)
    monkeypatch.setattr(health.connection, "close", lambda: None)
    status, facts = answer()
    assert (status, facts["database"], facts["worker"]) == (503, reason, "unknown")


def test_alive_asks_nothing():
    assert health.alive(RequestFactory().get("/alive")).status_code == 200


# -- jobs of a worker that fell silent ------------------------------------------------------------


def make_running_job(silent_s: int, attempts: int = 0) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_workers (last_heartbeat)"
            " values (now() - %s * interval '1 s') returning id",
            [silent_s],
        )
        worker = cursor.fetchone()[0]
        cursor.execute(
            "insert into procrastinate_jobs (queue_name, task_name, status, worker_id, attempts)"
            " values ('jobs', 'run_job', 'doing', %s, %s) returning id",
            [worker, attempts],
        )
        return int(cursor.fetchone()[0])


def state_after_looking(job: int) -> tuple[str, int]:
    from procrastinate.contrib.django import app

    from dianheng.config.runtime.jobs import take_up_stalled

    async def look() -> int:
        worker_app = app.with_connector(app.connector.get_worker_connector())
        async with worker_app.open_async():
            return await take_up_stalled(worker_app)

    taken = asyncio.run(look())
    with connection.cursor() as cursor:
        cursor.execute("select status::text from procrastinate_jobs where id = %s", [job])
        return cursor.fetchone()[0], taken


@pytest.mark.parametrize(
    ("silent_s", "attempts", "state", "taken"),
    [(11, 0, "todo", 1), (5, 0, "doing", 0), (11, 5, "failed", 1)],
    ids=["silent: again", "still heard: left alone", "took five workers down: given up"],
)
def test_the_job_of_a_silent_worker_goes_on(
    silent_s: int, attempts: int, state: str, taken: int, fresh_database: str
):
    assert state_after_looking(make_running_job(silent_s, attempts)) == (state, taken)
