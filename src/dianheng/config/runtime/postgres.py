"""The private PostgreSQL of a data folder: made, started, watched, stopped.

The caller holds the folder's lock, so whatever still runs on the cluster is a left-over and
is ended before a start. The server is our direct child, listens on a socket only, and gets
SIGINT (a clean, fast stop) from the kernel when we die.
"""

import contextlib
import errno
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlencode

from .accounts import account_for
from .binaries import Binaries, find_binaries, reachable
from .faults import FolderFault, PostgresFault
from .folders import Folder, folder_text
from .processes import ends_with_parent, running_in, signal_all, wait_until
from .words import _

SUPERUSER = "postgres"
SOCKET_PATH_LIMIT = 100  # bytes; sun_path holds 107 with the final zero
SOCKET_NAME = ".s.PGSQL.5432"
# Sorting is by code point everywhere (the build has no ICU); the C library's UTF-8 table is
# still needed: with the locale C a Chinese character is no letter, and pg_trgm drops it.
UTF8_LOCALES = ("C.UTF-8", "C.utf8", "en_US.UTF-8", "zh_CN.UTF-8")
PLAIN_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class PrivatePostgres:
    """One server on `folder/pg`.

    Args:
        folder: data folder whose lock the caller holds.
        durable: False in tests only: no fsync.
    """

    def __init__(self, folder: Folder, *, durable: bool = True):
        self.folder = folder
        self.durable = durable
        self.cluster = folder.path / "pg"
        self.log = folder.subfolder("logs") / "postgres.log"
        self.account = account_for(self.cluster)
        self.process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    # -- making ------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the cluster if there is none, check its version, end what is left over."""
        if not self.account.can_enter(self.folder.path):
            raise FolderFault(
                _(
                    "PostgreSQL runs as the user {user}, who may not enter {folder}. Open the "
                    "folders on the way (chmod o+x), choose another with DIANHENG_DATA, or "
                    "start as an ordinary user."
                ).format(user=self.account.name, folder=self.folder.path)
            )
        self.binaries = reachable(find_binaries(), self.account, self.folder.path)
        self.end_leftovers()
        if not (self.cluster / "PG_VERSION").exists():
            self._make_cluster()
        self._check_version(self.binaries)

    def _check_version(self, binaries: Binaries) -> None:
        made_by = int((self.cluster / "PG_VERSION").read_text())
        if made_by == binaries.major:
            return
        facts = {"folder": self.cluster, "made_by": made_by, "here": binaries.major}
        if made_by < binaries.major:
            text = _(
                "The database in {folder} is too old: PostgreSQL {made_by} made it, this program "
                "brings {here}. Dump it with the older program and restore it "
                "(docs/how-to/run.md, “A newer PostgreSQL”)."
            )
        else:
            text = _(
                "The database in {folder} is too new: PostgreSQL {made_by} made it, this program "
                "brings {here}. Use the newer program."
            )
        raise PostgresFault(text.format(**facts))

    def _make_cluster(self) -> None:
        """initdb into `pg.new`, then rename: a half-made cluster never looks like a whole one."""
        draft = self.folder.path / "pg.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self.account.take(draft)
        with tempfile.NamedTemporaryFile(dir=self.folder.path, prefix="initdb.") as password:
            password.write(self.folder.secret("superuser_password").encode())
            password.flush()
            self.account.take(Path(password.name))
            for locale in UTF8_LOCALES:
                made = self._initdb(draft, locale, password.name)
                if made.returncode == 0 or "locale" not in made.stderr:
                    break
        if made.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise PostgresFault(in_words(made.stderr, self.folder.path))
        draft.rename(self.cluster)

    def _initdb(self, draft: Path, locale: str, password: str) -> subprocess.CompletedProcess[str]:
        options = [
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            f"--lc-ctype={locale}",
            "--auth=scram-sha-256",
            f"--username={SUPERUSER}",
            f"--pwfile={password}",
            "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        ]
        return subprocess.run(
            [self.binaries["initdb"], "-D", str(draft), *options],
            cwd=draft,
            env=PLAIN_ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=ends_with_parent(signal.SIGKILL),
            **self.account.switch,
        )

    def end_leftovers(self) -> None:
        """Stop a server that lost its parent; kill backends that lost their server.

        A stray backend keeps the shared memory: the next start would fail for half a minute.
        """
        postmaster = self.postmaster_pid()
        if postmaster in running_in(self.cluster, "postgres"):
            signal_all([postmaster], signal.SIGINT)
            wait_until(lambda: postmaster not in running_in(self.cluster, "postgres"), 20)
        strays = running_in(self.cluster, "postgres")
        signal_all(strays, signal.SIGKILL)
        if not wait_until(lambda: not running_in(self.cluster, "postgres"), 10):
            raise PostgresFault(
                _("Processes {pids} of an earlier database do not end. Kill them first.").format(
                    pids=", ".join(map(str, strays))
                )
            )
        # Its pid may be another program's by now, and then PostgreSQL would not start.
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    # -- running -----------------------------------------------------------------------------

    def start(self) -> None:
        """Start the server; `wait_ready` says when it answers."""
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.binaries["postgres"], "-D", str(self.cluster), *self._options()],
                cwd=self.cluster,
                env=PLAIN_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,  # Ctrl-C reaches us first, we stop the parts in order
                preexec_fn=ends_with_parent(signal.SIGINT),
                **self.account.switch,
            )

    def wait_ready(
        self,
        *,
        still_wanted: Callable[[], bool] = lambda: True,
        tell: Callable[[str], None] = print,
    ) -> None:
        """Return when the server answers. Raises PostgresFault in words when it ended instead.

        There is no time limit: crash recovery takes what it takes, and is told after 3 s.
        """
        assert self.process is not None
        slow_at = time.monotonic() + 3
        while not self.is_ready():
            if self.process.poll() is not None:
                raise PostgresFault(in_words(self.log_since_start(), self.folder.path))
            if not still_wanted():
                return
            if slow_at and time.monotonic() > slow_at:
                tell(_("The database is recovering from a hard stop; this takes a moment."))
                slow_at = 0
            time.sleep(0.02)

    def is_ready(self) -> bool:
        """Whether the running server says it takes connections (the line pg_ctl looks at)."""
        lines = self._pid_lines()
        return len(lines) > 7 and lines[7].strip() == "ready"

    def stop(self, patience_s: float = 20) -> None:
        """Fast stop, then immediate, then kill. Nothing of the cluster runs afterwards."""
        if self.process is None:
            return
        for number, seconds in ((signal.SIGINT, patience_s), (signal.SIGQUIT, 5)):
            if self.process.poll() is None:
                signal_all([self.process.pid], number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(seconds)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        signal_all(running_in(self.cluster, "postgres"), signal.SIGKILL)
        self.process = None

    def postmaster_pid(self) -> int:
        lines = self._pid_lines()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else 0

    def _pid_lines(self) -> list[str]:
        try:
            return (self.cluster / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def log_since_start(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    # -- where it is -------------------------------------------------------------------------

    def socket_folder(self) -> Path:
        """`folder/run`, or a folder in /tmp named after it where that path is too long."""
        folder = self.folder.path / "run"
        if len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
            return folder
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"dianheng-{self.account.uid}-{digest}"

    def _make_socket_folder(self) -> Path:
        """0700 and the account's; one that somebody else laid in /tmp is refused."""
        folder = self.socket_folder()
        if folder.parent == self.folder.path:  # ours in any case; a restored copy has any owner
            shutil.rmtree(folder, ignore_errors=True)
        try:
            folder.mkdir(mode=0o700)
            self.account.take(folder)
        except FileExistsError:
            seen = folder.lstat()
            if seen.st_uid != self.account.uid or seen.st_mode & 0o170077 != 0o040000:
                raise PostgresFault(
                    _("The folder {folder} is not ours (0700, {user}). Remove it.").format(
                        folder=folder, user=self.account.name
                    )
                ) from None
        return folder

    def url(self, role: str, password: str, database: str) -> str:
        """A libpq URL to the server's socket."""
        where = urlencode({"host": str(self.socket_folder()), "port": 5432}, quote_via=quote)
        return f"postgresql://{role}:{quote(password, safe='')}@/{quote(database)}?{where}"

    def superuser_url(self, database: str = "postgres") -> str:
        return self.url(SUPERUSER, self.folder.secret("superuser_password"), database)

    def _options(self) -> list[str]:
        memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": quoted(str(self._make_socket_folder())),
            "unix_socket_permissions": "0700",
            "max_connections": 200,
            "shared_buffers": f"{min(max(memory_mb // 8, 64), 2048)}MB",
            "effective_cache_size": f"{max(memory_mb // 2, 128)}MB",
            "work_mem": "16MB",
            "maintenance_work_mem": f"{min(max(memory_mb // 32, 64), 512)}MB",
            "max_wal_size": "1GB",  # 4GB gave 14 s of crash recovery
            "client_connection_check_interval": "2s",  # nobody waits any more: end the statement
            "random_page_cost": 1.1,
            "jit": "off",
            # A statement or a detail in the log could hold a person's name.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "log_checkpoints": "off",
            "log_line_prefix": "%m [%p] ",
            "log_timezone": "UTC",
            "lc_messages": "C",
        }
        if not self.durable:
            settings |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "shared_buffers": "64MB",
                "wal_level": "minimal",
                "max_wal_senders": 0,
                "autovacuum": "off",
            }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def quoted(path: str) -> str:
    """A path for a list-valued setting: a comma or blank in it would part the list."""
    return '"' + path.replace('"', '""') + '"'


def in_words(log: str, path: Path) -> str:
    """What PostgreSQL's own lines mean for the person who started the program."""
    if "No space left on device" in log:
        return folder_text(path, OSError(errno.ENOSPC, ""))
    if "Permission denied" in log:
        return folder_text(path, OSError(errno.EACCES, ""))
    told = [line for line in log.splitlines() if re.search("FATAL|PANIC|error:", line)]
    last = "\n".join(told[-3:] or log.splitlines()[-3:])
    return _("The database did not start:\n{lines}\nMore is in {log}.").format(
        lines=last, log=path / "logs" / "postgres.log"
    )
