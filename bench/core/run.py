"""Runs cases one after the other."""

import os
import shutil
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
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
