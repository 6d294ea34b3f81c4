"""Load and server on cores of their own, as if the load came from another machine.

Where both share all cores, an answer waits for the load that asks for the next ones, and the
times of the load are told as times of the server. Apart, the server has fewer cores, so its
capacity is smaller, and half of that is asked for.
"""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .usage import tree


@contextmanager
def load_apart(*servers: int) -> Iterator[int]:
    """For the block this process has the last core, the servers and all below them the others.

    Yields:
        On how many cores the servers run; with a single core nothing can be set apart.
    """
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        yield len(cores)
        return
    last = max(cores)
    _keep(servers, cores - {last})
    os.sched_setaffinity(0, {last})
    try:
        yield len(cores) - 1
    finally:
        os.sched_setaffinity(0, cores)
        _keep(servers, cores)


def _keep(servers: tuple[int, ...], cores: set[int]) -> None:
    """What is begun later keeps to the cores of whoever begins it."""
    for server in servers:
        for process in tree(server):
            with contextlib.suppress(OSError):
                for thread in Path(f"/proc/{process}/task").iterdir():
                    os.sched_setaffinity(int(thread.name), cores)
