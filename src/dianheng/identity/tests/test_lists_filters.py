"""What an address means to a list."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.utils import timezone, translation

from dianheng.common.lists import (
    Choice,
    Column,
    Contains,
    Days,
    Flag,
    ListPage,
    ListQuery,
    Numbers,
    read_day,
    read_moment,
)
from dianheng.common.lists.filters import NotUnderstood
from dianheng.common.pages import Scope
from dianheng.identity.rules import Rights

PAGE = ListPage(
    key="test-filters",
    title="Things",
    rows=lambda scope: None,
    columns=[
        Column("no", "No.", sort="no"),
        Column("made", "Made", sort="made_on"),
        Column("note", "Note", hidden=True),
    ],
    filters=[
        Choice("state", "State", options=[("new", "New"), ("used", "Used"), ("gone", "Gone")]),
        Contains("maker", "Maker", "model__maker"),
        Days("made", "Made", "made_on"),
        Days("seen", "Seen", "seen_at", of_moment=True),
        Numbers("error", "Error", "error_pct"),
        Flag("sealed", "Sealed", "is_sealed"),
    ],
    default_order="-made",
)
SCOPE = Scope(1, Rights())


def read(address):
    return ListQuery.read(PAGE, QueryDict(address), SCOPE, {})


def meaning(address):
    return [(c.column, c.op, c.value) for c in read(address).conditions]


def test_each_filter_says_its_condition():
    assert meaning("state=new&state=used&maker=Hexing&sealed=0") == [
        ("state", "in", ("new", "used")),
        ("model__maker", "contains", "Hexing"),
        ("is_sealed", "is", False),
    ]


def test_days_are_both_included():
    assert meaning("made_from=2026-01-01&made_to=2026/01/31") == [
        ("made_on", "gte", date(2026, 1, 1)),
        ("made_on", "lte", date(2026, 1, 31)),
    ]


def test_the_last_day_of_moments_ends_at_the_organisations_midnight():
    [(_c, op, edge)] = meaning("seen_to=20260131")
    assert op == "lt"
    assert timezone.localtime(edge).isoformat() == "2026-02-01T00:00:00+08:00"


def test_full_width_digits_are_read():
    assert meaning("error_from=－０．５") == [("error_pct", "gte", Decimal("-0.5"))]


def test_what_is_not_understood_is_said_and_nothing_is_guessed():
    with translation.override("en"):
        query = read("state=lost&error_from=NaN&made_to=soon&order=secret")
    assert query.conditions == ()
    assert list(query.faults) == ["State: lost", "Made: soon", "Error: NaN", "Order: secret"]


def test_a_broken_order_falls_back_to_the_lists_own():
    assert read("order=note").order == "-made"
    assert read("order=no").order == "no"


def test_columns_are_chosen_by_address_then_by_habit():
    names = lambda query: [column.key for column in query.columns]  # noqa: E731
    assert names(read("")) == ["no", "made"]
    assert names(read("cols=note,no,evil")) == ["no", "note"]
    assert names(ListQuery.read(PAGE, QueryDict(""), SCOPE, {}, "made,note")) == ["made", "note"]


def test_the_address_keeps_all_but_the_place():
    query = read("state=new&q=413&order=no&after=abc&view=3")
    assert query.address() == "state=new&q=413&order=no"
    assert query.address(q=None, order="-no") == "state=new&order=-no"


def test_a_chip_stands_for_one_value():
    chips = read("state=new&state=used&made_from=t").chips
    assert [(c.text, c.names, c.value) for c in chips[:2]] == [
        ("New", ("state",), "new"),
        ("Used", ("state",), "used"),
    ]
    assert chips[2].text == f"≥ {timezone.localdate().isoformat()}"


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2026-11-22", date(2026, 11, 22)),
        ("2026/1/2", date(2026, 1, 2)),
        ("20261122", date(2026, 11, 22)),
        ("２０２６－１１－２２", date(2026, 11, 22)),
        ("2026年11月22日", date(2026, 11, 22)),
    ],
)
def test_days_as_people_type_them(typed, day):
    assert read_day(typed) == day


def test_relative_days_follow_today():
    today = timezone.localdate()
    assert (read_day("t"), read_day("T-30"), read_day("t+7")) == (
        today,
        today - timedelta(30),
        today + timedelta(7),
    )


@pytest.mark.parametrize("typed", ["2026-02-30", "tomorrow", "t-", "11-22", "2026-11-22x", ""])
def test_what_is_no_day(typed):
    with pytest.raises(NotUnderstood):
        read_day(typed)


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-11-22T09:30+08:00", "2026-11-22T09:30:00+08:00"),
        ("2026/11/22T09:30:00+08:00", "2026-11-22T09:30:00+08:00"),
        ("2026/11/22T01:30:00Z", "2026-11-22T01:30:00+00:00"),
        ("2026/11/22 09:30:00.123", "2026-11-22T09:30:00.123000+08:00"),
        ("２０２６／１１／２２ ０９：３０", "2026-11-22T09:30:00+08:00"),
        ("2026/1/5 9:30:15", "2026-01-05T09:30:15+08:00"),
        ("2026年11月22日 9:30", "2026-11-22T09:30:00+08:00"),
        ("2026/11/22", "2026-11-22T00:00:00+08:00"),
    ],
)
def test_a_moment_is_read_as_benches_and_people_write_it(typed, moment):
    assert read_moment(typed).isoformat() == moment


@pytest.mark.parametrize("typed", ["", "bald", "2026/11/32 09:30", "2026/11/22 25:00", "09:30"])
def test_what_is_no_moment_is_not_understood(typed):
    with pytest.raises(NotUnderstood):
        read_moment(typed)


def test_a_filter_may_not_take_a_name_of_the_list():
    with pytest.raises(ValueError, match="reserved"):
        ListPage(
            key="x",
            title="x",
            rows=lambda s: None,
            columns=[Column("a", "A")],
            filters=[Contains("q", "Q")],
        )


def test_the_default_order_must_be_sortable():
    with pytest.raises(KeyError):
        ListPage(
            key="y", title="y", rows=lambda s: None, columns=[Column("a", "A")], default_order="a"
        )
