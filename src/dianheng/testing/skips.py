"""Pytest plugin: what cannot run here is skipped by name, counted, and no skip hides in CI.

    @pytest.mark.root             needs root (mounts, other users)
    @pytest.mark.needs("pdfsig", "libpango-1.0")
                                  needs programs or libraries of Debian packages
                                  (scripts/system_packages.sh)
    @pytest.mark.browser          needs Debian's Chromium

With DIANHENG_NO_SKIPS=1 (`.ci/run`) a skip that root could have avoided is a failure.
"""

import os
import shutil
from collections.abc import Iterator
from ctypes.util import find_library
from functools import cache

import pytest

PROGRAMS = {"browser": ("chromium",)}
ALSO = {"chromium": ("chromium-browser",)}
LABEL = "needs "  # the beginning of every reason that root could do away with


@cache
def is_here(name: str) -> bool:
    """Whether the program, or the library ("lib…"), is on this machine."""
    if name.startswith("lib"):
        return find_library(name.removeprefix("lib")) is not None
    return any(map(shutil.which, (name, *ALSO.get(name, ()))))


def reason_to_skip(item: pytest.Item) -> str:
    """Why the test cannot run here; empty when it can."""
    if item.get_closest_marker("root") and os.geteuid() != 0:
        return LABEL + "root"
    wanted = [name for mark in item.iter_markers("needs") for name in mark.args]
    wanted += [
        name for mark, names in PROGRAMS.items() for name in names if item.get_closest_marker(mark)
    ]
    missing = [name for name in wanted if not is_here(name)]
    return LABEL + f"Debian's {', '.join(missing)} (scripts/system_packages.sh)" if missing else ""


def may_skip(reason: str) -> bool:
    """Whether nobody could have avoided the skip, or nobody asked for none."""
    return not (
        os.environ.get("DIANHENG_NO_SKIPS") == "1"
        and os.geteuid() == 0
        and reason.startswith(LABEL)
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if reason := reason_to_skip(item):
        pytest.skip(reason)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if not may_skip(reason):
            report.outcome = "failed"
            report.longrepr = f"Skipped, and root could have avoided it: {reason}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    for report in sorted(skipped, key=lambda report: report.nodeid):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        terminalreporter.write_line(f"skipped  {report.nodeid}: {reason}")
    if skipped:
        terminalreporter.write_line(f"Skipped tests: {len(skipped)}")
