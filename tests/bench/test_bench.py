"""The timings run, at a size at which nothing is timed: every way, every comparison of results."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench.core import AtMost, Bench, Case, Settings, Way, WrongResultError, cases
from bench.core.databases import Databases
from bench.core.race import run_race
from bench.core.report import as_text
from bench.core.run import run_case
from dianheng.testing import plugin


@pytest.fixture(scope="module")
def databases(django_db_setup: None, django_db_blocker) -> Iterator[Databases]:
    with django_db_blocker.unblock():
        made = Databases(plugin.cluster())
        yield made
        made.close()
        plugin.point_default_at(plugin.shared_database())


# WeasyPrint, a peer that is there after `make bench`, leaves its colour profile open.
@pytest.mark.filterwarnings("ignore:.*weasyprint.*:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_case_comes_to_equal_results_on_every_way(case: Case, databases: Databases):
    report = run_case(case, Settings("tiny", repeats=1), databases)
    assert report.fault == ""
    assert report.races or report.figures
    assert case.name in as_text(report)


def test_the_list_of_cases_needs_no_database():
    command = [sys.executable, "-m", "bench", "--list"]
    plain = {
        key: value
        for key, value in os.environ.items()
        if key not in ("DJANGO_SETTINGS_MODULE", "DIANHENG_DATA")
    }
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=plain).stdout
    assert [line.split()[0] for line in told.splitlines()] == [case.name for case in cases()]


def test_a_wrong_result_is_refused():
    with pytest.raises(WrongResultError, match="bare SQL came to another result: 3 instead of 2"):
        run_race(
            "sum", product=Way("product", lambda state: 2), limits=[Way("bare SQL", lambda state: 3)],
            wanted=[AtMost(1.3, "bare SQL")], repeats=1, server=0,
        )  # fmt: skip


def test_a_case_with_a_wrong_result_shows_its_fault_and_no_time(databases: Databases):
    def run(bench: Bench) -> None:
        bench.race("sum", product=Way("product", lambda s: 2), peers=[Way("peer", lambda s: 1)])

    case = Case("wrong", "A peer that is wrong", run, {"tiny": 1})
    report = run_case(case, Settings("tiny", repeats=1), databases)
    assert report.races == []
    assert "NOT COUNTED: sum: peer came to another result: 1 instead of 2" in as_text(report)


def test_a_way_on_another_amount_is_held_against_its_own_result():
    race = run_race(
        "count", product=Way("product", lambda s: 100, units=100),
        peers=[Way("peer", lambda s: 10, units=10, expected=10)], repeats=2, server=0,
    )  # fmt: skip
    assert [len(timing.runs) for timing in race.timings] == [2, 2]
