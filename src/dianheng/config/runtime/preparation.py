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


def collect(data: Path, program_url: str) -> None:
    """Put the static files where the web server serves them from."""
    run_child("collect", data, DATABASE_APP_URL=program_url)


def prepare(data: Path, owner_url: str | None, program_url: str) -> None:
    """Everything before web and worker; without the owner's address no table is touched."""
    if owner_url:
        run_child("all", data, DATABASE_APP_URL=owner_url, DATABASE_OWNER_URL=owner_url)
    else:
        collect(data, program_url)


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
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    if what in ("collect", "all"):
        collect_static()


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
