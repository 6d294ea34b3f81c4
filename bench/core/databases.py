"""Databases to measure in: registers of any size, made once and kept; clones to write in.

All are in one private PostgreSQL, tuned as the product's own. It lies in `DIANHENG_BENCH_DATA`
(or a folder under the system's temporary one) and is thrown away when the tables change.
"""

import functools
import hashlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from dianheng.config.runtime import roles
from dianheng.config.runtime.folders import Folder
from dianheng.config.runtime.postgres import PrivatePostgres
from dianheng.testing.cluster import (
    TestCluster,
    cached_data,
    connect_default,
    copy_tree,
    make_conninfo_url,
    shape_digest,
)

SEED = 1


def bench_data() -> Path:
    """Where measured data is kept."""
    given = os.environ.get("DIANHENG_BENCH_DATA")
    path = Path(given) if given else Path(tempfile.gettempdir()) / f"dianheng-bench-{os.geteuid()}"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o711)  # PostgreSQL's user passes through when we are root
    return path


@functools.cache
def _story_digest() -> str:
    """Changes when the demo story does, whose registers are kept."""
    import dianheng.demo

    digest = hashlib.sha256()
    for path in sorted(Path(dianheng.demo.__path__[0]).glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


class BenchCluster(TestCluster):
    """The kept data folder, running: durable, with the product's own settings."""

    def __init__(self) -> None:
        path = bench_data() / shape_digest()
        for other in bench_data().iterdir():
            if other != path and other.is_dir():
                shutil.rmtree(other)
        if not path.exists():
            draft = path.with_suffix(".new")
            shutil.rmtree(draft, ignore_errors=True)
            copy_tree(cached_data(), draft)
            draft.rename(path)
        self.folder = Folder.open(path)
        self.lock = self.folder.lock("bench")
        self.server = PrivatePostgres(self.folder)
        self.server.prepare()
        self.server.start()
        self.server.wait_ready()
        self._numbers = itertools.count(1)
        self._admin = psycopg.connect(self.server.superuser_url(), autocommit=True)
        # Old rows of another case are not to be cleared away while one is timed.
        self._admin.execute("alter system set autovacuum = off")
        self._admin.execute("select pg_reload_conf()")


class Databases:
    """Makes, keeps and clones databases of a cluster; connects Django to one of them."""

    def __init__(self, cluster: TestCluster):
        self.cluster = cluster
        self.admin = psycopg.connect(cluster.server.superuser_url(), autocommit=True)
        self._numbers = itertools.count(1)
        self._clear()

    @property
    def server_pid(self) -> int:
        assert self.cluster.server.process is not None
        return self.cluster.server.process.pid

    def close(self) -> None:
        self._clear()
        self.admin.close()

    def program_url(self, name: str) -> str:
        """As the role that the product runs as."""
        return self.cluster.program_url(name)

    def owner_url(self, name: str) -> str:
        """As the owner of the tables, who may do what the product may not."""
        return make_conninfo_url(roles.private_urls(self.cluster.server)[0], name)

    def connect(self, name: str) -> None:
        """Django's default connection, of this process and of children."""
        connect_default(self.program_url(name))

    def register(self, devices: int) -> str:
        """The kept database with the company and so many devices; made when there is none."""
        name = f"register_{devices}_{_story_digest()}"
        if name not in self._names():
            self._make(name, devices)
        return name

    def _make(self, name: str, devices: int) -> None:
        from django.db import connections

        from dianheng.demo.story import tell_register

        draft = f"draft_{name}"
        self.clone(roles.DATABASE, draft)
        self.connect(draft)
        tell_register(devices=devices, seed=SEED, password="bench-only", say=lambda text: None)  # noqa: S106
        connections.close_all()
        with psycopg.connect(self.owner_url(draft), autocommit=True) as owner:
            owner.execute("vacuum (analyze)")
        self._execute("alter database {} rename to {}", draft, name)

    def clone(self, source: str, name: str = "") -> str:
        """A copy to write in."""
        name = name or f"clone_{os.getpid()}_{next(self._numbers)}"
        self._execute(
            "create database {} template {} owner {} strategy file_copy", name, source, roles.OWNER
        )
        return name

    def drop(self, name: str) -> None:
        self._execute("drop database if exists {} with (force)", name)

    def settle(self) -> None:
        """What earlier runs left to be written is written, so that the next does not pay for it."""
        self.admin.execute("checkpoint")

    @contextmanager
    def copy_of(self, source: str) -> Iterator[str]:
        """Django on a clone, for the block."""
        from django.db import connections

        connections.close_all()
        name = self.clone(source)
        self.settle()
        self.connect(name)
        try:
            yield name
        finally:
            connections.close_all()
            self.drop(name)

    def _clear(self) -> None:
        """Clones and drafts of a run that was cut off, registers that an older story told."""
        for name in self._names():
            is_old = name.startswith("register_") and not name.endswith(_story_digest())
            if is_old or name.startswith(("clone_", "draft_")):
                self.drop(name)

    def _names(self) -> list[str]:
        return [row[0] for row in self.admin.execute("select datname from pg_database")]

    def _execute(self, statement: str, *names: str) -> None:
        self.admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
