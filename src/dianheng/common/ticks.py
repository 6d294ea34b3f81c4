"""Small work that the worker does every few seconds: sealing the audit trail, folding stock,
looking into watched folders. Of several workers one does each tick.
"""

import logging
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, connection

log = logging.getLogger("dianheng.ticks")
LOCK_CLASS = 77_120_004


@dataclass
class Tick:
    """A function without arguments and the seconds between its runs; short and repeatable."""

    name: str
    seconds: float
    function: Callable[[], object]
    due: float = 0.0


_ticks: dict[str, Tick] = {}


def register_tick(name: str, seconds: float, function: Callable[[], object]) -> None:
    """Add a tick; called in `AppConfig.ready`."""
    _ticks[name] = Tick(name, seconds, function)


def run_ticks(stop: threading.Event) -> None:
    """Run what is due until told to stop; a tick that breaks is logged and tried again."""
    while not stop.wait(0.5):
        now = time.monotonic()
        for tick in list(_ticks.values()):
            if tick.due <= now and not stop.is_set():
                tick.due = now + tick.seconds
                _run_alone(tick)


def _run_alone(tick: Tick) -> None:
    key = zlib.crc32(tick.name.encode()) % 2**31
    try:
        with connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, key])
            if not cursor.fetchone()[0]:
                return
        try:
            tick.function()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s, %s)", [LOCK_CLASS, key])
    except DatabaseError:
        connection.close()  # the database went away; the lock went with it
    except Exception:
        log.exception("tick failed", extra={"tick": tick.name})


def start_ticks() -> Callable[[], None]:
    """Run the ticks in a thread; returns the function that stops it."""
    stop = threading.Event()
    thread = threading.Thread(target=run_ticks, args=(stop,), name="ticks", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(timeout=5)

    return end
