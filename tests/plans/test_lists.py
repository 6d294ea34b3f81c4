"""The first page of a list that grows walks an index in its order, whatever column is sorted by.

The planner is told to avoid sorting and reading whole tables where it can: what is left of
either in a plan has no index to walk, and at 10⁶ rows would cost seconds. Sorting ties of an
indexed column (“Incremental Sort”) is fine.
"""

import re

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from dianheng.common.lists import ListPage, ListQuery
from dianheng.common.lists import page as lists
from dianheng.common.pages import Scope
from dianheng.identity.registry import all_rights
from dianheng.identity.rules import Grant, Rights
from dianheng.identity.tests.factories import city_company, person_with

pytestmark = pytest.mark.django_db

# These hold what one company has of people, papers, regulations, plans and kinds of stock: read and
# sorted whole. Devices beside their maker's figures are worked out of the group that is asked for.
SMALL = {
    "analysis.maker-devices", "makers", "models", "people", "qualifications", "regulations", "separation-exceptions", "stand-ins", "stock-lines",
    "standards.outside", "stock-locked", "verification.schemes", "verification.standards",
}  # fmt: skip
GIVEN = {
    "verification.task_devices": {"task": 1},
    "analysis.traced": {"trace": 1},
    "analysis.trial-records": {"trial": 1},
    "analysis.error-records": {"by": "bench", "key": "1"},
}


def pages() -> list[ListPage]:
    assert get_resolver().url_patterns  # every app has declared its lists
    return [page for key, page in sorted(lists._pages.items()) if not key.startswith("test-")]


def orders() -> list[tuple[ListPage, str]]:
    return [
        (page, order)
        for page in pages()
        if page.key not in SMALL
        for order in dict.fromkeys(
            [page.default_order, *(s + c.key for c in page.columns if c.sort for s in ("", "-"))]
        )
    ]


def plan(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off; set local enable_sort = off")
        cursor.execute("explain (costs off) " + statement)
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.fixture
def scope() -> Scope:
    person = person_with("*")
    return Scope(person.pk, Rights.of([Grant(city_company().path, frozenset(all_rights()))]))


@pytest.mark.parametrize(
    ("page", "order"), orders(), ids=lambda value: getattr(value, "key", value)
)
def test_a_page_of_a_growing_list_walks_an_index(page: ListPage, order: str, scope: Scope):
    query = ListQuery.read(page, QueryDict(f"order={order}"), scope, GIVEN.get(page.key, {}))
    source = page.source(query)
    with CaptureQueriesContext(connection) as asked:
        source.page(*page.order_of(order), None, page.page_size)
    assert asked.captured_queries
    for each in asked.captured_queries:
        found = plan(each["sql"])
        assert not re.search(r"^\s*(->\s+)?(Sort$|Seq Scan on)", found, re.MULTILINE), found


def test_the_lists_that_are_read_whole_are_known():
    assert {page.key for page in pages()} >= SMALL
