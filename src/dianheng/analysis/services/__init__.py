"""What this app does."""

from .lines import trace_file
from .recall import trace_recall
from .trace import TRACE, cause_of, trace_declare, trace_run
from .trial import TRY, trial_run, trial_start

__all__ = [
    "TRACE",
    "TRY",
    "cause_of",
    "trace_declare",
    "trace_file",
    "trace_recall",
    "trace_run",
    "trial_run",
    "trial_start",
]
