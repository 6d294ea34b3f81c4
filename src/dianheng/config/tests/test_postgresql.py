"""The engine finds out that the server closed a kept connection, without asking it each time."""

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_stands_is_not_asked():
    connection.ensure_connection()
    with CaptureQueriesContext(connection) as asked:
        assert connection.is_usable()
    assert len(asked) == 0


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_closed_is_found_out_and_replaced(database_url):
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        first = cursor.fetchone()[0]
    with psycopg.connect(database_url) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", [first])
    assert not connection.is_usable()
    # As at the beginning of a request.
    connection.close_if_unusable_or_obsolete()
    connection.health_check_enabled = True
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        assert cursor.fetchone()[0] != first


@pytest.mark.django_db
def test_a_transaction_that_failed_is_no_usable_connection():
    from django.db import DatabaseError

    with connection.cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute("select 1 / 0")
    assert not connection.is_usable()
    connection.needs_rollback = True
