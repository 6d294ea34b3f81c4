"""A running Dianheng with work to be interrupted. The data are made once and copied."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dianheng.config.runtime.folders import Folder
from dianheng.config.runtime.postgres import PrivatePostgres
from dianheng.config.runtime.processes import wait_until
from dianheng.testing.cluster import PACKAGE, cached_data, copy_tree, locked, temporary_folder
from dianheng.testing.serving import Serve, Visitor, surroundings

STAGE = Path(__file__).with_name("stage.py")
ROUNDS = 5


def staged() -> Path:
    """The stopped data folder with the work in it, made by the first process that asks."""
    ready = cached_data()
    digest = hashlib.sha256(ready.name.encode() + STAGE.read_bytes())
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.read_bytes())
    stages = Path(tempfile.gettempdir()) / f"dianheng-test-stages-{os.geteuid()}"
    stages.mkdir(mode=0o700, exist_ok=True)
    folder = stages / digest.hexdigest()[:16]
    with locked(stages / "lock"):
        if not folder.exists():
            for old in [path for path in stages.iterdir() if path.is_dir()]:
                shutil.rmtree(old, ignore_errors=True)
            with temporary_folder() as place:
                data = place / "data"
                copy_tree(ready, data)
                (data / "work").mkdir()
                made = subprocess.run(
                    [sys.executable, STAGE, data / "work", str(ROUNDS)],
                    env=surroundings(data),
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                )
                (data / "work" / "work.json").write_text(made.stdout)
                draft = folder.with_suffix(".new")
                shutil.rmtree(draft, ignore_errors=True)
                copy_tree(data, draft)
                draft.rename(folder)
    return folder


class Ground:
    """A data folder with work, the server on it, the person on duty, the superuser's eye."""

    def __init__(self, data: Path):
        self.data = data
        self.work = json.loads((data / "work" / "work.json").read_text())
        self.rounds: list[dict[str, Any]] = self.work["rounds"]
        self.start()

    def start(self) -> None:
        self.serve = Serve(self.data).wait_well()
        self.visitor = Visitor(self.serve).login(self.work["login"], self.work["password"])

    def link(self, **options: Any) -> psycopg.Connection[Any]:
        server = PrivatePostgres(Folder(self.data))
        return psycopg.connect(server.superuser_url("dianheng"), autocommit=True, **options)

    def all(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.link() as link:
            return link.execute(query, parameters).fetchall()  # type: ignore[arg-type]

    def one(self, query: str, *parameters: Any) -> Any:
        return self.all(query, *parameters)[0][0]

    def job(self, job_id: int) -> dict[str, Any]:
        ((state, attempts, text, done),) = self.all(
            "select state, attempts, text, done from common_job where id = %s", job_id
        )
        return {"state": state, "attempts": attempts, "text": text, "done": done}

    def wait_jobs(self, jobs: list[int], seconds: float = 240) -> None:
        """Until all are over."""
        over = "select count(*) from common_job where id = any(%s) and finished_at is not null"

        def are_over() -> bool:
            try:
                return bool(self.one(over, jobs) == len(jobs))
            except psycopg.OperationalError:
                return False

        assert wait_until(are_over, seconds, 0.2), [self.job(job) for job in jobs]

    @contextmanager
    def held(self, *tables: str) -> Iterator[None]:
        """Nobody writes into the tables meanwhile: who wants to waits in the middle."""
        with self.link() as link:
            link.execute("begin")
            for table in tables:
                link.execute(f"lock table {table} in share mode".encode())
            try:
                yield
            finally:
                try:
                    link.execute("rollback")
                except psycopg.OperationalError:
                    link.close()  # its server was killed

    def wait_stuck(self, count: int) -> None:
        """Until so many wait for a lock."""
        query = (
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
            " and usename = 'dianheng_app'"
        )
        assert wait_until(lambda: self.one(query) >= count, 120, 0.05), self.one(query)

    def close(self) -> None:
        self.serve.close()


class Later:
    """A call in a thread; its answer, when there is one."""

    def __init__(self, call: Any, *arguments: Any, **options: Any):
        self.answer: Any = None

        def run() -> None:
            self.answer = call(*arguments, **options)

        self.thread = threading.Thread(target=run)
        self.thread.start()

    def wait(self, seconds: float = 180) -> Any:
        self.thread.join(seconds)
        assert not self.thread.is_alive()
        return self.answer


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with temporary_folder() as place:
        copy_tree(staged(), place / "data")
        one = Ground(place / "data")
        try:
            yield one
        finally:
            one.close()
