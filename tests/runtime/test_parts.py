"""A part is started again whatever its exit code, and does not outlive its stop."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from dianheng.config.runtime.faults import PostgresFault
from dianheng.config.runtime.parts import Part
from dianheng.config.runtime.processes import wait_until


def shell(script: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/bin/sh", "-c", script], process_group=0)


def part_of(script: str, patience_s: float = 5) -> Part:
    return Part("part", "part.log", lambda: shell(script), signal.SIGTERM, patience_s)


def tend(part: Part, seconds: float) -> list[tuple[str, object]]:
    told: list[tuple[str, object]] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        part.tend(lambda _part, event, facts: told.append((event, facts.get("code"))))
        time.sleep(0.02)
    return told


@pytest.mark.parametrize("code", [0, 3])
def test_a_part_that_ends_is_started_again_with_growing_pauses(code: int):
    part = part_of(f"exit {code}")
    told = tend(part, 1.0)
    part.stop()
    # started at 0, then after pauses of 0.2, 0.4 s; the next one would come after 0.8 s
    assert told.count(("ended", code)) == 3
    assert sum(event == "started" for event, _code in told) == 3


def test_a_part_that_cannot_be_started_is_tried_again_later():
    tries: list[float] = []

    def spawn() -> subprocess.Popen[bytes]:
        tries.append(time.monotonic())
        if len(tries) == 1:
            raise PostgresFault("no room")
        return shell("sleep 60")

    part = Part("part", "part.log", spawn, signal.SIGTERM, 5)
    told = tend(part, 0.6)
    assert [event for event, _code in told] == ["not started", "started"]
    assert tries[1] - tries[0] >= 0.2
    assert part.stop()


def test_a_part_that_obeys_is_not_killed():
    part = part_of("sleep 60")
    tend(part, 0.1)
    assert part.stop() is True
    assert part.process is None


def test_a_part_that_ignores_the_stop_is_killed_with_what_it_started(tmp_path: Path):
    note = tmp_path / "child"
    part = part_of(
        f"trap '' TERM; sleep 60 & echo $! > {note}; while :; do sleep 1; done", patience_s=0.3
    )
    tend(part, 0.1)
    assert wait_until(lambda: note.exists() and note.read_text().strip(), 2)
    child = int(note.read_text())
    assert part.stop() is False
    assert wait_until(lambda: not Path(f"/proc/{child}").exists() or is_zombie(child), 2)


def is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_second_ctrl_c_does_not_wait():
    part = part_of("trap '' TERM; while :; do sleep 1; done", patience_s=30)
    tend(part, 0.1)
    began = time.monotonic()
    assert part.stop(is_hurried=lambda: True) is False
    assert time.monotonic() - began < 2
