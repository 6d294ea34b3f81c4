"""Instances that somebody watches: where they show, what is news, who may."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.urls import reverse

from dianheng.common.errors import NotFound
from dianheng.identity.models import Person
from dianheng.identity.services import actor_for_person, holding_end, system_actor, write_batch
from dianheng.identity.tests.factories import city_company, metering_centre
from dianheng.workflow import services
from dianheng.workflow.models import ProcessWatch
from dianheng.workflow.selectors import tasks_of_box, watch_news

from .factories import head, holder, verifier, work_order
from .test_services import APPLY, WORK, done

pytestmark = pytest.mark.django_db
WATCHED = "关注的流程有退回或办结"


@pytest.fixture
def order():
    work_order()
    one = services.instance_start(
        code="work-order", unit=metering_centre(), title="表箱进水", actor=verifier()
    )
    done(one, "apply", verifier(), **APPLY)
    return one


@pytest.fixture
def reader():
    """Somebody of the company who has no part in it."""
    return actor_for_person(holder("tang", "唐慧", "AUDITOR", city_company()))


def news(actor):
    return [row.instance.number for row in watch_news(actor.person_id)]


def watched(actor):
    return [(t.task, t.state) for t in tasks_of_box(actor.person_id, "watched").order_by("pk")]


def watch(order, actor, is_on=True):
    services.instance_watch(instance=order, is_on=is_on, actor=actor)


def later():
    """Time has passed since: a test is one transaction, in which the database's clock stands."""
    with write_batch(actor=system_actor(), action="test"):
        ProcessWatch.objects.update(since=F("since") - timedelta(hours=1))


def test_what_is_watched_shows_its_open_step_and_at_its_end_the_last(order, reader):
    assert watched(reader) == []
    watch(order, reader)
    watch(order, reader)
    assert ProcessWatch.objects.count() == 1 and watched(reader) == [("assign", "open")]
    done(order, "assign", head(), opinion="agree")
    later()
    assert watched(reader) == [("work", "open")] and news(reader) == []
    done(order, "work", verifier(), **WORK)
    done(order, "confirm", head(), opinion="agree")
    assert watched(reader) == [("confirm", "done")] and news(reader) == [order.number]
    watch(order, reader, is_on=False)
    assert watched(reader) == [] and news(reader) == []


def test_a_return_is_news_until_it_was_seen(order, reader):
    watch(order, reader)
    later()
    done(order, "assign", head(), opinion="back", reason="请写明地点")
    assert news(reader) == [order.number]
    watch(order, reader)  # seen
    assert news(reader) == []


def test_a_withdrawal_is_an_end_too(order, reader):
    watch(order, reader)
    later()
    services.instance_withdraw(instance=order, reason="重复", actor=verifier())
    assert news(reader) == [order.number] and watched(reader) == [("assign", "closed")]


def test_what_happened_before_one_watched_is_no_news(order, reader):
    done(order, "assign", head(), opinion="back", reason="请写明地点")
    watch(order, reader)
    assert news(reader) == []


def test_who_may_not_see_it_does_not_watch_it(order):
    stranger = actor_for_person(
        holder("wai", "外人", "OUTSIDER", metering_centre(), ["identity.view"])
    )
    with pytest.raises(NotFound):
        watch(order, stranger)
    assert ProcessWatch.objects.count() == 0


def test_who_may_see_it_no_more_is_told_nothing(order, reader):
    watch(order, reader)
    later()
    holding = Person.objects.get(pk=reader.person_id).holdings.get()
    holding_end(holding=holding, valid_through=date(2026, 1, 1), actor=system_actor())
    done(order, "assign", head(), opinion="back", reason="x")
    assert news(reader) == [] and watched(reader) == []


def test_watching_is_in_the_audit_trail(order, reader):
    watch(order, reader)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from audit_workflow_processwatch")
        assert cursor.fetchone()[0] == 1


def test_the_pages_offer_it_and_tell_of_it(client, order, reader):
    client.force_login(Person.objects.get(pk=reader.person_id))
    url = reverse("process", args=[order.number])
    assert ">关注<" in client.get(url).content.decode()
    answer = client.post(reverse("process_watch", args=[order.number]), {"is_on": "1"})
    assert (answer.status_code, answer.url) == (302, url)
    page = client.get(url).content.decode()
    assert ">取消关注<" in page and "您关注的本流程" not in page
    assert "表箱进水" in client.get(reverse("work") + "?box=watched").content.decode()
    home = reverse("home")
    assert WATCHED not in client.get(home).content.decode()
    later()
    done(order, "assign", head(), opinion="back", reason="请写明地点")
    assert WATCHED in client.get(home).content.decode()
    assert "您关注的本流程已被退回" in client.get(url).content.decode()
    client.post(reverse("process_watch", args=[order.number]), {"is_on": "1"})
    assert WATCHED not in client.get(home).content.decode()
    client.post(reverse("process_watch", args=[order.number]), {"is_on": "0"})
    assert ProcessWatch.objects.count() == 0
    assert client.get(reverse("process_watch", args=[order.number])).status_code == 405


def test_a_stranger_finds_no_such_process_to_watch(client, order):
    stranger = holder("wai", "外人", "OUTSIDER", metering_centre(), ["identity.view"])
    client.force_login(stranger)
    answer = client.post(reverse("process_watch", args=[order.number]), {"is_on": "1"})
    assert answer.status_code == 404 and ProcessWatch.objects.count() == 0
