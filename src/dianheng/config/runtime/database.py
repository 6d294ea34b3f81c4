"""A database for one command, wherever it is.

DATABASE_URL       a server that somebody else runs, as the owner of the tables
DATABASE_APP_URL   the same or another machine's, as the program's role: nothing is migrated
neither            the private one of the data folder: joined where it runs, else started
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .faults import AlreadyRuns, Fault
from .folders import Folder
from .postgres import PrivatePostgres
from .preparation import SETTINGS, migrate
from .processes import wait_until
from .roles import has_tables, make_private, prepare_served, private_urls, reach
from .words import language

JOIN_S = 30  # how long a server that somebody else is starting may take


@dataclass(frozen=True)
class Addresses:
    """Where the database answers. `owner` is None where only the program's role is known.

    `has_tables` is False where nobody made them: on a new database, or when this process started
    the server, which may be that of an older version.
    """

    program: str
    owner: str | None
    has_tables: bool = True


@contextmanager
def database(role: str) -> Iterator[Addresses]:
    """Addresses that answer while the block runs. Raises Fault in words.

    Args:
        role: the command's name, shown to whoever finds the data folder taken.
    """
    owner_url = os.environ.get("DATABASE_URL")
    program_url = os.environ.get("DATABASE_APP_URL")
    if owner_url:
        folder = Folder.open()
        folder.secret("secret_key")
        program = prepare_served(owner_url, program_url, folder)
        yield Addresses(program, owner_url, has_tables(owner_url))
    elif program_url:
        yield Addresses(reach(program_url, "DATABASE_APP_URL"), None)
    else:
        with private_database(Folder.open(), role) as addresses:
            yield addresses


@contextmanager
def private_database(folder: Folder, role: str) -> Iterator[Addresses]:
    try:
        lock = folder.lock(role)
    except AlreadyRuns:
        server = PrivatePostgres(folder)
        if not wait_until(server.is_ready, JOIN_S):
            raise
        owner_url, program_url = private_urls(server)
        yield Addresses(program_url, owner_url)
        return
    try:
        server = PrivatePostgres(folder)
        server.prepare()
        server.start()
        try:
            server.wait_ready()
            make_private(server)
            folder.secret("secret_key")
            owner_url, program_url = private_urls(server)
            yield Addresses(program_url, owner_url, has_tables=False)
        finally:
            server.stop()
    finally:
        lock.release()


@contextmanager
def connected(role: str = "command") -> Iterator[None]:
    """Django, set up on the database as the program's role. For every command but serve.

    A fault of the place ends the command with its text and exit code 1.
    """
    try:
        with database(role) as addresses:
            if addresses.owner and not addresses.has_tables:
                migrate(Folder.open().path, addresses.owner)
            with django_on(addresses.program):
                yield
    except Fault as fault:
        sys.exit(str(fault))


@contextmanager
def django_on(program_url: str) -> Iterator[None]:
    """Django's apps, connected; a test that has set Django up already keeps its connections."""
    os.environ["DATABASE_APP_URL"] = program_url
    os.environ.pop("DATABASE_URL", None)
    from django.apps import apps
    from django.db import connections

    was_ready = apps.ready
    with django_ready():
        try:
            yield
        finally:
            if not was_ready:
                connections.close_all()


@contextmanager
def django_ready() -> Iterator[None]:
    """Django's apps, speaking the language of the terminal: a command says all of it in one."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django
    from django.apps import apps
    from django.utils import translation

    if not apps.ready:
        django.setup()
    with translation.override(language()):
        yield
