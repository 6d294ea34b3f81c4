"""Ways by which one person could handle and approve: planted ones are found, others are not."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from dianheng.workflow.duties import Handled, Holding, Part, paths_to_both

TODAY = date(2026, 11, 30)
CITY, CENTRE, COUNTY, STATION = "/CITY/", "/CITY/CENTRE/", "/CITY/COUNTY/", "/CITY/COUNTY/S1/"
UNITS = (CITY, CENTRE, COUNTY, STATION)
PARTS = (
    Part("scrap", "apply", "handle", "KEEPER"),
    Part("scrap", "approve", "approve", "HEAD", "above"),
    Part("plan", "write", "handle", "CLERK"),
    Part("plan", "decide", "approve", "LEADER", "top"),
)
LONG_AGO = date(2020, 1, 1)


def held(person, post, unit=CITY, since=LONG_AGO, through=None, for_id=None):
    return Holding(person, post, unit, since, through, for_id)


def found(*holdings, **more):
    paths = paths_to_both(holdings, PARTS, UNITS, on=TODAY, **more)
    return [(p.person_id, p.kind, p.handle.process, p.approve.process) for p in paths]


def test_two_posts_of_one_person():
    assert found(held(1, "KEEPER", STATION), held(1, "HEAD", COUNTY)) == [
        (1, "own", "scrap", "scrap")
    ]


def test_a_stand_in():
    assert found(held(1, "KEEPER", STATION), held(1, "HEAD", COUNTY, for_id=2)) == [
        (1, "stand_in", "scrap", "scrap")
    ]


def test_two_processes_of_which_one_begins_the_other():
    people = held(1, "KEEPER"), held(1, "LEADER")
    assert found(*people) == []
    assert found(*people, links=[("scrap", "plan")]) == [(1, "two_processes", "scrap", "plan")]


def test_a_post_held_before():
    work = Handled(1, "scrap", "apply", "BF2026-000001", STATION, "KEEPER")
    assert found(held(1, "HEAD", COUNTY), handled=[work]) == [(1, "past", "scrap", "scrap")]
    assert found(held(1, "HEAD", CENTRE), handled=[work]) == [], "another unit's head"


def test_no_way_where_the_units_do_not_meet():
    assert found(held(1, "KEEPER", CENTRE), held(1, "HEAD", COUNTY)) == []
    assert found(held(1, "KEEPER", CENTRE), held(1, "HEAD", CENTRE)) == [], "the head above decides"
    assert found(held(1, "KEEPER", CITY), held(1, "HEAD", COUNTY)) == [(1, "own", "scrap", "scrap")]


def test_no_way_where_the_times_do_not_meet():
    gone = held(1, "KEEPER", STATION, through=date(2026, 10, 31))
    assert found(gone, held(1, "HEAD", COUNTY)) == []
    soon = held(1, "HEAD", COUNTY, since=date(2027, 1, 1))
    until = held(1, "KEEPER", STATION, through=date(2026, 12, 31))
    assert found(until, soon) == []
    assert found(held(1, "KEEPER", STATION), soon) == [(1, "own", "scrap", "scrap")]


def test_two_people_are_no_way():
    assert found(held(1, "KEEPER", STATION), held(2, "HEAD", COUNTY)) == []


def test_the_shortest_way_only():
    own = held(1, "KEEPER", STATION), held(1, "HEAD", COUNTY)
    assert found(*own, held(1, "HEAD", COUNTY, for_id=2)) == [(1, "own", "scrap", "scrap")]


holdings = st.builds(
    held,
    st.integers(1, 3),
    st.sampled_from(["KEEPER", "HEAD", "CLERK", "LEADER"]),
    st.sampled_from(UNITS),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.none() | st.integers(4, 6),
)


@given(st.lists(holdings, max_size=8))
def test_each_way_is_one_that_can_be_walked(everybody):
    for path in paths_to_both(everybody, PARTS, UNITS, on=TODAY):
        assert path.handles in everybody and path.approves in everybody
        assert path.handles.person_id == path.approves.person_id == path.person_id
        assert (path.handle.post, path.approve.post) == (path.handles.post, path.approves.post)
        assert path.since <= (path.through or date.max) and (path.through or date.max) >= TODAY


@given(st.lists(holdings, max_size=8))
def test_the_order_of_what_is_known_does_not_matter(everybody):
    def keys(rows):
        paths = paths_to_both(rows, PARTS, UNITS, on=TODAY)
        return sorted({(p.person_id, p.handle.process) for p in paths})

    assert keys(everybody) == keys(everybody[::-1])
