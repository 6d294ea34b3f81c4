"""One part of the whole, kept running: started, started again, stopped."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from .faults import Fault

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
WELL_S = 30.0  # a part that ran this long has recovered; the pauses begin anew


@dataclass
class Part:
    """A child process in a group of its own.

    Args:
        name: said in words.
        log_name: the file its lines go to.
        spawn: starts it; may raise Fault or OSError, then it is tried again later.
        stop_signal: asks it to stop.
        patience_s: how long it may take to stop before it is killed.
    """

    name: str
    log_name: str
    spawn: Callable[[], subprocess.Popen[bytes]]
    stop_signal: int
    patience_s: float
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started_at: float = 0.0
    due_at: float = 0.0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def tend(self, tell: Callable[["Part", str, dict[str, object]], None]) -> None:
        """Look once: notice an end, whatever its exit code, and start again when it is time."""
        now = time.monotonic()
        if self.process is not None and not self.is_running:
            code = self.process.returncode
            self._end_group()
            self.process = None
            self.failures = 0 if now - self.started_at > WELL_S else self.failures
            self._postpone(now)
            tell(self, "ended", {"code": code, "seconds": round(now - self.started_at, 1)})
        if self.process is None and now >= self.due_at:
            try:
                self.process = self.spawn()
                self.started_at = time.monotonic()
                tell(self, "started", {"pid": self.process.pid})
            except (Fault, OSError) as error:
                self._postpone(time.monotonic())
                tell(self, "not started", {"why": str(error)})

    def _postpone(self, now: float) -> None:
        self.due_at = now + min(FIRST_PAUSE_S * 2**self.failures, LONGEST_PAUSE_S)
        self.failures = min(self.failures + 1, 20)

    def ask_to_stop(self) -> None:
        if self.process is not None and self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, self.stop_signal)

    def stop(self, is_hurried: Callable[[], bool] = lambda: False) -> bool:
        """Stop it; after the patience, or when hurried, kill it. False when it was killed."""
        if self.process is None:
            return True
        self.ask_to_stop()
        deadline = time.monotonic() + self.patience_s
        while self.is_running and time.monotonic() < deadline and not is_hurried():
            time.sleep(0.02)
        went_itself = not self.is_running
        self._end_group()
        self.process.wait()
        self.process = None
        return went_itself

    def _end_group(self) -> None:
        """What the part started itself goes with it."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
