"""The ground the other tests stand on does what it says."""

import os
import socket
import subprocess
import sys
import threading

import psycopg
import pytest
from django.db import connection, connections

from dianheng.testing.sockets import OutsideConnectionError


def make_table(link: psycopg.Connection) -> None:
    link.execute("create table note (id int generated always as identity, text text)")


@pytest.mark.django_db
def test_the_program_runs_as_a_role_that_owns_no_table():
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == ("dianheng_app",)
        cursor.execute("select count(*) from pg_class where relowner = current_user::regrole")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_the_database_has_the_tables_of_this_version():
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


@pytest.mark.parametrize("turn", [1, 2])
def test_each_fresh_database_begins_without_the_other_ones_tables(
    turn: int, owner_connection: psycopg.Connection
):
    make_table(owner_connection)  # fails in the second turn if the first one is still there
    with connection.cursor() as cursor:
        cursor.execute("insert into note (text) values ('a')")
    assert owner_connection.execute("select count(*) from note").fetchone() == (1,)


@pytest.mark.parametrize(
    "statement",
    [
        "truncate note",
        "alter table note disable trigger all",
        "drop table note",
        "create table x ()",
    ],
)
def test_the_program_may_write_a_table_but_not_empty_or_change_it(
    statement: str, owner_connection: psycopg.Connection
):
    make_table(owner_connection)
    with psycopg.connect(os.environ["DATABASE_APP_URL"], autocommit=True) as program:
        program.execute("insert into note (text) values ('a')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            program.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_writes_is_rolled_back(turn: int):
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from django_session")
        assert cursor.fetchone() == (0,)
        cursor.execute("insert into django_session values ('k', 'd', now())")


def test_a_thread_and_a_child_process_see_the_fresh_database(
    fresh_database: str, database_url: str
):
    seen = []

    def look() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("select current_database()")
            seen.append(cursor.fetchone()[0])
        connections["default"].close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    code = "import os, psycopg;print(psycopg.connect(os.environ['DATABASE_APP_URL']).info.dbname)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [*seen, said.stdout.strip()] == [fresh_database, fresh_database]
    assert database_url == os.environ["DATABASE_APP_URL"]


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80, 0, 0)])
def test_another_machine_is_not_reached(address: tuple):
    family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
    with socket.socket(family) as plug, pytest.raises(OutsideConnectionError):
        plug.connect(address)
    with pytest.raises(OutsideConnectionError):
        socket.getaddrinfo("example.org", 80)


def test_the_loopback_is_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
