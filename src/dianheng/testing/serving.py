"""`dianheng serve` as a person starts it: a real process on a data folder of its own; a visitor.

Bounds of time are wide: a busy machine keeps them, and a mechanism that is missing does not.
Figures of an idle machine stand in docs/how-to/run.md.
"""

import http.client
import http.cookiejar
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

from dianheng.config.runtime.processes import ends_with_parent, wait_until


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as plug:
        return int(plug.getsockname()[1])


def surroundings(data: Path, **variables: str) -> dict[str, str]:
    """The environment of a program on the data folder: none of the tests' own database."""
    known = {n: v for n, v in os.environ.items() if not n.startswith(("DATABASE_", "PG"))}
    return known | {"DIANHENG_DATA": str(data), "LC_ALL": "C.UTF-8", **variables}


def command(
    data: Path, *arguments: str, given: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """`dianheng …` on a data folder; a traceback is never an answer."""
    said = subprocess.run(
        [sys.executable, "-m", "dianheng.config.cli", *arguments],
        env=surroundings(data, **variables),
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in said.stderr, said.stderr
    return said


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
        self.output = Path(tempfile.gettempdir()) / f"dianheng-serve-{os.getpid()}-{self.port}.out"
        ends_with_us = ends_with_parent(signal.SIGKILL)

        def begin(ignores_int: bool) -> None:
            ends_with_us()
            if ignores_int:
                signal.signal(signal.SIGINT, signal.SIG_IGN)

        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "dianheng.config.cli", "serve"],
                env=surroundings(data, **({"PORT": str(self.port)} | variables)),
                cwd=cwd or "/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=lambda: begin(ignores_int),
            )

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

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

    def wait_well(self, seconds: float = 240) -> "Serve":
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

    def run(
        self, *arguments: str, given: str = "", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """A command on the same data folder."""
        return command(self.data, *arguments, given=given, **variables)

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


class Visitor:
    """A person with a browser of no looks: logs in, posts forms, reads answers."""

    def __init__(self, serve: Serve):
        self.serve = serve
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(self.cookies),
            _StayHere(),
        )

    def login(self, login: str, password: str) -> "Visitor":
        self.get("/login/")
        status, _text = self.post("/login/", username=login, password=password)
        assert status == 302, "the login was refused"
        return self

    def get(self, path: str) -> tuple[int, str]:
        return self._ask(path)

    def post(
        self, path: str, /, files: dict[str, Path] | None = None, **fields: str
    ) -> tuple[int, str]:
        """Status and, of a redirect, where to; else the page."""
        fields["csrfmiddlewaretoken"] = self._token()
        if files:
            return self._ask(path, *multipart(fields, files))
        body = urllib.parse.urlencode(fields, doseq=True).encode()
        return self._ask(path, body, "application/x-www-form-urlencoded")

    def _token(self) -> str:
        return next((c.value or "" for c in self.cookies if c.name == "csrftoken"), "")

    def _ask(self, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, str]:
        """0 when nobody answers, or the line breaks in the middle."""
        headers = {"Content-Type": kind} if kind else {}
        request = urllib.request.Request(self.serve.base + path, data=body, headers=headers)  # noqa: S310
        try:
            try:
                answer = self.opener.open(request, timeout=120)
            except urllib.error.HTTPError as refusal:
                answer = refusal
            with answer:
                where = answer.headers.get("Location") if answer.status >= 300 else None
                return answer.status, where or answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object) -> None:
        return None


def multipart(fields: dict[str, str], files: dict[str, Path]) -> tuple[bytes, str]:
    """A form with files as browsers send it."""
    edge = uuid.uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, path in files.items():
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{path.name}"'
        parts.append(head.encode() + b"\r\n\r\n" + path.read_bytes() + b"\r\n")
    return b"".join(parts) + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"
