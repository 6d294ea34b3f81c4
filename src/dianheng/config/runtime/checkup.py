"""What `dianheng doctor` looks at. Each check yields findings; "fails" means: something would fail.

Apps add their own in `<app>/doctor.py`: `checks() -> Iterable[tuple[str, str]]` of mark and
text, called with Django set up on the database.
"""

import ctypes
import os
import platform
import shutil
import socket
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from .binaries import find_binaries
from .database import database, django_on
from .faults import AlreadyRuns, Fault
from .folders import Folder, data_folder
from .processes import LIBC
from .words import _

Finding = tuple[str, str]
OK, NOTE, FAILS = "ok", "note", "fails"

LITTLE_DISK_MB, NO_DISK_MB = 5_000, 300
CLOCK_APART_S = 2.0
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
SECRETS = ("secret_key", "app_password", "owner_password", "superuser_password")
PACKAGES = ("Django", "psycopg", "procrastinate", "gunicorn", "typst", "pyHanko")


def checkup() -> Iterator[Finding]:
    """Everything. The settings read the environment when imported: the database before pages."""
    for check in (program, folder, network, clock, data_base, pages, papers):
        yield from guarded(check)


def guarded(check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """A fault is a finding; so is a check that breaks, since it hides what it should show."""
    try:
        yield from check()
    except Fault as fault:
        yield FAILS, str(fault)
    except Exception as error:
        yield FAILS, _("The check {name} broke: {error}").format(name=check.__name__, error=error)


def program() -> Iterator[Finding]:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    yield OK, f"Dianheng {version('dianheng')}, Python {platform.python_version()}, {packages}"
    if os.geteuid() == 0:
        yield NOTE, _("Web server and job worker run as root; a user of their own is safer.")


def folder() -> Iterator[Finding]:
    path = data_folder()
    if not path.exists():
        yield NOTE, _("The data folder {folder} is made by the first start.").format(folder=path)
        return
    data = Folder.open(path)
    free_mb = shutil.disk_usage(path).free // 2**20
    mark = FAILS if free_mb < NO_DISK_MB else NOTE if free_mb < LITTLE_DISK_MB else OK
    yield (
        mark,
        _("Data folder {folder}: {used} MB used, {free} MB free on its disk.").format(
            folder=path, used=size_mb(path), free=free_mb
        ),
    )
    for name in SECRETS:
        secret = path / name
        if secret.exists() and stat.S_IMODE(secret.stat().st_mode) & 0o077:
            yield FAILS, _("Others can read {file}: chmod 600 it.").format(file=secret)
    try:
        data.lock("doctor").release()
        yield OK, _("Dianheng is not running on it.")
    except AlreadyRuns as running:
        yield (
            OK,
            _("Dianheng is running on it: process {pid} ({role}).").format(
                pid=running.pid, role=running.role
            ),
        )


def network() -> Iterator[Finding]:
    host, port = os.environ.get("DIANHENG_HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    hosts = os.environ.get("DIANHENG_HOSTS", "127.0.0.1,localhost,[::1]")
    yield (
        OK,
        _("Pages at {host}:{port} for the names {hosts}.").format(
            host=host, port=port, hosts=hosts
        ),
    )
    if host not in ("127.0.0.1", "::1", "localhost") and os.environ.get("DIANHENG_TLS") != "1":
        yield (
            NOTE,
            _(
                "Other machines can reach the pages without TLS: passwords travel readable. Put a "
                "proxy with TLS in front and set DIANHENG_TLS=1."
            ),
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as plug:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            plug.bind((host, port))
        except OSError as error:
            yield (
                NOTE,
                _("Port {port} cannot be opened now ({error}); fine if Dianheng holds it.").format(
                    port=port, error=error.strerror
                ),
            )


def clock() -> Iterator[Finding]:
    """Dates on certificates come from this clock."""
    now = time.strftime("%Y-%m-%d %H:%M:%S %z")
    newest = max(path.stat().st_mtime for path in Path(__file__).parent.glob("*.py"))
    if time.time() < newest - 86_400:
        yield FAILS, _("The clock says {now}, before this program was made.").format(now=now)
    elif LIBC.adjtimex(ctypes.create_string_buffer(512)) == TIME_ERROR:
        yield NOTE, _("The clock says {now}; no time server keeps it right.").format(now=now)
    else:
        yield OK, _("The clock says {now}; a time server keeps it right.").format(now=now)


def pages() -> Iterator[Finding]:
    from dianheng.config.settings import PACKAGE, VENDOR

    made = "python -m dianheng.config.frontend"
    if (VENDOR / "tabler.css").exists():
        yield OK, _("Packages of the pages are in {folder}.").format(folder=VENDOR)
    else:
        yield FAILS, _("The packages of the pages are missing: {command}").format(command=made)
    sources = list(PACKAGE.glob("**/LC_MESSAGES/*.po"))
    stale = [
        path
        for path in sources
        if not path.with_suffix(".mo").exists()
        or path.with_suffix(".mo").stat().st_mtime < path.stat().st_mtime
    ]
    if stale:
        yield (
            FAILS,
            _("Chinese texts are not compiled: {command}").format(
                command="python -m dianheng.config.messages compile"
            ),
        )


def papers() -> Iterator[Finding]:
    if find_spec("dianheng.documents") is None:
        return
    from dianheng.documents.papers.fonts import FontsMissingError, font_files, font_folder

    try:
        fonts = ", ".join(path.stem for path in font_files(font_folder()))
        yield OK, _("Fonts of the papers: {fonts}.").format(fonts=fonts)
    except FontsMissingError as error:
        yield FAILS, str(error)


def data_base() -> Iterator[Finding]:
    """The database: its own facts, the tables of this version, then what the apps know."""
    is_served = bool(os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_APP_URL"))
    if not is_served:
        binaries = find_binaries()
        yield (
            OK,
            _("PostgreSQL {version} in {folder}.").format(
                version=binaries.version, folder=binaries.folder
            ),
        )
        if not (data_folder() / "pg").exists():
            yield NOTE, _("There is no database yet; the first start makes it.")
            return
    with database("doctor") as addresses, django_on(addresses.program):
        for check in (server_facts, role_facts, table_facts, *app_checks()):
            yield from guarded(check)


def server_facts() -> Iterator[Finding]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select current_setting('server_version'), pg_database_size(current_database()),"
            " (select sum(numbackends) from pg_stat_database),"
            " current_setting('max_connections')::int,"
            " extract(epoch from clock_timestamp())::float8, show_trgm('电') <> '{}'"
        )
        server, size, used, most, epoch, has_chinese = cursor.fetchone()
        apart_s = abs(time.time() - epoch)
        cursor.execute(
            "select relname, pg_total_relation_size(oid) from pg_class"
            " where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
            " order by 2 desc limit 5"
        )
        tables = ", ".join(f"{name} {bytes_ // 2**20} MB" for name, bytes_ in cursor.fetchall())
    yield (
        OK,
        _("Database: PostgreSQL {server}, {size} MB; largest: {tables}.").format(
            server=server, size=size // 2**20, tables=tables
        ),
    )
    yield (
        (NOTE if used > 0.8 * most else OK),
        _("{used} of {most} connections are in use.").format(used=used, most=most),
    )
    if apart_s > CLOCK_APART_S:
        yield (
            FAILS,
            _("The database's clock is {seconds} s apart from this machine's.").format(
                seconds=round(apart_s, 1)
            ),
        )
    if not has_chinese:
        yield (
            NOTE,
            _(
                "The database's character type (lc_ctype) knows no Chinese letters: searching for "
                "pieces of names is slow. Make it with LC_CTYPE 'C.UTF-8'."
            ),
        )


def role_facts() -> Iterator[Finding]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select current_user, rolsuper, (select count(*) from pg_class"
            " where relowner = r.oid and relkind in ('r', 'p'))"
            " from pg_roles r where rolname = current_user"
        )
        role, is_superuser, owned = cursor.fetchone()
    if is_superuser or owned:
        yield (
            FAILS,
            _("The role {role} could change evidence: it must own no table.").format(role=role),
        )
    else:
        yield OK, _("The program runs as {role}, which owns no table.").format(role=role)


def table_facts() -> Iterator[Finding]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        yield (
            FAILS,
            _("{count} migrations are due; the next start or dianheng migrate runs them.").format(
                count=len(plan)
            ),
        )
    else:
        yield OK, _("The tables are those of this version.")


def app_checks() -> Iterator[Callable[[], Iterable[Finding]]]:
    from dianheng.config.settings import APPS

    for app in APPS:
        if find_spec(app) and find_spec(f"{app}.doctor"):
            yield import_module(f"{app}.doctor").checks


def size_mb(path: Path) -> int:
    """Space the folder takes on disk, MB; what may not be read is not counted."""
    total = 0
    for where, _folders, files in os.walk(path):
        for name in files:
            try:
                total += (Path(where) / name).lstat().st_blocks * 512
            except OSError:
                continue
    return total // 2**20
