"""Folders and servers for the tests of the runtime."""

import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from dianheng.testing.cluster import cached_data, copy_tree, temporary_folder
from dianheng.testing.serving import Serve

AS_NOBODY = (
    "setpriv", f"--reuid={pwd.getpwnam('nobody').pw_uid}", f"--regid={pwd.getpwnam('nobody').pw_gid}",
    # The interpreter may lie under /root: let the unprivileged user read everything, write nothing.
    "--clear-groups", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",
)  # fmt: skip


QUICK = {"test_parts.py", "test_scripts.py"}  # start no server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Real servers are for `make test`; `make check` stays under two minutes."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.name not in QUICK:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder under /tmp that PostgreSQL's user may pass through (pytest's own is closed)."""
    with temporary_folder() as path:
        yield path


@pytest.fixture
def data(place: Path) -> Path:
    """A data folder with a stopped database that has its tables."""
    copy_tree(cached_data(), place / "data")
    return place / "data"


@pytest.fixture
def serve() -> Iterator[type[Serve]]:
    """Start as many as the test wants; all are ended after it."""
    started: list[Serve] = []

    class Started(Serve):
        def __init__(self, *arguments: object, **options: object):
            super().__init__(*arguments, **options)  # type: ignore[arg-type]
            started.append(self)

    yield Started
    for one in started:
        one.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Serve]:
    """One that is up, for the tests that only look or that heal."""
    with temporary_folder() as place:
        copy_tree(cached_data(), place / "data")
        one = Serve(place / "data")
        try:
            yield one.wait_well()
        finally:
            one.close()
