"""Trials of rules as jobs."""

from typing import Any

from dianheng.common.jobs import JobRun, job_handler
from dianheng.common.ticks import register_tick

from .columns import columns_write
from .services.trace import KIND as TRACE_KIND
from .services.trace import trace_run
from .services.trial import KIND, trial_run


@job_handler(KIND)
def trial(run: JobRun) -> dict[str, Any]:
    """Judge the past by another rule; a repeat begins anew."""
    return trial_run(run)


@job_handler(TRACE_KIND)
def trace(run: JobRun) -> dict[str, Any]:
    """Find everything that a bad cause touched; a repeat changes nothing."""
    return trace_run(run)


# Other ticks of the worker wait for a block at the most: some seconds.
register_tick("analysis.columns", 60, lambda: columns_write(seconds=5))
