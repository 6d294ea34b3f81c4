"""What must be true before web and worker start: tables of this version, static files."""

import os
import subprocess
import sys
from pathlib import Path

from .faults import DatabaseFault
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
    """Bring the database to this version, in a process of its own that alone knows the owner.

    `default` is the owner there too, so that a migration that moves data needs no alias.
    Two machines that start at once wait for each other.

    Raises:
        DatabaseFault: with the last lines of the migration.
    """
    child = subprocess.run(
        [sys.executable, "-m", "dianheng.config.runtime.preparation"],
        env=environment(data, DATABASE_APP_URL=owner_url, DATABASE_OWNER_URL=owner_url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        process_group=0,
    )
    if child.returncode:
        lines = "\n".join(child.stdout.strip().splitlines()[-12:])
        raise DatabaseFault(_("The tables could not be brought to this version:\n") + lines)


def run_migrations() -> None:
    """The child's part."""
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('dianheng.migrate'))")
    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)


if __name__ == "__main__":
    run_migrations()
