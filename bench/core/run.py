"""Runs cases one after the other, each in a process of its own."""

import logging
import multiprocessing
import os
import shutil
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from .bench import Bench, Report, Settings
from .databases import BenchCluster, Databases
from .machine import load_average
from .race import WrongResultError
from .registry import Case


@contextmanager
def bench_databases() -> Iterator[Databases]:
    """Django on the kept data folder, for the block."""
    cluster = BenchCluster()
    try:
        from dianheng.config.runtime import roles

        os.environ["DIANHENG_DATA"] = str(cluster.folder.path)
        os.environ["DATABASE_APP_URL"] = cluster.program_url(roles.DATABASE)
        os.environ["DJANGO_SETTINGS_MODULE"] = "dianheng.config.settings"
        import django

        django.setup()
        # Pages are asked as people who may not see them too; answers are looked at, not told.
        logging.getLogger("django.request").setLevel(logging.CRITICAL)
        (cluster.folder.path / "static").mkdir(exist_ok=True)
        databases = Databases(cluster)
        try:
            yield databases
        finally:
            databases.close()
    finally:
        cluster.stop()


def run_case(case: Case, settings: Settings, databases: Databases) -> Report:
    """One case; a wrong result or a crash is reported as its fault, never as a time."""
    folder = Path(tempfile.mkdtemp(prefix="dianheng-bench-case-"))
    bench = Bench(case, settings, databases, folder)
    bench.report.load_average = load_average()
    try:
        case.run(bench)
    except WrongResultError as wrong:
        bench.report.fault = str(wrong)
    except Exception as fault:
        traceback.print_exc()
        bench.report.fault = f"{type(fault).__name__}: {fault}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return bench.report


def run_case_apart(case: Case, settings: Settings, databases: Databases) -> Report:
    """One case in a child, so that its memory is its own; nothing it loaded is left behind."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(
        target=_send, args=(theirs, case, settings, databases)
    )
    child.start()
    theirs.close()
    try:
        return ours.recv()  # type: ignore[no-any-return]
    except EOFError:
        child.join()
        return Report(case, 0, fault=f"the process ended with {child.exitcode}")
    finally:
        child.join()


def _send(to: Connection, case: Case, settings: Settings, databases: Databases) -> None:
    own = Databases(databases.cluster)  # connections are not shared with the parent
    try:
        to.send(run_case(case, settings, own))
    finally:
        own.close()
