"""`dianheng serve` as a person starts it: a real process on a data folder of its own.

Bounds of time are wide: a busy machine keeps them, and a mechanism that is missing does not.
Figures of an idle machine stand in docs/how-to/run.md.
"""

import http.client
import os
import pwd
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dianheng.config.runtime.processes import ends_with_parent, wait_until
from dianheng.testing.cluster import cached_data, copy_tree, temporary_folder

IS_ROOT = os.geteuid() == 0
AS_NOBODY = (
    "setpriv", f"--reuid={pwd.getpwnam('nobody').pw_uid}", f"--regid={pwd.getpwnam('nobody').pw_gid}",
    # The interpreter may lie under /root: let the unprivileged user read everything, write nothing.
    "--clear-groups", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("root") and not IS_ROOT:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder under /tmp that PostgreSQL's user may pass through (pytest's own is closed)."""
    with temporary_folder() as path:
        yield path


@pytest.fixture
def data(place: Path) -> Path:
    """A data folder with a stopped database that has its tables."""
    copy_tree(cached_data(), place / "data")
    return place / "data"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as plug:
        return int(plug.getsockname()[1])


class Serve:
    """One `dianheng serve`; its output goes to a file so that nothing blocks."""

    def __init__(
        self,
        data: Path,
        *,
        prefix: tuple[str, ...] = (),
        cwd: Path | None = None,
        ignores_int: bool = False,
        **variables: str,
    ):
        self.data = data
        self.port = free_port()
        self.output = Path(f"/tmp/dianheng-serve-{os.getpid()}-{self.port}.out")
        known = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DATABASE_", "PG"))
        }
        ends_with_us = ends_with_parent(signal.SIGKILL)

        def begin(ignores_int: bool) -> None:
            ends_with_us()
            if ignores_int:
                signal.signal(signal.SIGINT, signal.SIG_IGN)

        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "dianheng.config.cli", "serve"],
                env=known
                | {
                    "DIANHENG_DATA": str(data),
                    "PORT": str(self.port),
                    "LC_ALL": "C.UTF-8",
                    **variables,
                },
                cwd=cwd or "/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=lambda: begin(ignores_int),
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def get(self, path: str = "/healthz", seconds: float = 5) -> tuple[int, str]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        except OSError as error:
            return 0, str(error)
        finally:
            link.close()

    def is_well(self) -> bool:
        return self.get()[0] == 200

    def wait_well(self, seconds: float = 90) -> "Serve":
        assert wait_until(
            lambda: self.is_well() or self.process.poll() is not None, seconds, 0.05
        ), self.said
        assert self.process.poll() is None, self.said
        assert wait_until(lambda: "Stop with Ctrl-C" in self.said, 5), self.said
        return self

    def wait_end(self, seconds: float = 60) -> int:
        return self.process.wait(seconds)

    def stop(self, number: int = signal.SIGINT, seconds: float = 60) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def pids(self, part: str = "") -> list[int]:
        """Processes of this data folder, the supervisor first among those named."""
        return pids_of(self.data, part)

    def child(self, what: str) -> int:
        """Pid of the direct child whose command line holds the word."""
        for pid in pids_of(self.data, what):
            if parent_of(pid) == self.process.pid:
                return pid
        raise AssertionError(f"no {what} in {[(p, command_of(p)) for p in pids_of(self.data)]}")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.output.unlink(missing_ok=True)


def pids_of(data: Path, word: str = "") -> list[int]:
    """Every process that works for the data folder: by its environment or working folder."""
    found = []
    real = str(data.resolve())
    mark = f"DIANHENG_DATA={data}\0".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stands_in = str((entry / "cwd").readlink()).removesuffix(" (deleted)")
            is_ours = mark in (entry / "environ").read_bytes() or f"{stands_in}/".startswith(
                f"{real}/"
            )
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if is_ours and state != "Z" and word in command_of(int(entry.name)):
            found.append(int(entry.name))
    return sorted(found)


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@pytest.fixture
def serve() -> Iterator[type[Serve]]:
    """Start as many as the test wants; all are ended after it."""
    started: list[Serve] = []

    class Started(Serve):
        def __init__(self, *arguments: object, **options: object):
            super().__init__(*arguments, **options)  # type: ignore[arg-type]
            started.append(self)

    yield Started
    for one in started:
        one.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Serve]:
    """One that is up, for the tests that only look or that heal."""
    with temporary_folder() as place:
        copy_tree(cached_data(), place / "data")
        one = Serve(place / "data")
        try:
            yield one.wait_well()
        finally:
            one.close()
