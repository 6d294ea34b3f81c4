"""Keyset paging: every row once, in order, whatever ties and gaps the sorted column has."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db.models import Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dianheng.common.lists.sources import COUNTED, Condition, Place, QuerySource, SqlRows, SqlSource
from dianheng.common.models import Job

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 11, 22, 8, tzinfo=UTC)
NUMBERS = itertools.count()
kind = ""


def of_kind():
    return Job.objects.filter(kind=kind)


def jobs(values):
    """One job for each value of `started_at` (days after a day, or None)."""
    global kind
    kind = f"test-{next(NUMBERS)}"  # rows of earlier examples stay out of sight
    person = Job._meta.get_field("actor").related_model.objects.get(is_system=True)
    return Job.objects.bulk_create(
        Job(kind=kind, title=f"job {n}", actor=person, done=n % 3,
            started_at=None if value is None else DAY + timedelta(days=value))
        for n, value in enumerate(values)
    )  # fmt: skip


SOURCES = {
    "queryset": lambda: QuerySource(of_kind()),
    "values": lambda: QuerySource(of_kind().values("id", "started_at", "title")),
    "sql": lambda: SqlSource(
        SqlRows(
            "select id, started_at, done, title from common_job where kind = %(kind)s",
            {"kind": kind},
        )
    ),
}


def key(row):
    return row["id"] if isinstance(row, dict) else row.pk


def pages(source, sort, descending, size):
    found, place = [], None
    while True:
        rows, place = source.page(sort, descending, place, size)
        assert len(rows) <= size
        found += [key(row) for row in rows]
        if place is None:
            return found
        place = Place.read(place.token())


def in_order(made, field, descending):
    """Rows with a value in order, those without after them; ties by key in the same direction."""
    with_value = [job for job in made if getattr(job, field) is not None]
    without = [job for job in made if getattr(job, field) is None]
    ordered = sorted(with_value, key=lambda job: (getattr(job, field), job.pk), reverse=descending)
    return [job.pk for job in ordered + sorted(without, key=lambda job: job.pk, reverse=descending)]


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize("descending", [False, True], ids=["ascending", "descending"])
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.lists(st.none() | st.integers(0, 4), max_size=14),
    size=st.integers(1, 5),
)
def test_every_row_comes_once_and_in_order(source, descending, values, size):
    made = jobs(values)
    assert pages(source(), "started_at", descending, size) == in_order(
        made, "started_at", descending
    )


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_the_key_itself_is_an_order(source):
    made = jobs([None] * 7)
    assert pages(source(), "pk", True, 3) == [job.pk for job in reversed(made)]


def test_ties_of_a_number_are_broken_by_the_key():
    made = jobs([0] * 10)
    assert pages(QuerySource(of_kind()), "done", False, 4) == in_order(made, "done", False)


def test_a_row_that_came_in_between_disturbs_no_page():
    made = jobs([0, 1, 2, 3])
    source = QuerySource(of_kind())
    first, place = source.page("started_at", False, None, 2)
    Job.objects.create(
        kind=kind, title="earlier", actor=made[0].actor, started_at=DAY - timedelta(days=1)
    )
    second, end = source.page("started_at", False, place, 2)
    assert [job.pk for job in first + second] == [job.pk for job in made]
    assert end is None


def test_a_joined_column_is_an_order():
    made = jobs([0] * 5)
    assert pages(QuerySource(of_kind().select_related("actor")), "actor__name", True, 2) == [
        j.pk for j in reversed(made)
    ]


def test_the_page_is_one_range_of_an_index():
    """A row comparison, not an `or`: the database walks the index from the place on."""
    jobs([0, 1, 2])
    _rows, place = QuerySource(of_kind()).page("started_at", False, None, 1)
    from dianheng.common.lists.sources import After

    sql = str(Job.objects.filter(After("started_at", "pk", place, False)).query)
    assert '("common_job"."started_at", "common_job"."id") >' in sql
    assert " OR " not in sql


@pytest.mark.parametrize(
    "value",
    [None, 3, -5, Decimal("0.10"), "四川|x", 1.5, True, DAY, DAY.date(), "a\nb"],
    ids=["none", "int", "negative", "decimal", "text", "float", "true", "moment", "day", "line"],
)
def test_a_place_survives_the_address(value):
    place = Place(value is not None, value, 12)
    back = Place.read(place.token())
    assert back == place
    assert type(back.value) is type(value)


@pytest.mark.parametrize(
    "token",
    ["", "x", "!!!", "bnVsbA", "W10", "WzEsMl0", "W3RydWUsWyJ6IiwiMSJdLFsiaSIsIjEiXV0", "é"],
)
def test_a_place_that_is_none_of_ours_is_the_first_page(token):
    assert Place.read(token) is None


def test_counting_stops_above_the_limit(monkeypatch):
    jobs([0] * 5)
    monkeypatch.setattr("dianheng.common.lists.sources.COUNTED", 3)
    for source in SOURCES.values():
        assert source().count() == 4
    assert COUNTED == 10_000


@pytest.mark.parametrize("source", [SOURCES["queryset"], SOURCES["sql"]], ids=["queryset", "sql"])
@pytest.mark.parametrize(
    ("condition", "titles"),
    [
        (Condition("done", "in", ("1", "2")), ["job 1", "job 2"]),
        (Condition("done", "gte", 1), ["job 1", "job 2"]),
        (Condition("done", "lt", 1), ["job 0"]),
        (Condition("done", "is", 2), ["job 2"]),
        (Condition("title", "contains", "b 1"), ["job 1"]),
        (Condition("title", "contains", "%"), []),
        (Condition("title", "starts", "job"), ["job 0", "job 1", "job 2"]),
        (Condition("title", "equals", "job 1"), ["job 1"]),
        (Condition("started_at", "empty", True), ["job 2"]),
        (Condition("started_at", "empty", False), ["job 0", "job 1"]),
    ],
    ids=lambda value: (
        f"{value.column}-{value.op}-{value.value}" if isinstance(value, Condition) else ""
    ),
)
def test_conditions_mean_the_same_in_both_sources(source, condition, titles):
    jobs([0, 1, None])
    rows, _end = source().narrowed([condition]).page("pk", False, None, 10)
    assert [row.title for row in rows] == titles


def test_sql_refuses_a_column_name_that_is_sql():
    with pytest.raises(ValueError, match="no column name"):
        SqlSource(SqlRows("select 1 as id")).page("id; drop table x", False, None, 1)


def test_walking_reads_everything_in_parts():
    made = jobs([n % 3 for n in range(11)])
    rows = QuerySource(of_kind().annotate(x=Value(1))).walk("started_at", False, size=4)
    assert [row.pk for row in rows] == in_order(made, "started_at", False)
