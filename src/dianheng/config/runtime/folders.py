"""The data folder: where it is, who holds it, what it keeps secret.

lock            held with flock for the life of a process; says who
pg/             the private PostgreSQL's cluster
run/            its socket
postgres-18.6/  a copy of the binaries, only where the package's own cannot be reached
secret_key      Django's key; *_password: the database roles'; all 0600
logs/  static/  files/
"""

import contextlib
import errno
import fcntl
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .faults import AlreadyRuns, FolderFault
from .words import _


def data_folder() -> Path:
    """Where this installation keeps everything: DIANHENG_DATA, else the system's usual place."""
    if chosen := os.environ.get("DIANHENG_DATA"):
        return Path(chosen).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/dianheng")
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "dianheng"


@dataclass(frozen=True)
class Lock:
    """An flock: the kernel frees it when the process ends, however it ends."""

    descriptor: int

    def release(self) -> None:
        os.close(self.descriptor)


@dataclass(frozen=True)
class Folder:
    """A data folder that exists and can be written."""

    path: Path

    @classmethod
    def open(cls, path: Path | None = None) -> "Folder":
        """Make the folder if need be. Raises FolderFault in words when it cannot be used."""
        path = (path or data_folder()).resolve()
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.mkdir()
                # As root PostgreSQL runs as another user, who must be able to pass through.
                path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            with tempfile.TemporaryFile(dir=path) as probe:
                probe.write(b"." * 4096)
        except OSError as error:
            raise FolderFault(folder_text(path, error)) from error
        return cls(path)

    def lock(self, role: str) -> Lock:
        """Hold the folder. Raises AlreadyRuns with the holder's pid.

        Args:
            role: "serve", or the name of the command that holds it for a moment.
        """
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid, _space, holder = os.pread(descriptor, 100, 0).decode().strip().partition(" ")
            os.close(descriptor)
            text = _(
                "Dianheng already runs on the data folder {folder}: process {pid} ({role}). "
                "Stop it first, or choose another folder with DIANHENG_DATA."
            ).format(folder=self.path, pid=pid or "?", role=holder or "?")
            raise AlreadyRuns(text, int(pid or 0), holder) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {role}\n".encode(), 0)
        return Lock(descriptor)

    def secret(self, name: str) -> str:
        """A random secret, made on the first call and kept 0600. Two callers get the same one."""
        path = self.path / name
        with contextlib.suppress(FileNotFoundError):
            return path.read_text().strip()
        descriptor, draft = tempfile.mkstemp(dir=self.path, prefix=f"{name}.")  # mode 0600
        try:
            os.write(descriptor, secrets.token_urlsafe(48).encode())
            os.fsync(descriptor)
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)  # whole or not at all, and only once
        finally:
            os.close(descriptor)
            Path(draft).unlink()
        return path.read_text().strip()

    def subfolder(self, name: str) -> Path:
        path = self.path / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path


def folder_text(path: Path, error: OSError) -> str:
    """What an OSError on the data folder means for the person who started the program."""
    texts = {
        errno.EACCES: _("The data folder {path} is not writable for {user}."),
        errno.EPERM: _("The data folder {path} is not writable for {user}."),
        errno.EROFS: _("The data folder {path} is on a disk that is mounted read-only."),
        errno.ENOSPC: _("The disk of the data folder {path} is full. Free some space on it."),
        errno.EDQUOT: _("The disk quota for the data folder {path} is used up."),
        errno.ENOTDIR: _("A part of the data folder's path {path} is a file, not a folder."),
        errno.EEXIST: _("A part of the data folder's path {path} is a file, not a folder."),
        errno.ENAMETOOLONG: _("The path of the data folder {path} is too long."),
    }
    text = texts.get(error.errno or 0, _("The data folder {path} cannot be used: {error}."))
    user = os.environ.get("USER") or os.geteuid()
    return " ".join(
        (
            text.format(path=path, user=user, error=error.strerror),
            _("Another folder can be chosen with DIANHENG_DATA."),
        )
    )
