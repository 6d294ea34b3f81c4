"""The engine finds out that the server closed a kept connection, without asking it each time."""

import re

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


@pytest.mark.django_db
def test_a_planned_look_up_is_prepared_once_and_counted_like_any_other():
    statement = "select login from identity_person where is_system and id > %(id)s"
    with CaptureQueriesContext(connection) as asked, connection.planned_cursor() as cursor:
        for key in (0, 0):
            cursor.execute(statement, {"id": key})
            assert cursor.fetchone() is not None
    assert [each["sql"] for each in asked] == [statement % {"id": 0}] * 2
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_prepared_statements where statement like %s", ["%is_system%"]
        )
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db
def test_a_device_is_looked_up_by_its_two_indexes_whatever_the_code():
    """As a prepared statement sees it: the code is not known when the plan is made."""
    from dianheng.assets.selectors.scan import _DEVICE

    with connection.cursor() as cursor:
        cursor.execute(
            "set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off"
        )
        cursor.execute("prepare looked_up (text) as " + re.sub(r"%\(code\)s", "$1", _DEVICE))
        cursor.execute("explain (costs off) execute looked_up ('4130001')")
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("deallocate looked_up")
    assert "assets_device_barcode_key" in plan
    assert "device_asset_no" in plan
