"""A password entered anew for a signature cannot be guessed."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.db import connection
from django.db.models import F

from dianheng.common.errors import Refused
from dianheng.identity.models import Person
from dianheng.identity.services import actor_for_person, require_password

from .factories import PASSWORD, person_with

pytestmark = pytest.mark.django_db


def code(person: Person, password: str) -> str:
    try:
        require_password(actor_for_person(person), password)
    except Refused as refused:
        return refused.refusal.code
    return ""


def batches() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select action, actor_name from audit_batch where action like 'signature%' order by id"
        )
        return cursor.fetchall()


def test_the_fifth_wrong_password_stops_the_right_one_too():
    wang, li = person_with(login="wang"), person_with(login="li")
    assert [code(wang, "x") for _guess in range(5)] == ["wrong_password"] * 4 + ["signing_rests"]
    assert code(wang, PASSWORD) == "signing_rests"
    assert code(li, PASSWORD) == "", "it rests for the person alone"
    assert batches() == [("signature.refuse", wang.name)] * 4 + [("signature.lock", wang.name)]


def test_it_rests_as_long_as_the_login_and_says_until_when():
    wang = person_with(login="wang")
    for _guess in range(5):
        code(wang, "x")
    with pytest.raises(Refused, match=r"\d\d:\d\d"):
        require_password(actor_for_person(wang), PASSWORD)
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=15))
    assert code(wang, "x") == "wrong_password", "it is counted from the beginning again"
    assert code(wang, PASSWORD) == ""


def test_the_right_one_wipes_out_what_was_mistyped():
    wang = person_with(login="wang")
    for _day in range(3):
        assert [code(wang, "x") for _guess in range(4)] == ["wrong_password"] * 4
        assert code(wang, PASSWORD) == ""


def test_the_own_password_is_not_guessed_where_it_is_changed(client):
    client.force_login(wang := person_with(login="wang"))
    new = {"password": "Ohm-and-Ampere-3", "again": "Ohm-and-Ampere-3"}
    for _guess in range(5):
        page = client.post("/password/", {"old": "x", **new})
    assert "暂停" in page.context["form"].errors["old"][0]
    client.post("/password/", {"old": PASSWORD, **new})
    assert Person.objects.get(pk=wang.pk).check_password(PASSWORD), "it is still the old one"
