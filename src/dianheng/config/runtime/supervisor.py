"""`dianheng serve`: database, web server and job worker under one foreground process.

Start:  lock the folder, open the port, database, tables, then the parts.
Run:    a part that ends is started again, whatever its exit code, with growing pauses.
Stop:   web, worker, database, each within its patience, else killed. A second Ctrl-C hurries.
Killed: the kernel ends every child (processes.ends_with_parent); the next start tidies up.
"""

import contextlib
import errno
import http.client
import json
import logging
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from .database import Addresses
from .faults import PortTaken
from .folders import Folder
from .greeting import greeting
from .parts import Part
from .postgres import PrivatePostgres
from .preparation import environment, prepare
from .processes import ends_with_parent
from .roles import make_private, prepare_served, private_urls, reach
from .words import _

log = logging.getLogger("dianheng.runtime")
BACKLOG = 512
LOG_BYTES = 20 * 2**20
LOW_DISK_MB = 500
SCRATCH_KEPT_S = 24 * 3600


def say(text: str) -> None:
    with contextlib.suppress(OSError):  # nobody reads it any more; the parts run on
        print(text, flush=True)


class Supervisor:
    """Keeps the parts of one data folder running until it is told to stop.

    Args:
        folder: the data folder.
        host, port: where the web server listens.
        patience_s: how long web and worker may take to stop, each.
    """

    def __init__(self, folder: Folder, host: str, port: int, patience_s: float):
        self.folder = folder
        self.host = host
        self.port = port
        self.patience_s = patience_s
        self.stops_asked = 0
        self.server: PrivatePostgres | None = None
        self.database: Part | None = None
        self.web: Part | None = None
        self.worker: Part | None = None
        self.is_greeted = False
        folder.subfolder("logs")
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    # -- signals -----------------------------------------------------------------------------

    def listen_to_signals(self) -> None:
        """Before anything starts: a shell may have started us with SIGINT ignored."""
        signal.signal(signal.SIGINT, self._asked_to_stop)
        signal.signal(signal.SIGTERM, self._asked_to_stop)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup
            signal.signal(signal.SIGHUP, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_args: None)  # wakes the loop
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)

    def _asked_to_stop(self, _number: int, _frame: object) -> None:
        self.stops_asked += 1

    def _pause(self, seconds: float) -> None:
        """Sleep, but wake for a signal or the end of a child."""
        readable, _w, _x = select.select([self._wake_read], [], [], seconds)
        if readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, 4096)

    # -- the whole ---------------------------------------------------------------------------

    def run(self) -> int:
        """Start, keep, stop. Raises Fault in words when the start is not possible."""
        lock = self.folder.lock("serve")
        try:
            self.listen_to_signals()
            with self._open_port() as listener:
                clear_scratch(self.folder.path)
                self._warn_of_low_disk()
                try:
                    addresses = self._start_database()
                    if not self.stops_asked:
                        self._prepare(addresses)
                        self.web = self._web_part(addresses, listener)
                        self.worker = self._worker_part(addresses)
                    self._keep()
                finally:
                    self._stop()
        finally:
            lock.release()
        return 0

    def _keep(self) -> None:
        tidied_at = time.monotonic()
        while not self.stops_asked:
            for part in (self.database, self.web, self.worker):
                if part:
                    part.tend(self._tell)
            if not self.is_greeted:
                self._greet()
            if time.monotonic() - tidied_at > 60:
                tidied_at = time.monotonic()
                self._cut_logs()
                clear_scratch(self.folder.path)
            self._pause(1.0 if self.is_greeted else 0.1)

    def _stop(self) -> None:
        """In the order web, worker, database: nobody works on what is going away."""
        if self.is_greeted:
            say(_("Stopping …"))
        for part in (self.web, self.worker):
            if part and not part.stop(is_hurried=lambda: self.stops_asked > 1):
                say(_("{part} did not stop in time and was killed.").format(part=part.name))
        if self.server is not None:
            self.server.stop()  # never hurried: a killed database has to recover
        if self.is_greeted:
            say(_("Stopped."))

    def _tell(self, part: Part, event: str, facts: dict[str, object]) -> None:
        """A part's end is said in words on the terminal, all of it in the log."""
        if event == "ended" and not self.stops_asked:
            say(
                _("{part} ended (code {code}) and is started again; see {log}").format(
                    part=part.name, log=self._log(part.log_name), **facts
                )
            )
        elif event == "not started":
            say(_("{part} could not be started: {why}").format(part=part.name, **facts))
        at = time.strftime("%FT%TZ", time.gmtime())
        line = {"at": at, "part": part.log_name.removesuffix(".log"), "event": event, **facts}
        # A full disk must not end the one who keeps the parts running.
        with contextlib.suppress(OSError), self._log("serve.log").open("a") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _log(self, name: str) -> Path:
        return self.folder.path / "logs" / name

    # -- database ----------------------------------------------------------------------------

    def _start_database(self) -> Addresses:
        owner_url = os.environ.get("DATABASE_URL")
        program_url = os.environ.get("DATABASE_APP_URL")
        if owner_url:
            return Addresses(prepare_served(owner_url, program_url, self.folder), owner_url)
        if program_url:
            return Addresses(reach(program_url, "DATABASE_APP_URL"), None)
        self.server = server = PrivatePostgres(self.folder)
        server.prepare()
        server.start()
        server.wait_ready(still_wanted=lambda: not self.stops_asked, tell=say)
        if self.stops_asked:
            return Addresses("", None)
        make_private(server)
        self.database = self._database_part(server)
        owner, program = private_urls(server)
        return Addresses(program, owner)

    def _database_part(self, server: PrivatePostgres) -> Part:
        def again() -> subprocess.Popen[bytes]:
            server.end_leftovers()
            server.start()
            assert server.process is not None
            return server.process

        part = Part(_("The database"), "postgres.log", again, signal.SIGINT, patience_s=20)
        part.process, part.started_at = server.process, time.monotonic()
        return part

    def _prepare(self, addresses: Addresses) -> None:
        self.folder.secret("secret_key")
        prepare(self.folder.path, addresses.owner, addresses.program)

    # -- web and worker ----------------------------------------------------------------------

    def _web_part(self, addresses: Addresses, listener: socket.socket) -> Part:
        command = ["-m", "gunicorn", "--config", "python:dianheng.config.runtime.web"]
        extra = {"DIANHENG_SOCKET": str(listener.fileno())}

        def spawn() -> subprocess.Popen[bytes]:
            return self._python(
                [*command, "dianheng.config.wsgi:application"],
                "web.log",
                addresses,
                extra,
                pass_fds=[listener.fileno()],
            )

        return Part(_("The web server"), "web.log", spawn, signal.SIGTERM, self.patience_s)

    def _worker_part(self, addresses: Addresses) -> Part:
        def spawn() -> subprocess.Popen[bytes]:
            # Not "-m": procrastinate wants its app from a module with a name.
            code = "from dianheng.config.runtime.jobs import main; main()"
            return self._python(["-c", code], "worker.log", addresses, {})

        return Part(_("The job worker"), "worker.log", spawn, signal.SIGTERM, self.patience_s)

    def _python(
        self,
        arguments: list[str],
        log_name: str,
        addresses: Addresses,
        extra: dict[str, str],
        pass_fds: list[int] = [],  # noqa: B006
    ) -> subprocess.Popen[bytes]:
        variables = environment(self.folder.path, DATABASE_APP_URL=addresses.program, **extra)
        with self._log(log_name).open("ab") as output:
            return subprocess.Popen(
                [sys.executable, *arguments],
                env=variables,
                cwd=self.folder.path,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=pass_fds,
                process_group=0,
                preexec_fn=ends_with_parent(signal.SIGKILL),
            )

    def _open_port(self) -> socket.socket:
        """The supervisor holds the port, so that the web server can come and go behind it."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.host, self.port))
            listener.listen(BACKLOG)
        except (OSError, OverflowError) as error:
            listener.close()
            raise PortTaken(self._port_text(error)) from error
        self.port = listener.getsockname()[1]
        return listener

    def _port_text(self, error: OSError | OverflowError) -> str:
        if isinstance(error, OverflowError):
            return _("{port} is no port. Choose one from 1024 to 65535: PORT=8000").format(
                port=self.port
            )
        if error.errno == errno.EADDRINUSE:
            text = _("Port {port} is in use by another program. Choose another: PORT=8001")
        elif error.errno == errno.EACCES:
            text = _("Port {port} is reserved for the system. Choose one from 1024: PORT=8000")
        else:
            text = _("{host}:{port} cannot be opened: {error}. Choose another DIANHENG_HOST.")
        return text.format(host=self.host, port=self.port, error=error.strerror)

    # -- words and care ----------------------------------------------------------------------

    @property
    def address(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        return f"http://{host}:{self.port}/"

    def _greet(self) -> None:
        if answers(self.host, self.port):
            self.is_greeted = True
            say(greeting(self.folder.path, self.address))

    def _warn_of_low_disk(self) -> None:
        free_mb = shutil.disk_usage(self.folder.path).free // 2**20
        if free_mb < LOW_DISK_MB:
            say(
                _("Only {free} MB are free on the disk of {folder}.").format(
                    free=free_mb, folder=self.folder.path
                )
            )

    def _cut_logs(self) -> None:
        """Keep each log and one older part; the writers append, so they go on at the start."""
        for path in (self.folder.path / "logs").glob("*.log"):
            with contextlib.suppress(OSError):
                if path.stat().st_size > LOG_BYTES:
                    with contextlib.suppress(OSError):  # a full disk has no room for the older
                        shutil.copyfile(path, path.with_suffix(".log.1"))
                    os.truncate(path, 0)


def clear_scratch(data: Path) -> None:
    """Remove what a killed process left half written; a day is longer than any work."""
    oldest = time.time() - SCRATCH_KEPT_S
    for path in (*(data / "scratch").glob("*"), *(data / "files").glob(".new-*")):
        with contextlib.suppress(OSError):
            if path.is_file() and path.stat().st_mtime < oldest:
                path.unlink()


def answers(host: str, port: int) -> bool:
    """Whether the pages answer; 503 while a part is still coming counts as no."""
    name = os.environ.get("DIANHENG_HOSTS", "127.0.0.1").split(",")[0]
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    link = http.client.HTTPConnection(target, port, timeout=2)
    try:
        link.request("GET", "/healthz", headers={"Host": name})
        return link.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()
