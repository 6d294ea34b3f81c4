"""A job ends in words whatever happens to it: lost workers, a full disk, a database that left."""

import psycopg
import pytest
from django.db import OperationalError, connection

from dianheng.common import jobs
from dianheng.common.jobs import StillAtWork, job_handler, job_start, jobs_end_lost, run_job
from dianheng.common.models import Job
from dianheng.common.outages import DATABASE, DISK, outage
from dianheng.identity.models import AccessEvent
from dianheng.identity.services import require
from dianheng.identity.tests.factories import actor_with


def wrapped(error: Exception) -> Exception:
    """As Django hands on what psycopg raised."""
    try:
        try:
            raise error
        except psycopg.Error as cause:
            raise OperationalError("wrapped") from cause
    except OperationalError as outer:
        return outer


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (psycopg.errors.DiskFull("x"), DISK),
        (wrapped(psycopg.errors.DiskFull("x")), DISK),
        (OSError(28, "No space left on device"), DISK),
        (wrapped(psycopg.OperationalError("the connection is closed")), DATABASE),
        (psycopg.errors.CannotConnectNow("recovering"), DATABASE),
        (wrapped(psycopg.errors.DeadlockDetected("x")), None),
        (ZeroDivisionError("x"), None),
    ],
    ids=["disk", "disk through Django", "a file", "connection", "recovering", "deadlock", "a bug"],
)
def test_an_outage_is_told_from_an_error_of_the_program(error, found):
    assert outage(error) is found


@pytest.fixture
def start(fresh_database):
    """Start a job whose handler does this."""

    def begin(work) -> Job:
        job_handler("test.kind")(work)
        return job_start(kind="test.kind", params={}, actor=actor_with("jobs.view_all"), title="t")

    yield begin
    jobs._handlers.pop("test.kind", None)


def state_of(job: Job) -> tuple[str, str]:
    found = Job.objects.get(pk=job.pk)
    return found.state, found.text


def test_a_full_disk_ends_the_job_in_words(start):
    def work(run):
        raise wrapped(psycopg.errors.DiskFull("could not extend file"))

    job = start(work)
    run_job(job.pk)
    state, text = state_of(job)
    assert state == "failed"
    assert text.startswith("服务器磁盘已满")


def test_a_right_that_a_job_had_not_is_noted(start):
    """Whoever began it may have lost the right meanwhile."""
    job = start(lambda run: require(run.actor, "audit.view"))
    run_job(job.pk)
    assert state_of(job)[0] == "failed"
    noted = AccessEvent.objects.values_list("kind", "person", "via", "what", "path")
    assert list(noted) == [("refused", job.actor_id, "job", "audit.view", "test.kind")]


def test_a_database_that_left_is_worth_another_try(start):
    def work(run):
        raise wrapped(psycopg.OperationalError("the connection is closed"))

    job = start(work)
    with pytest.raises(OperationalError):
        run_job(job.pk)
    assert state_of(job) == ("running", "")  # its turn comes again


def test_a_job_that_another_worker_holds_is_left_for_later(start):
    ran = []
    job = start(lambda run: ran.append(run))
    with jobs._own_connection() as other:
        other.execute("select pg_advisory_lock(%s, %s)", [jobs.LOCK_CLASS, job.pk])
        with pytest.raises(StillAtWork):
            run_job(job.pk)
    assert ran == []
    run_job(job.pk)
    assert len(ran) == 1
    run_job(job.pk)  # a repeat finds it over
    assert len(ran) == 1


def test_a_job_that_was_given_up_says_so_and_one_at_work_is_left_alone(start):
    lost, waiting = (start(lambda run: None) for _turn in range(2))
    with connection.cursor() as cursor:
        cursor.execute("update common_job set state = 'running'")
        cursor.execute(
            "update procrastinate_jobs set status = 'failed' where (args->>'job_id')::bigint = %s",
            [lost.pk],
        )
    with jobs._own_connection() as other:
        other.execute("select pg_advisory_lock(%s, %s)", [jobs.LOCK_CLASS, lost.pk])
        assert jobs_end_lost() == 0
    assert jobs_end_lost() == 1
    assert state_of(lost)[0] == "failed"
    assert "多次被中断" in state_of(lost)[1]
    assert state_of(waiting)[0] == "running"
    assert jobs_end_lost() == 0


def test_a_page_says_an_outage_in_words(client, monkeypatch):
    from dianheng.config import health

    def fails(*_arguments):
        raise wrapped(psycopg.errors.DiskFull("could not extend file"))

    monkeypatch.setattr(health, "database_state", fails)
    client.raise_request_exception = False
    answer = client.get("/healthz", headers={"Accept": "text/html", "Accept-Language": "zh-hans"})
    assert answer.status_code == 507
    assert "服务器磁盘已满" in answer.content.decode()
    answer = client.get("/healthz", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
