"""One worked example of each calculator on the three doors: command, REST, page."""

import json
from urllib.parse import urlencode

import pytest

from dianheng.config import cli
from dianheng.identity.services import system_actor, token_make
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.interfaces.calculators import catalogue
from dianheng.verification.tests.factories import sign_rules

pytestmark = pytest.mark.django_db

# Name, way of asking on the page, question, and what the answer must hold.
EXAMPLES = {
    "round": (0, {"meter_class": "1", "mean_error_percent": "-0.1705"}, {"rounded": "-0.2"}),
    "verdict": (
        0,
        {
            "meter_class": "0.5S",
            "connection": "via_transformer",
            "load": "In",
            "pf": "1.0",
            "readings_percent": ["0.52", "0.53"],
        },
        {"mean": "0.525", "limit": "0.5", "rounded": "+0.50", "pass": True},
    ),
    "start_creep": (
        0,
        {
            "meter_class": "2",
            "connection": "direct",
            "wiring": "single_phase",
            "Un_V": "220",
            "Ib_or_In_A": "5",
            "Imax_A": "60",
            "C_imp_per_kWh": "1200",
        },
        {
            "start_current_A": "0.025",
            "start_time_limit_min": "10.909091",
            "creep_time_min": "30.30303",
        },
    ),
    "constant": (
        0,
        {"C_imp_per_kWh": "1200", "register_increment_kWh": "1.01", "pulses_counted": "1200"},
        {"indicated_pulses_expected": "1212", "error_percent": "1"},
    ),
    "clock": (
        0,
        {"daily_clock_errors_s_per_d": ["0.12", "0.15", "0.11", "0.14", "0.13"]},
        {"mean": "0.13", "rounded": "+0.13", "pass": True},
    ),
    "demand": (
        0,
        {"demand_meter_kW": "1.005", "demand_standard_kW": "1"},
        {"error_percent": "0.5"},
    ),
    "barcode": (
        0,
        {"barcode_body_21": "413000100000044652964"},
        {"check_digit": "1", "barcode": "4130001000000446529641"},
    ),
    "sampling": (
        0,
        {
            "standard": "GB/T 2828.1",
            "lot": "1500",
            "level": "II",
            "aql": "0.25",
            "severity": "normal",
        },
        {"code_letter": "K", "plan_letter": "L", "n": "200", "ac": "1", "re": "2"},
    ),
    "period": (
        0,
        {"item": "meter class 0.5S", "last": "2020-02-29"},
        {"months": "72", "anniversary": "2026-02-28", "valid_through": "2026-02-27"},
    ),
    "label": (
        0,
        {
            "last_result": "pass",
            "valid_until_inclusive": "2026-05-31",
            "today": "2026-06-01",
        },
        {"label": "red", "usable_in_task": False},
    ),
    "ir46": (
        0,
        {
            "class": "B",
            "connection": "direct",
            "wiring": "single_phase",
            "U_V": "220",
            "Imin_A": "0.25",
            "Itr_A": "0.5",
            "Imax_A": "60",
            "C": "1200",
        },
        {"start_current_A": "0.02", "pulse_interval_s": "681.818182", "no_load_min": "55.096419"},
    ),
    "wiring": (
        0,
        {
            "wiring": "three_phase_three_wire",
            "elements": ["ab,-a", "cb,c"],
            "phi_deg": "30",
            "recorded_kWh": "1000",
        },
        {"K": "3", "meter_stops": False, "correct_kWh": "3000", "adjust_kWh": "2000"},
    ),
    "ct_pt": (
        0,
        {
            "device": "CT",
            "class": "0.2S",
            "percent_rated": "20",
            "f_percent": "0.211",
            "delta_min": "12.6",
        },
        {
            "f_rounded": "+0.22",
            "delta_rounded": "+13",
            "f_limit": "0.2",
            "delta_limit": "10",
            "pass": False,
        },
    ),
    "composite": (
        1,
        {
            "wiring": "three_phase_three_wire",
            "cos_phi": "0.8",
            "inductive": "true",
            "element1": {
                "fI": "-0.15",
                "dI_min": "9",
                "fU_ab": "-0.08",
                "dU_ab_min": "3",
                "drop_f_ab": "-0.10",
                "drop_d_ab_min": "4",
            },
            "element2": {
                "fI": "-0.18",
                "dI_min": "11",
                "fU_cb": "-0.12",
                "dU_cb_min": "5",
                "drop_f_cb": "-0.13",
                "drop_d_cb_min": "2",
            },
            "meter_error_percent": "0.30",
        },
        {"gamma_h": "-0.149256", "gamma_d": "-0.203739", "gamma": "-0.052995"},
    ),
    "device_class": (
        0,
        {"edition": "DL/T 448-2016", "purpose": "settlement", "kv": "110"},
        {"class": "II", "active": "0.5S", "reactive": "2", "pt": "0.2", "ct": "0.2S"},
    ),
    "kpi": (
        0,
        {"kpi": "std_periodic_verified_rate", "numerator": "47", "denominator": "49"},
        {"value_percent": "95.92", "meets_target": False},
    ),
}


@pytest.fixture
def asker():
    return person_with()


@pytest.fixture
def rest(client, asker):
    token = token_make(person=asker, label="t", actor=system_actor())

    def ask(name, payload):
        return client.post(
            f"/api/v1/calc/{name}",
            json.dumps(payload),
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {token}",
        )

    return ask


@pytest.fixture
def page(client, asker):
    def ask(name, way, payload):
        client.force_login(asker, backend="dianheng.identity.backends.PersonBackend")
        client.cookies["django_language"] = "en"
        fields = {k: typed(v) for k, v in payload.items()}
        return client.get(f"/calculators/{name}/?{urlencode({'way': way, **fields})}").content

    return ask


def typed(value):
    """A value as it is typed into its field: a list by lines, an object by name and value."""
    if isinstance(value, dict):
        return "\n".join(f"{name}: {each}" for name, each in value.items())
    return "\n".join(value) if isinstance(value, list) else value


def test_every_calculator_has_its_example():
    assert set(EXAMPLES) == set(catalogue())


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_three_doors_give_one_answer(name, rest, page, tmp_path, capsys):
    way, payload, expected = EXAMPLES[name]
    answer = rest(name, payload)
    assert answer.status_code == 200, answer.json()
    result = answer.json()["result"]
    assert {key: result[key] for key in expected} == expected
    assert answer.json()["steps"]

    file = tmp_path / "question.json"
    file.write_text(json.dumps(payload))
    assert cli.main(["calc", name, "--file", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == answer.json()

    text = page(name, way, payload).decode()
    assert "How it was calculated" in text
    shown = {True: "Yes", False: "No"}
    for value in expected.values():
        assert f"<b>{shown.get(value, value)}</b>" in text


def test_rest_and_page_know_of_the_signature_the_command_does_not(rest, page, tmp_path, capsys):
    way, payload, _expected = EXAMPLES["verdict"]
    signed = "Signed by a metrologist</dt><dd>{}</dd>"
    assert rest("verdict", payload).json()["rule"]["signed"] is False
    assert signed.format("No") in page("verdict", way, payload).decode()

    sign_rules(metering_centre())

    assert rest("verdict", payload).json()["rule"]["signed"] is True
    assert signed.format("Yes") in page("verdict", way, payload).decode()
    file = tmp_path / "question.json"
    file.write_text(json.dumps(payload))
    assert cli.main(["calc", "verdict", "--file", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["rule"]["signed"] is False
