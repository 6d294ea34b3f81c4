"""A leader's home: five figures with target and trend, for whom a right decides."""

from datetime import date
from decimal import Decimal

import pytest

from dianheng.assets.figures import awaiting_verification
from dianheng.common.figures import Figure, Point, figures_of
from dianheng.identity.tests.factories import actor_with, metering_centre

from .factories import meters


@pytest.mark.django_db
def test_what_waits_for_verification_is_counted_with_the_weeks_before(rf):
    meters(3)
    meters(2, state="qualified", first=100)
    figure = awaiting_verification(rf.get("/"), [metering_centre().path])
    assert (figure.value, figure.is_met, figure.target) == (3, True, Decimal(3000))
    assert [point.value for point in figure.trend][-2:] == [0, 3]
    assert awaiting_verification(rf.get("/"), ["/none/"]).value == 0


@pytest.mark.django_db
def test_five_figures_stand_on_the_home_of_who_holds_the_right(client):
    from dianheng.identity.models import Person

    leader = actor_with("figures.view", login="zhuren", name="刘主任")
    client.force_login(Person.objects.get(pk=leader.person_id))
    assert "/home/figures/" in client.get("/").content.decode()
    page = client.get("/home/figures/").content.decode()
    assert page.count('class="figure"') == 5
    other = actor_with("assets.view", login="kan", name="看客")
    client.force_login(Person.objects.get(pk=other.person_id))
    assert "/home/figures/" not in client.get("/").content.decode()
    assert client.get("/home/figures/").status_code == 403


@pytest.mark.django_db
def test_every_figure_says_target_period_and_the_list_behind_it(rf):
    request = rf.get("/")
    found = figures_of(request, [metering_centre().path])
    assert [figure.key for figure in found] == [
        "pass_rate", "lots_accepted", "awaiting_verification", "recheck_soon", "standards_in_time",
    ]  # fmt: skip
    assert all(f.url.startswith("/") and f.target is not None and f.period for f in found)
    assert found[0].value is None and found[0].is_met is None  # nothing verified: not applicable


def test_a_trend_is_drawn_over_its_gaps():
    points = [Point(str(date(2026, n, 1)), value) for n, value in ((1, 2), (2, None), (3, 4))]
    assert Figure("x", "x", 4, "/", trend=points).line == "2.0,26.0 118.0,2.0"
    assert Figure("x", "x", 4, "/", trend=points[:2]).line == ""
