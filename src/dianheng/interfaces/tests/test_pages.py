"""The calculators' pages: every calculator opens, answers, says what is wrong."""

import pytest

from dianheng.identity.tests.factories import person_with
from dianheng.interfaces.calculators import catalogue

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client):
    client.force_login(person_with(), backend="dianheng.identity.backends.PersonBackend")
    return lambda address: client.get(address).content.decode()


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_every_calculator_opens_in_chinese(page, name):
    assert name in page("/calculators/")
    ways = catalogue()[name]["input"].get("anyOf", [1])
    for way in range(len(ways)):
        assert f"dianheng calc {name}" not in page(f"/calculators/{name}/?way={way}")


def test_an_answer_shows_result_steps_and_rule(page):
    text = page("/calculators/round/?way=0&meter_class=1&mean_error_percent=0.35")
    assert "+0.4" in text
    assert "JJG 596" in text
    assert "已由公开资料核实" in text


def test_readings_are_read_line_by_line_and_full_width(page):
    text = page("/calculators/clock/?daily_clock_errors_s_per_d=0.21%0A0.20%0A0.22%0A０.19%0A0.23")
    assert "+0.21" in text


def test_all_wrong_fields_are_named(page):
    text = page("/calculators/round/?way=0&meter_class=9&mean_error_percent=abc")
    assert text.count("has-error") == 2
    assert "不是可选值" in text and "不是有效数字" in text


def test_choices_and_steps_are_said_in_words(page):
    text = page(
        "/calculators/device_class/?edition=DL/T+448-2016&purpose=settlement&kv=110&phases=3"
    )
    assert '<option value="settlement" selected>贸易结算 (settlement)</option>' in text
    assert "用途 = 贸易结算" in text and "None" not in text
    circuit = page("/calculators/composite/")
    assert "三相四线 (three_phase_four_wire)" in circuit
    assert '<option value="true">是</option>' in circuit


def test_errors_by_phase_are_typed_as_json(page):
    asked = "way=2&wiring=three_phase_four_wire&cos_phi=1&meter_error_percent=0.1&phases="
    text = page(
        f"/calculators/composite/?{asked}" + "[{%22fI%22:0.3},{%22fI%22:0.3},{%22fI%22:0.3}]"
    )
    assert "<b>0.4</b>" in text
    wrong = page(f"/calculators/composite/?{asked}[" + "{")
    assert wrong.count("has-error") == 1


@pytest.mark.parametrize(
    "way,chosen",
    [("x", 0), ("-1", 0), ("99", -1), ("9" * 5000, 0)],
    ids=lambda value: str(value)[:4],
)
def test_a_way_that_is_none_is_the_first_or_last(page, way, chosen):
    ways = range(len(catalogue()["round"]["input"]["anyOf"]))
    assert len(ways) > 1
    text = page(f"/calculators/round/?way={way}")
    assert f'name="way" value="{ways[chosen]}"' in text
    assert f'href="?way={ways[chosen]}" aria-current="true"' in text
