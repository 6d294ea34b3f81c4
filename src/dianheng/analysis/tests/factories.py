"""Laboratories with tested meters, and jobs that run at once."""

from typing import Any

from dianheng.analysis.columns import columns_write
from dianheng.common.jobs import JobRun, JobStopped
from dianheng.common.models import Job
from dianheng.identity.services import system_actor
from dianheng.verification.tests.factories import (
    Laboratory,
    envelope_of,
    laboratory,
    load_with,
    send,
    task_with,
)


class Run(JobRun):
    """A run whose progress nobody stores; `stops_at` asks it to stop at that call."""

    def __init__(self, job: Job, stops_at: int = 0):
        super().__init__(job, system_actor(), None)
        self.calls, self.stops_at = 0, stops_at

    def progress(self, done: int, total: int, text: str = "") -> None:
        """Nobody looks; the person who asks it to stop does so here."""
        self.calls += 1
        if self.calls == self.stops_at:
            raise JobStopped


def meters_tested(
    count: int = 4, *, lab: Laboratory | None = None, first: int = 1, **options: Any
) -> Laboratory:
    """Meters tested on the bench of a laboratory."""
    found = lab or laboratory()
    task = task_with(count, first=first)
    send(envelope_of(found, load_with(task, found.bench), **options))
    columns_write()
    return found
