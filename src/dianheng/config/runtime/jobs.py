"""The job worker: runs what the pages deferred, and takes up what a killed worker left.

A worker writes a heartbeat every 2 s. A job whose worker has been silent for 10 s is put back
into the queue by any other worker; that a silent worker may still be at work is met by the
advisory lock each job holds (common/jobs.py). Figures: killed with -9, a job goes on after
about 15 s (docs/how-to/run.md).
"""

import asyncio
import contextlib
import os
from datetime import UTC, datetime, timedelta

import procrastinate
import psycopg
from procrastinate.jobs import Status

HEARTBEAT_S = 2
SILENT_S = 10
LOOK_S = 3
LOST_S = 10  # between two looks for jobs that were given up
TRIES = 5  # a job that takes its worker down each time is given up, not tried for ever
KEPT_HOURS = 24 * 14
CONCURRENCY = int(os.environ.get("DIANHENG_JOBS_AT_ONCE") or 4)
STOP_S = 8  # the supervisor kills after PATIENCE_S


async def work(app: procrastinate.App) -> None:
    """Run jobs until told to stop; ends as well when the database is lost."""
    async with app.open_async():
        keeper = asyncio.create_task(keep_going(app))
        try:
            await app.run_worker_async(
                concurrency=CONCURRENCY,
                update_heartbeat_interval=HEARTBEAT_S,
                stalled_worker_timeout=SILENT_S,
                shutdown_graceful_timeout=STOP_S,
                fetch_job_polling_interval=2,
            )
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper


async def keep_going(app: procrastinate.App) -> None:
    """Take up the jobs of silent workers every few seconds; forget old ones every hour.

    A loop, not a periodic task: that would write a row every three seconds.
    """
    tidied_at = ended_at = float("-inf")
    loop = asyncio.get_running_loop()
    while True:
        # A lost database ends the worker itself; here it only means: look again.
        with contextlib.suppress(procrastinate.exceptions.ConnectorException):
            await take_up_stalled(app)
            if loop.time() - ended_at > LOST_S:
                await asyncio.to_thread(end_lost)
                ended_at = loop.time()
            if loop.time() - tidied_at > 3600:
                await app.job_manager.delete_old_jobs(nb_hours=KEPT_HOURS, include_failed=True)
                await app.job_manager.prune_stalled_workers(seconds_since_heartbeat=3600)
                tidied_at = loop.time()
        await asyncio.sleep(LOOK_S)


async def take_up_stalled(app: procrastinate.App) -> int:
    """Put jobs of silent workers back into the queue. Returns how many."""
    stalled = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_S))
    for job in stalled:
        if job.attempts >= TRIES:
            await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)
        else:
            await app.job_manager.retry_job(job, retry_at=datetime.now(UTC) - timedelta(seconds=1))
    return len(stalled)


def end_lost() -> None:
    """Say in the rows of jobs that were given up what became of them."""
    from dianheng.common.jobs import jobs_end_lost

    with contextlib.suppress(psycopg.OperationalError):
        jobs_end_lost()


def main() -> None:
    import django

    from dianheng.config import logs

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dianheng.config.settings")
    logs.set_up()
    django.setup()
    from procrastinate.contrib.django import app

    from dianheng.common.ticks import start_ticks

    worker_app = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    end_ticks = start_ticks()
    try:
        asyncio.run(work(worker_app))
    finally:
        end_ticks()
