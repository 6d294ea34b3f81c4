"""Pytest plugin: Django on a private PostgreSQL, connected as the role that owns nothing.

    db, django_db mark      rolled back after the test (as with pytest-django)
    transactional_db        a database of its own, real commits, dropped after the test
    fresh_database          the same, by the name to use in new tests
    module_db               what fixtures of a module write, kept for all its tests
    owner_connection        psycopg as the owner, to tamper behind the program's back
    database_url            the program's URL of the test's database, for a child process

Django's own way of cleaning after a transactional test is TRUNCATE, which evidence refuses;
hence the databases of their own.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from . import sockets
from .cluster import TestCluster, connect_default

# Tests of these need no Django: they stay fast, and whole when an app is being rebuilt.
WITHOUT_DJANGO = {"metrology", "calculators", "runtime"}
DATABASE = {"db", "transactional_db", "module_db", "django_db_setup"}  # fixtures below all others
SETTINGS = "dianheng.config.settings"
MEMORY = "/dev/shm"  # noqa: S108  on Linux a file system in memory
MEMORY_NEEDED = 8 << 30  # bytes available; half of it free there
NO_DATABASE = "postgresql://nobody@/none?host=/nonexistent"

# A busy machine fails no test for being slow.
settings.register_profile("dianheng", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dianheng")

_folder: Path | None = None
_cluster: TestCluster | None = None


def pytest_configure(config: pytest.Config) -> None:
    global _folder
    sockets.close_outside()
    use_memory()
    # Every process its own folder, the controller's is not for its workers.
    _folder = Path(tempfile.mkdtemp(prefix="dianheng-test-"))
    _folder.chmod(0o711)  # PostgreSQL's user passes through when we are root
    for name in [name for name in os.environ if name.startswith(("DATABASE_", "PG"))]:
        del os.environ[name]
    os.environ["LC_ALL"] = "C.UTF-8"  # commands speak the terminal's language
    os.environ["DIANHENG_DATA"] = str(_folder / "data")
    os.environ["DATABASE_APP_URL"] = NO_DATABASE
    if needs_django(config):
        set_up_django()


def use_memory() -> None:
    """Temporary files in memory where there is plenty: databases are made and dropped by hundreds.

    Worker processes inherit the choice. The cached data folder stays on the disk.
    """
    os.environ.setdefault("DIANHENG_TEST_CACHE", tempfile.gettempdir())
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK | os.X_OK):
        return
    available = re.search(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())
    if (
        available
        and int(available[1]) * 1024 > MEMORY_NEEDED
        and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED // 2
    ):
        os.environ["TMPDIR"] = MEMORY
        tempfile.tempdir = None  # read anew


def needs_django(config: pytest.Config) -> bool:
    return not all(WITHOUT_DJANGO & set(Path(part).parts) for part in config.args)


def set_up_django() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    import django
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    from dianheng.config.messages import compile_stale

    compile_stale()  # tests read Chinese, with or without `make setup` before
    settings.STATIC_ROOT = _folder / "static"
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    django.setup()
    give_transactional_tests_their_own_database()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tests that need a database are known by a mark; `make check` leaves them out."""
    if item.get_closest_marker("django_db") or not DATABASE.isdisjoint(
        getattr(item, "fixturenames", ())
    ):
        item.add_marker("database")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first: what is left at the end is small, and no worker waits for another."""
    items.sort(key=lambda item: not any(map(item.get_closest_marker, ("slow", "browser"))))


def pytest_runtest_teardown() -> None:
    """The test client leaves the language of its last page; no test begins in it."""
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        from django.utils import translation

        translation.deactivate()


def pytest_unconfigure() -> None:
    if _cluster:
        _cluster.stop()
    if _folder:
        shutil.rmtree(_folder, ignore_errors=True)


def cluster() -> TestCluster:
    """This process's server, started by the first test that needs one."""
    global _cluster
    if _cluster is None:
        assert _folder is not None
        _cluster = TestCluster(_folder / "data")
    return _cluster


def point_default_at(database: str) -> None:
    """Connect `default` to the database; threads and child processes follow."""
    connect_default(cluster().program_url(database))


def give_transactional_tests_their_own_database() -> None:
    from django.db import connections
    from django.test import TransactionTestCase

    def set_up(cls: type) -> None:
        cls.own_database = cluster().clone("fresh")  # type: ignore[attr-defined]
        point_default_at(cls.own_database)  # type: ignore[attr-defined]

    def tear_down(self: Any) -> None:
        connections.close_all()
        point_default_at(shared_database())
        cluster().drop(self.own_database)

    TransactionTestCase._fixture_setup = classmethod(set_up)
    TransactionTestCase._fixture_teardown = tear_down


_shared: list[str] = []


def shared_database() -> str:
    """The database of the tests that roll back."""
    if not _shared:
        _shared.append(cluster().clone("shared"))
    return _shared[0]


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """In the place of pytest-django's: no test database is created by Django."""
    from django.db import connections

    with django_db_blocker.unblock():
        point_default_at(shared_database())
    yield
    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture(scope="module")
def module_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """What the fixtures of a module write stands for all its tests; each undoes its own.

    Ask for such a fixture for the whole module (`usefixtures`), so that no test depends on
    another one's asking, and hand out copies of its objects.
    """
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def fresh_database(transactional_db: None) -> str:
    """A database of its own for one test: commits are real, the rest of the tests sees none."""
    from django.db import connection

    return str(connection.settings_dict["NAME"])


@pytest.fixture
def database_url(db: None) -> str:
    """The program's URL of this test's database. A child sees it only in `fresh_database`."""
    return os.environ["DATABASE_APP_URL"]


@pytest.fixture
def owner_connection(fresh_database: str) -> Iterator[psycopg.Connection]:
    """The owner of the tables, autocommit: what an administrator with a console could do."""
    with psycopg.connect(cluster().owner_url(fresh_database), autocommit=True) as link:
        yield link
