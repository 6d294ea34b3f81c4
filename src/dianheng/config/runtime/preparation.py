"""What must be true before web and worker start: tables of this version, static files."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from .faults import DatabaseFault
from .processes import ends_with_parent
from .words import _

SETTINGS = "dianheng.config.settings"
NOT_THIS_VERSION = 3  # exit code of the child; it says why


def environment(data: Path, **urls: str) -> dict[str, str]:
    """What a Django child needs to know, and no database address that it may not have."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_", "PG"))
    }
    return inherited | {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "DIANHENG_DATA": str(data),
        "PYTHONUNBUFFERED": "1",
        **urls,
    }


def migrate(data: Path, owner_url: str) -> None:
    """Bring the database to this version. Raises DatabaseFault with the migration's last lines.

    In a process of its own that alone knows the owner. `default` is the owner there too, so
    that a migration that moves data needs no alias. Machines that start at once take turns.
    """
    run_child("migrate", data, DATABASE_APP_URL=owner_url, DATABASE_OWNER_URL=owner_url)


def prepare(data: Path, owner_url: str | None, program_url: str) -> None:
    """Everything before web and worker; without the owner's address no table is touched."""
    if owner_url:
        run_child("all", data, DATABASE_APP_URL=owner_url, DATABASE_OWNER_URL=owner_url)
    else:
        run_child("collect", data, DATABASE_APP_URL=program_url)


def run_child(what: str, data: Path, **urls: str) -> None:
    child = subprocess.run(
        [sys.executable, "-m", "dianheng.config.runtime.preparation", what],
        env=environment(data, **urls),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        process_group=0,
        preexec_fn=ends_with_parent(signal.SIGKILL),
    )
    if child.returncode == NOT_THIS_VERSION:
        raise DatabaseFault(child.stdout.strip())
    if child.returncode:
        log = data / "logs" / "prepare.log"
        log.parent.mkdir(mode=0o700, exist_ok=True)
        log.write_text(child.stdout)
        last = "".join(child.stdout.strip().splitlines()[-1:])
        text = _("The database could not be prepared for this version: {last}\nMore is in {log}")
        raise DatabaseFault(text.format(last=last, log=log))


def child_main(what: str) -> None:
    """The child's part."""
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    if what in ("migrate", "all"):
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(hashtext('dianheng.migrate'))")
        refuse_newer()
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    else:
        refuse_newer()
        refuse_older()
    if what in ("collect", "all"):
        collect_static()


def refuse_newer() -> None:
    """End with words where the tables were made by a later version than this one."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    known = set(loader.disk_migrations) | set(loader.replacements)
    unknown = sorted(
        f"{app}.{name}"
        for app, name in set(loader.applied_migrations) - known
        if app in loader.migrated_apps
    )
    if unknown:
        print(
            _(
                "The database is too new: a later version of Dianheng made its tables ({names}). "
                "Start that version, or restore a backup of before."
            ).format(names=", ".join(unknown[:3]))
        )
        sys.exit(NOT_THIS_VERSION)


def refuse_older() -> None:
    """End with words where tables are due and the owner's address is not known."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    due = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if due:
        print(
            _(
                "The tables are of an older version: {count} migrations are due. Let their owner "
                "run: DATABASE_URL=… dianheng migrate"
            ).format(count=due)
        )
        sys.exit(NOT_THIS_VERSION)


# The papers' fonts and what only tests use lie beside the pages' packages.
NOT_SERVED = ["fonts", "tests", "stamp"]


def collect_static() -> None:
    """`collectstatic`, unless no file changed since: its hashing takes most of a later start."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(NOT_SERVED):
            seen = Path(storage.path(name)).stat()
            digest.update(f"{name} {seen.st_size} {seen.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    call_command(
        "collectstatic",
        interactive=False,
        verbosity=0,
        skip_checks=True,
        ignore_patterns=NOT_SERVED,
    )
    stamp.write_text(digest.hexdigest())


if __name__ == "__main__":
    child_main(sys.argv[1])
