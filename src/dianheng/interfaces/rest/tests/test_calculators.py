"""Calculators over REST: the same answers as the command, no float on the way."""

import json

import pytest

from dianheng.identity.services import system_actor, token_make
from dianheng.identity.tests.factories import person_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(client):
    token = token_make(person=person_with(), label="t", actor=system_actor())

    def post(name, body, language="zh-hans"):
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        return client.post(
            f"/api/v1/calc/{name}",
            text,
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {token}",
            HTTP_ACCEPT_LANGUAGE=language,
        )

    return post


def test_a_rule_answers(ask):
    answer = ask("round", '{"meter_class": "1", "mean_error_percent": 0.35}')
    assert answer.status_code == 200
    assert answer.json()["result"] == {"rounded": "+0.4"}


def test_a_list_answers_each_and_says_what_is_wrong_in_its_place(ask):
    answer = ask(
        "round", [{"meter_class": "1", "mean_error_percent": "0.25"}, {"meter_class": "9"}]
    )
    assert answer.status_code == 422
    assert answer.json()[0]["result"] == {"rounded": "+0.2"}
    assert {e["field"] for e in answer.json()[1]["errors"]} == {"meter_class", "mean_error_percent"}


@pytest.mark.parametrize(
    "body",
    ["", "{", "[" * 100_000, '{"a": 1, "a": 2}', b"\xff\xfe{}"],
    ids=["empty", "cut", "deep", "twice", "not UTF-8"],
)
def test_what_is_no_json_is_said_so(ask, body):
    answer = ask("round", body)
    assert answer.status_code == 422
    assert set(answer.json()) >= {"code", "text", "errors"}


def test_an_unknown_name_is_said_so(ask):
    answer = ask("horoscope", {})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_calculator")


@pytest.mark.parametrize(
    ("language", "said"),
    [("zh-hans", "不是可选值（可选：0.2S, "), ("en", "one of 0.2S, ")],
)
def test_a_refusal_speaks_the_language_asked_for(ask, language, said):
    answer = ask("round", {"meter_class": "9", "mean_error_percent": "0.25"}, language)
    assert [error["text"][: len(said)] for error in answer.json()["errors"]] == [said]


def test_without_token_no_answer(client):
    assert (
        client.post("/api/v1/calc/round", "{}", content_type="application/json").status_code == 401
    )
