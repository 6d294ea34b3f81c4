"""Peak memory of long work, each job in a process of its own as the worker has it."""

import importlib
import multiprocessing
from collections.abc import Callable
from pathlib import Path

from bench.core import Bench, case

LIMIT_MIB = 1024


def _measured(bench: Bench, name: str, work: Callable[[], None]) -> None:
    """Run the work in a child; report the largest process of program and database."""
    from django.db import connections

    connections.close_all()
    with bench.used() as usage:
        child = multiprocessing.get_context("fork").Process(target=work)
        child.start()
        child.join()
    assert child.exitcode == 0, f"{name} failed"
    bench.figure(f"{name}, program", usage.program_mib, "MiB", at_most=LIMIT_MIB)
    bench.figure(f"{name}, database", usage.database_mib, "MiB", at_most=LIMIT_MIB)
    bench.figure(f"{name}, time", usage.wall_s, "s")


def _export(file: Path) -> None:
    """The whole list of devices as a workbook, by the code of the export job."""
    from django.http import QueryDict

    from dianheng.common.excel import write_workbook
    from dianheng.common.lists import ListQuery, list_page
    from dianheng.common.lists.export import heads, lines
    from dianheng.common.pages import scope_of_job
    from dianheng.demo.company import acting, unit

    importlib.import_module("dianheng.config.urls")  # declares the lists
    page = list_page("devices")
    scope = scope_of_job(acting("zhaolei"), unit("35400").path)
    query = ListQuery.read(page, QueryDict(""), scope, {})
    with file.open("wb") as out:
        write_workbook(
            out, str(page.title), heads(query.columns), lines(query.columns, page.walk(query))
        )


@case("memory", "Peak memory of jobs", tiny=200, quick=10_000, default=100_000, full=1_000_000)
def memory(bench: Bench) -> None:
    """A maker's file is checked and taken; the whole list of devices is exported."""
    from bench.cases.imports import Delivery

    delivery = Delivery(bench, bench.size)
    state = delivery.uploaded()
    try:
        _measured(
            bench, f"take a file of {bench.size:,} rows", lambda: delivery.check_and_take(state)
        )
    finally:
        delivery.close(state)
    with bench.reading(bench.size):
        file = bench.folder / "export.xlsx"
        _measured(bench, f"export {bench.size:,} devices", lambda: _export(file))
        assert file.stat().st_size > 0
