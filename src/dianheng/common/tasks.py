"""Where the worker finds the tasks."""

from .jobs import run_job

__all__ = ["run_job"]
