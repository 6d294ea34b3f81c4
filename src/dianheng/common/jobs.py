"""Long work as jobs: deferred in the caller's transaction, run once at a time, seen as it goes.

A job may run twice, after a crash for example: handlers are safe to repeat, either by doing
all in one transaction or by going on where the last committed part ended.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import procrastinate
import psycopg
from django.db import OperationalError, connection
from django.utils import translation
from django.utils.translation import gettext as _
from procrastinate import retry
from procrastinate.contrib.django import app as procrastinate_app

from .access import note_refusal
from .actor import Actor
from .errors import Refused
from .models import Job, JobState
from .outages import DISK, outage

log = logging.getLogger("dianheng.jobs")
LOCK_CLASS = 77_120_002  # first key of the advisory lock of a running job

Handler = Callable[["JobRun"], Mapping[str, Any] | None]
_handlers: dict[str, Handler] = {}
# Waiting or running, and no worker has it or will get it.
LOST = """
    select j.id, p.language from common_job j join identity_person p on p.id = j.actor_id
     where j.state in ('waiting', 'running') and not exists (
           select from procrastinate_jobs q
            where q.task_name = 'run_job' and q.status in ('todo', 'doing')
              and (q.args->>'job_id')::bigint = j.id)
"""


class StillAtWork(Exception):  # noqa: N818  a reason to look again, not an error
    """Another worker holds the job; it may end it or die."""


PASSING = (psycopg.OperationalError, OperationalError, StillAtWork)


class JobStopped(Exception):  # noqa: N818  a wish carried out, not an error
    """A person asked the job to stop; what was not committed is not kept."""


def job_handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does the work of a kind of job."""

    def register(handler: Handler) -> Handler:
        _handlers[kind] = handler
        return handler

    return register


def job_start(*, kind: str, params: Mapping[str, Any], actor: Actor, title: str) -> Job:
    """Add a job; it begins when the surrounding transaction has committed."""
    if kind not in _handlers:
        raise LookupError(f"no handler for jobs of kind {kind}")
    job = Job.objects.create(
        kind=kind, title=title, params=dict(params),
        actor_id=actor.person_id, acting_for_id=actor.acting_for_id,
    )  # fmt: skip
    run_job.defer(job_id=job.pk)
    return job


def job_request_stop(job: Job) -> None:
    """Ask a job to stop at its next safe point."""
    with _own_connection() as own:
        own.execute(
            "update common_job set stop_requested_at = now(),"
            " state = case state when 'waiting' then 'stopped' else state end,"
            " finished_at = case state when 'waiting' then now() else finished_at end"
            " where id = %s and state in ('waiting', 'running')",
            [job.pk],
        )


@contextmanager
def _own_connection() -> Any:
    """A connection apart from the job's transaction: progress is seen before the commit."""
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    own = psycopg.connect(**parameters, autocommit=True)
    try:
        yield own
    finally:
        own.close()


@dataclass
class JobRun:
    """What a handler sees of its job."""

    job: Job
    actor: Actor
    _own: Any

    @property
    def params(self) -> dict[str, Any]:
        return dict(self.job.params)

    def progress(self, done: int, total: int, text: str = "") -> None:
        """Say how far the work is; raises JobStopped when a person asked for it."""
        row = self._own.execute(
            "update common_job set done = %s, total = %s, text = %s where id = %s"
            " returning stop_requested_at",
            [done, total, text, self.job.pk],
        ).fetchone()
        if row and row[0] is not None:
            raise JobStopped

    def check_stop(self) -> None:
        """Raise JobStopped when a person asked for it."""
        row = self._own.execute(
            "select stop_requested_at from common_job where id = %s", [self.job.pk]
        ).fetchone()
        if row and row[0] is not None:
            raise JobStopped


def _finish(
    own: Any, job: Job, state: str, result: Any = None, errors: Any = None, text: str = ""
) -> None:
    own.execute(
        "update common_job set state = %s, finished_at = now(), result = %s, errors = %s,"
        " text = case when %s <> '' then %s else text end where id = %s",
        [state, psycopg.types.json.Jsonb(result or {}), psycopg.types.json.Jsonb(errors or []), text, text, job.pk],
    )  # fmt: skip


@procrastinate_app.task(
    name="run_job",
    queue="jobs",
    # The database going away is worth another try; anything else is said in the job's row.
    retry=retry.RetryStrategy(max_attempts=10, wait=2, retry_exceptions=PASSING),
)
def run_job(job_id: int) -> None:
    """Run one job. Two workers never run the same one: an advisory lock is held meanwhile."""
    connection.close_if_unusable_or_obsolete()
    with _own_connection() as own:
        if not own.execute(
            "select pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, job_id % 2**31]
        ).fetchone()[0]:
            raise StillAtWork
        job = Job.objects.select_related("actor", "acting_for").get(pk=job_id)
        if job.is_over:
            return
        own.execute(
            "update common_job set state = 'running', attempts = attempts + 1, done = 0,"
            " started_at = coalesce(started_at, now()) where id = %s",
            [job_id],
        )
        actor = Actor(
            job.actor_id, job.actor.name, job.acting_for_id,
            job.acting_for.name if job.acting_for else "", "job", f"job-{job_id}",
        )  # fmt: skip
        with translation.override(job.actor.language):
            _work(own, job, actor)


def _work(own: Any, job: Job, actor: Actor) -> None:
    """Call the handler, say in the job's row how it went; what passes by itself is raised again."""
    try:
        result = _handlers[job.kind](JobRun(job, actor, own))
    except JobStopped:
        _finish(own, job, JobState.STOPPED, text=_("Stopped; the unfinished part was not kept."))
    except Refused as refused:
        note_refusal(actor, refused, job.kind)
        answer = refused.as_dict()
        _finish(own, job, JobState.FAILED, answer, answer["errors"], answer["text"])
    except Exception as error:
        if outage(error) is DISK:
            _finish(own, job, JobState.FAILED, text=str(DISK.text))
        elif isinstance(error, PASSING):
            raise
        else:
            log.exception("job failed", extra={"job": job.pk, "kind": job.kind})
            _finish(
                own, job, JobState.FAILED,
                text=_("Something broke; nothing of the unfinished part was kept. Tell the administrator: job %(no)s.")
                % {"no": job.pk},
            )  # fmt: skip
    else:
        _finish(own, job, JobState.DONE, dict(result or {}))


def jobs_end_lost() -> int:
    """End the jobs that nobody will run any more: given up after too many tries. How many.

    A job whose worker is at work keeps its advisory lock and is left alone.
    """
    count = 0
    with _own_connection() as own:
        for job_id, language in own.execute(LOST).fetchall():
            with translation.override(language), own.transaction():
                if own.execute(
                    "select pg_try_advisory_xact_lock(%s, %s)", [LOCK_CLASS, job_id % 2**31]
                ).fetchone()[0]:
                    text = _(
                        "The program was ended in the middle of this job too often; nothing of the "
                        "unfinished part was kept. Start it again, or tell the administrator."
                    )
                    _finish(own, Job(pk=job_id), JobState.FAILED, text=text)
                    count += 1
    return count


def configure(app: procrastinate.App) -> None:
    """Called by procrastinate's Django app when it is ready."""
