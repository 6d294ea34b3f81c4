"""Each request reads anew who asks and what they may; nothing withdrawn lives on."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dianheng.identity.models import Person, PostHolding
from dianheng.identity.selectors import person_with_rights, rights_of
from dianheng.identity.services import (
    delegation_make,
    delegation_revoke,
    holding_end,
    person_set_active,
    post_define,
    system_actor,
)

from .factories import PASSWORD, person_with

pytestmark = pytest.mark.django_db
PAGE = "/devices/"


@pytest.fixture
def logged_in(client):
    person = person_with("assets.view", login="zhou")
    client.force_login(person)
    assert client.get(PAGE).status_code == 200
    return person


def test_a_post_that_ends_is_gone_at_the_next_request(client, logged_in):
    holding = PostHolding.objects.get(person=logged_in)
    yesterday = timezone.localdate() - timedelta(days=1)
    holding_end(holding=holding, valid_through=yesterday, actor=system_actor())
    assert client.get(PAGE).status_code == 403


def test_a_right_taken_from_the_post_is_gone_at_the_next_request(client, logged_in):
    post_define(code="POST-zhou", name="岗位", rights=["jobs.view_all"], actor=system_actor())
    assert client.get(PAGE).status_code == 403


def test_a_delegation_revoked_is_gone_at_the_next_request(client, logged_in):
    stand_in = person_with("jobs.view_all", login="wu", name="吴代")
    today = timezone.localdate()
    given = delegation_make(
        from_person=logged_in, to_person=stand_in, valid_from=today, valid_through=today,
        reason="出差", actor=system_actor(),
    )  # fmt: skip
    client.force_login(stand_in)
    assert client.get(PAGE).status_code == 200
    delegation_revoke(delegation=given, reason="已回", actor=system_actor())
    assert client.get(PAGE).status_code == 403


def test_who_is_made_inactive_is_logged_out_at_the_next_request(client, logged_in):
    person_set_active(person=logged_in, is_active=False, reason="离职", actor=system_actor())
    assert client.get(PAGE).status_code == 302


def test_a_session_that_ended_is_none(client, logged_in):
    from django.contrib.sessions.models import Session

    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert client.get(PAGE).status_code == 302


def test_a_changed_password_ends_the_other_sessions(client, logged_in):
    from dianheng.identity.services import person_change_password

    person_change_password(person=logged_in, password=f"{PASSWORD}-2", actor=system_actor())
    assert client.get(PAGE).status_code == 302


def test_a_scan_costs_three_statements(client, logged_in):
    from dianheng.assets.tests.factories import barcode, meters

    meters(1)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(f"/api/v1/scan/{barcode(1)}")
    assert answer.json()["code"] == barcode(1)
    assert len(asked) == 3  # session, person with rights, device


def test_the_one_statement_says_what_the_selectors_say(logged_in):
    stand_in = person_with("jobs.view_all", login="wu", name="吴代")
    today = timezone.localdate()
    delegation_make(
        from_person=logged_in, to_person=stand_in, valid_from=today, valid_through=today,
        reason="出差", actor=system_actor(),
    )  # fmt: skip
    found = person_with_rights(stand_in.pk)
    assert found is not None
    assert set(found.rights.grants) == set(rights_of(stand_in.pk).grants)
    assert found.rights.codes == {"jobs.view_all", "assets.view"}
    plain = Person.objects.select_related("unit").get(pk=stand_in.pk)
    for one, other in ((found, plain), (found.unit, plain.unit)):
        for field in one._meta.concrete_fields:
            assert getattr(one, field.attname) == getattr(other, field.attname)
