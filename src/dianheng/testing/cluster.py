"""A PostgreSQL for one test process, with the tables of this version, in tenths of a second.

Migrating takes long and its result is the same until a migration changes. So a whole stopped
data folder is kept, named after a digest of all that shapes it; each test process copies it
and starts a server of its own on the copy. The pages' files are collected in it too: their
compression is most of a first start, and a `dianheng serve` on a copy makes a later one.
Processes share nothing, so any number of test runs go side by side.
"""

import fcntl
import hashlib
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

import dianheng
from dianheng.config.runtime import roles
from dianheng.config.runtime.folders import Folder
from dianheng.config.runtime.postgres import PrivatePostgres
from dianheng.config.runtime.preparation import prepare

PACKAGE = Path(dianheng.__file__).parent
SHAPES_THE_DATABASE = (
    "*/migrations/**/*.py",
    "*/sql/**/*",
    "*/audit*.py",
    "*/audit*/**/*.py",
    "config/settings.py",
    "config/runtime/*.py",
    "testing/cluster.py",
)
KEPT = 12  # data folders in the cache
STALE_S = 6 * 3600  # a folder of a test run that was killed


class TestCluster:
    """A running server on a copy of the cached data folder.

    Args:
        path: the data folder to make; its parents can be entered by everybody.
    """

    __test__ = False

    def __init__(self, path: Path):
        copy_tree(cached_data(), path)
        self.folder = Folder.open(path)
        self.lock = self.folder.lock("tests")
        self.server = PrivatePostgres(self.folder, durable=False)
        self.server.prepare()
        self.server.start()
        self.server.wait_ready()
        self._numbers = itertools.count(1)
        self._admin = psycopg.connect(self.server.superuser_url(), autocommit=True)

    def owner_url(self, database: str) -> str:
        return make_conninfo_url(roles.private_urls(self.server)[0], database)

    def program_url(self, database: str) -> str:
        return make_conninfo_url(roles.private_urls(self.server)[1], database)

    def clone(self, stem: str) -> str:
        """A new database with the tables of this version and no rows of any test."""
        name = f"{stem}_{next(self._numbers)}"
        self._admin.execute(
            sql.SQL("create database {} template {} owner {} strategy file_copy").format(
                *map(sql.Identifier, (name, roles.DATABASE, roles.OWNER))
            )
        )
        return name

    def drop(self, name: str) -> None:
        self._admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    def stop(self) -> None:
        self._admin.close()
        self.server.stop()
        self.lock.release()


def make_conninfo_url(url: str, database: str) -> str:
    """The same server and role, another database."""
    return url.replace(f"@/{roles.DATABASE}?", f"@/{database}?")


def connect_default(url: str) -> None:
    """Connect Django's `default` to a database; threads and child processes follow."""
    from django.db import connections

    from dianheng.config.database_url import database_settings

    connection = connections["default"]
    connection.close()
    wanted = database_settings(url)
    # The same dictionary belongs to the connections of all threads.
    for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT"):
        connection.settings_dict[name] = wanted[name]
    os.environ["DATABASE_APP_URL"] = url


# -- the cache ---------------------------------------------------------------------------------


def shape_digest() -> str:
    """Changes when anything changes that could give the database another shape."""
    digest = hashlib.sha256()
    files = {path for pattern in SHAPES_THE_DATABASE for path in PACKAGE.glob(pattern)}
    pins = PACKAGE.parents[1] / "requirements" / "run.txt"
    for path in sorted({*files, *([pins] if pins.exists() else [])}):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(PACKAGE.parents[1])}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cached_data() -> Path:
    """The stopped data folder of this version, made by the first process that asks."""
    root = os.environ.get("DIANHENG_TEST_CACHE") or tempfile.gettempdir()
    cache = Path(root) / f"dianheng-test-cache-{os.geteuid()}"
    cache.mkdir(mode=0o700, exist_ok=True)
    if cache.stat().st_uid != os.geteuid():
        raise RuntimeError(f"{cache} belongs to somebody else")
    ready = cache / shape_digest()
    with locked(cache / f"{ready.name}.lock"):  # other versions are made beside it
        if not ready.exists():
            make_data(ready)
            forget_old(cache)
        os.utime(ready)
    return ready


def make_data(ready: Path) -> None:
    """Initialise, grant, prepare, stop; only a whole folder gets the name."""
    with temporary_folder() as path:
        folder = Folder.open(path / "data")
        server = PrivatePostgres(folder, durable=False)
        server.prepare()
        server.start()
        try:
            server.wait_ready()
            roles.make_private(server)
            prepare(folder.path, *roles.private_urls(server))
        finally:
            server.stop()
        draft = ready.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        copy_tree(folder.path, draft)
        draft.rename(ready)


def forget_old(cache: Path) -> None:
    kept = [path for path in cache.iterdir() if path.is_dir() and not path.suffix]
    for path in sorted(kept, key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(path, ignore_errors=True)
    for path in Path(tempfile.gettempdir()).glob("dianheng-test-*"):
        if path.is_dir() and path != cache and time.time() - path.stat().st_mtime > STALE_S:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A temporary folder that PostgreSQL's user may pass through; gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="dianheng-test-"))
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def copy_tree(source: Path, target: Path) -> None:
    """With owners and modes; `cp` shares the blocks where the file system can."""
    subprocess.run(["cp", "-a", "--reflink=auto", source, target], check=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


__all__ = ["TestCluster", "temporary_folder"]
