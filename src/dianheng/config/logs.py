"""Log lines as JSON, without personal data.

A line says what happened where and when: level, logger, message, the numbers a caller put into
`extra`. It never holds names, values of queries or addresses, tokens: the text of an exception
can (PostgreSQL quotes the offending row), so of an exception only kind, SQLSTATE and places
in the code are written.
"""

import logging
import logging.config
import os
import traceback
from typing import Any

from pythonjsonlogger.json import JsonFormatter

# Extras that a caller may hand on; anything else is dropped rather than trusted.
FACTS = (
    "action", "attempts", "batch", "count", "job", "kind", "method", "milliseconds", "part",
    "pid", "request_id", "route", "rows", "seconds", "size", "status", "unit",
)  # fmt: skip

WATCHDOGS = ("healthz", "alive")


class Line(JsonFormatter):
    """One JSON object a line."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s %(message)s",
            rename_fields={"asctime": "at", "levelname": "level", "name": "logger"},
            json_ensure_ascii=False,
        )

    def add_fields(
        self, log_record: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        super().add_fields(log_record, record, message_dict)
        known = {"at", "level", "logger", "message", "exception", *FACTS}
        for name in [name for name in log_record if name not in known]:
            del log_record[name]
        if record.exc_info and record.exc_info[1]:
            log_record["exception"] = described(record.exc_info[1])

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        from datetime import UTC, datetime

        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return ""


def described(error: BaseException) -> list[dict[str, Any]]:
    """The chain of causes: kind, SQLSTATE, the last places; never the text."""
    chain: list[dict[str, Any]] = []
    while error is not None and len(chain) < 4:
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        entry: dict[str, Any] = {
            "kind": f"{type(error).__module__}.{type(error).__qualname__}",
            "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
        if state := getattr(error, "sqlstate", None):
            entry["sqlstate"] = state
        chain.append(entry)
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return chain


class NoPersonalData(logging.Filter):
    """Messages of libraries that would carry a path with its query, an address or SQL."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "route", "") in WATCHDOGS and getattr(record, "status", 0) < 400:
            return False  # every few seconds, and all is well
        if record.name in ("django.request", "django.security.csrf"):
            # "Not Found: /devices/…"; RequestLog has the route and the status.
            record.msg, record.args = "request failed", ()
        elif record.name.startswith("axes"):
            record.msg, record.args = "login refused or counted", ()  # names and addresses
        elif record.name.startswith("procrastinate"):
            # "Job run_job[12](job_id=3) ended": the arguments are in the job's row.
            record.msg, record.args = getattr(record, "action", "job"), ()
        return True


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_personal_data": {"()": NoPersonalData}},
    "formatters": {"line": {"()": Line}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["no_personal_data"],
        }
    },
    "root": {"handlers": ["stderr"], "level": os.environ.get("DIANHENG_LOG_LEVEL", "INFO")},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "propagate": True, "handlers": []},
        "gunicorn.access": {"level": "WARNING", "propagate": False, "handlers": []},
        "procrastinate": {"level": "WARNING"},
        "django.db.backends": {"level": "WARNING"},  # DEBUG would print every value
    },
}


def set_up() -> None:
    """Where a program starts: web server, job worker, long commands."""
    logging.config.dictConfig(LOGGING)
    logging.captureWarnings(True)
