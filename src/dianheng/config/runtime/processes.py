"""Children that end with us, and what already runs on a folder."""

import contextlib
import ctypes
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)  # loaded before any fork


def ends_with_parent(end_signal: int, parent: int | None = None) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends the signal when the parent dies, kill -9 too.

    It must run after the change of user, which clears it; subprocess does it in this order.
    The child must come from the parent's main thread: the kernel watches the thread.
    """
    parent = parent or os.getpid()

    def prepare() -> None:
        if sys.platform == "linux":
            LIBC.prctl(PR_SET_PDEATHSIG, end_signal)
            if os.getppid() != parent:  # it died before the line above
                os._exit(1)

    return prepare


def running_in(folder: Path, name: str) -> list[int]:
    """Pids of the processes called `name` whose working directory is the folder.

    Every PostgreSQL process stands in its cluster, so this finds a forgotten server and the
    backends that outlived one, and nothing else.
    """
    target = str(folder.resolve())
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "comm").read_text().strip() == name:
                    where = str((entry / "cwd").readlink())
                    if where.removesuffix(" (deleted)") == target and not is_zombie(entry):
                        found.append(int(entry.name))
    return sorted(found)


def is_zombie(entry: Path) -> bool:
    return (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"


def signal_all(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_until(question: Callable[[], object], seconds: float, pause: float = 0.02) -> bool:
    """Ask until the answer is true; False when it was not within the time."""
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
