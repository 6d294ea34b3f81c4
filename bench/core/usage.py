"""What a run used: wall time, CPU of program and database, peak memory of the largest process.

The program is this process and its children (a web server, a worker); the database is the
private server with all its backends. A backend's shared buffers are not its memory, so only
anonymous pages are counted. All is read from Linux's `/proc`.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SAMPLE_S = 0.02
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Usage:
    """Of one run; filled when it is over."""

    wall_s: float = 0.0
    program_cpu_s: float = 0.0
    database_cpu_s: float = 0.0
    program_mib: float = 0.0
    database_mib: float = 0.0

    @property
    def cpu_s(self) -> float:
        return self.program_cpu_s + self.database_cpu_s


def tree(pid: int, without: int = 0) -> list[int]:
    """A process and all below it, but not the tree of `without`."""
    found, rest = [], [pid]
    while rest:
        process = rest.pop()
        if process in (without, 0):
            continue
        found.append(process)
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{process}/task").iterdir():
                rest += map(int, (thread / "children").read_bytes().split())
    return found


def cpu_s(pids: list[int]) -> float:
    """CPU seconds of processes and of the children that they have buried."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            # What follows the name, which may hold anything: from field 3 (state) on.
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS


def anonymous_mib(pid: int) -> float:
    """Memory of a process that it shares with no other, in MiB."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_bytes().splitlines():
            if line.startswith(b"RssAnon:"):
                return int(line.split()[1]) / 1024
    return 0.0


class _Sampler(threading.Thread):
    """Looks at the memory of all processes until told to stop; keeps the peak of the largest."""

    def __init__(self, own: int, server: int):
        super().__init__(daemon=True)
        self.own, self.server = own, server
        self.over = threading.Event()
        self.program_mib = self.database_mib = 0.0

    def run(self) -> None:
        turn = 0
        while not self.over.wait(SAMPLE_S):
            if turn % 10 == 0:
                program, database = tree(self.own, self.server), tree(self.server)
            turn += 1
            self.program_mib = max(self.program_mib, *map(anonymous_mib, program))
            self.database_mib = max([self.database_mib, *map(anonymous_mib, database)])


@contextmanager
def used(server: int) -> Iterator[Usage]:
    """Measure the block; `server` is the pid of the database server, 0 where there is none."""
    own = os.getpid()
    usage = Usage()
    sampler = _Sampler(own, server)
    sampler.start()
    program, database = cpu_s(tree(own, server)), cpu_s(tree(server))
    began = time.perf_counter()
    try:
        yield usage
    finally:
        usage.wall_s = time.perf_counter() - began
        usage.program_cpu_s = cpu_s(tree(own, server)) - program
        usage.database_cpu_s = cpu_s(tree(server)) - database
        sampler.over.set()
        sampler.join()
        usage.program_mib, usage.database_mib = sampler.program_mib, sampler.database_mib
