"""The worked examples of docs/explanation and docs/sources, asked by name."""

import json
from decimal import Decimal
from typing import Any

import pytest

from dianheng.interfaces.calculators import calculate, read_json, write_json
from dianheng.metrology.rule_sets import rule_set


def ask(name: str, **payload: Any) -> dict[str, Any]:
    """Result of a calculator, by way of JSON text as on every door."""
    outcome = calculate(name, read_json(json.dumps(payload)))
    assert outcome.is_answered, outcome.body
    body: dict[str, Any] = json.loads(write_json(outcome.body))
    assert set(body) == {"result", "steps", "rule"}
    assert set(body["rule"]) == {"standard", "edition", "row", "certainty", "signed"}
    assert body["rule"]["signed"] is False
    assert body["steps"]
    result: dict[str, Any] = body["result"]
    return result


def near(text: str, places: int) -> Decimal:
    return round(Decimal(text), places)


@pytest.mark.parametrize(
    ("mean", "meter_class", "rounded"),
    [
        ("+0.25", "1", "+0.2"),
        ("+0.35", "1", "+0.4"),
        ("-0.1705", "1", "-0.2"),
        ("+0.30", "2", "+0.4"),
        ("+0.025", "0.5S", "0.00"),
        ("+0.075", "0.5S", "+0.10"),
        ("-0.05", "0.2S", "-0.04"),
        ("+0.525", "0.5S", "+0.50"),
        ("0.526", "0.5S", "+0.55"),
        ("0.11", "3", "+0.2"),
        ("0.0149", "0.05", "+0.015"),
    ],
)
def test_round_an_error(mean: str, meter_class: str, rounded: str) -> None:
    assert ask("round", meter_class=meter_class, mean_error_percent=mean) == {"rounded": rounded}


@pytest.mark.parametrize(
    ("value", "interval", "rounded"),
    [
        ("60.38", "0.5", "60.5"),
        ("60.25", "0.5", "60.0"),
        ("842", "20", "840"),
        (0.35, 0.02, "0.36"),
    ],
)
def test_round_a_value(value: Any, interval: Any, rounded: str) -> None:
    assert ask("round", value=value, interval=interval) == {"rounded_value": rounded}


def verdict(**payload: Any) -> dict[str, Any]:
    base = {"meter_class": "0.5S", "connection": "via_transformer", "load": "In", "pf": "1.0"}
    return ask("verdict", **{**base, **payload})


def test_verdict_at_the_limit_and_just_above() -> None:
    assert verdict(readings_percent=["0.52", "0.53"]) == {
        "mean": "0.525",
        "limit": "0.5",
        "rounded": "+0.50",
        "pass": True,
        "extra_needed": False,
    }
    failing = verdict(readings_percent=[0.526, 0.526])
    assert (failing["rounded"], failing["pass"]) == ("+0.55", False)


def test_verdict_with_the_rule_of_further_readings() -> None:
    asked = {
        "meter_class": 1,
        "connection": "direct",
        "load": "Ib",
        "first_readings_percent": ["1.05", "1.07"],
    }
    waiting = verdict(**asked)
    assert (waiting["pass"], waiting["extra_needed"], waiting["mean"]) == (None, True, "1.06")
    four = verdict(**asked, extra_readings_percent=["0.98", "1.00"])
    assert (four["mean"], four["rounded"], four["pass"], four["extra_needed"]) == (
        "1.025",
        "+1.0",
        True,
        True,
    )
    off = verdict(**asked, extra_readings_percent=["0.98", "1.00"], extra_readings_rule="off")
    assert (off["mean"], off["rounded"], off["pass"], off["extra_needed"]) == (
        "1.06",
        "+1.1",
        False,
        False,
    )
    one_list = verdict(
        meter_class="1",
        connection="direct",
        load="Ib",
        readings_percent=["1.05", "1.07", "0.98", "1.00"],
        extra_readings_rule="on",
    )
    assert one_list["mean"] == "1.025"


@pytest.mark.parametrize(
    ("payload", "limit"),
    [
        ({"load": "0.01In"}, "1"),
        ({"load": "0.5Imax", "pf": "0.5L"}, "0.6"),
        ({"load": "0.02In", "pf": "0.8C"}, "1"),
        ({"meter_class": "1", "connection": "direct", "load": "0.05Ib"}, "1.5"),
        ({"meter_class": "2", "connection": "direct", "load": "0.5Imax"}, "2"),
        (
            {
                "meter_class": "1",
                "connection": "direct",
                "load": "Ib",
                "phases": "A only (unbalanced)",
            },
            "2",
        ),
        ({"load": "Imax", "pf": "0.5L", "phases": "C"}, "1"),
        ({"meter_class": "3", "connection": "direct", "load": "Ib", "pf": "0.25L"}, "4"),
        ({"meter_class": "2", "connection": "direct", "load": "Ib", "measure": "reactive"}, "2"),
        ({"meter_class": "1", "connection": "direct", "load": "10Itr", "pf": 1}, "1"),
        ({"phases": "balanced"}, "0.5"),
    ],
)
def test_limits_by_load_point(payload: dict[str, Any], limit: str) -> None:
    assert verdict(**payload, readings_percent=["0.1", "0.1"])["limit"] == limit


def test_difference_between_one_phase_and_balanced_load() -> None:
    asked = {"meter_class": "1", "point": "Ib", "balanced_error_percent": "+0.20"}
    result = ask("verdict", **asked, phase_errors_percent=["1.60", "-0.50", "1.80"])
    assert result["differences"] == ["1.4", "0.7", "1.6"]
    assert (result["limit"], result["pass"]) == ("1.5", False)
    by_phase = ask("verdict", **asked, phase_errors_percent={"A": "1.60", "B": "-0.50"})
    assert by_phase["differences"] == {"A": "1.4", "B": "0.7"}
    assert by_phase["pass"] is True


@pytest.mark.parametrize(
    ("meter_class", "connection", "wiring", "un", "base", "imax", "c", "iq", "t", "creep"),
    [
        ("1", "direct", "single_phase", "220", "5", "60", "1200", "0.02", "13.636", "37.879"),
        ("2", "direct", "single_phase", "220", "5", "60", "1200", "0.025", "10.909", "30.303"),
        (
            "0.5S",
            "via_transformer",
            "three_phase_four_wire",
            "57.7",
            "1.5",
            "6",
            "20000",
            "0.0015",
            "13.865",
            "28.885",
        ),
        (
            "0.5S",
            "via_transformer",
            "three_phase_three_wire",
            "100",
            "1.5",
            "6",
            "20000",
            "0.0015",
            "13.856",
            "28.868",
        ),
        (
            "1",
            "direct",
            "three_phase_four_wire",
            "220",
            "5",
            "60",
            "400",
            "0.02",
            "13.636",
            "37.879",
        ),
    ],
)
def test_start_and_creep(
    meter_class: str,
    connection: str,
    wiring: str,
    un: str,
    base: str,
    imax: str,
    c: str,
    iq: str,
    t: str,
    creep: str,
) -> None:
    result = ask(
        "start_creep",
        meter_class=meter_class,
        connection=connection,
        wiring=wiring,
        Un_V=un,
        Ib_or_In_A=base,
        Imax_A=imax,
        C_imp_per_kWh=c,
    )
    assert result["start_current_A"] == iq
    assert near(result["start_time_limit_min"], 3) == Decimal(t)
    assert near(result["creep_time_min"], 3) == Decimal(creep)
    assert abs(
        Decimal(result["start_time_limit_s"]) - Decimal(result["start_time_limit_min"]) * 60
    ) < Decimal("0.0001")


@pytest.mark.parametrize(("pulses", "passes"), [(0, True), ("1", True), (2, False)])
def test_creep_pulses(pulses: Any, passes: bool) -> None:
    assert ask("start_creep", creep_pulses=pulses) == {"pass": passes}


def test_constant() -> None:
    assert ask(
        "constant", C_imp_per_kWh=1200, register_increment_kWh="1.01", pulses_counted=1200
    ) == {"indicated_pulses_expected": "1212", "error_percent": "1"}


def test_clock() -> None:
    result = ask("clock", daily_clock_errors_s_per_d=["0.12", "0.15", 0.11, "0.14", "0.13"])
    assert result == {"mean": "0.13", "rounded": "+0.13", "pass": True}
    failing = ask("clock", daily_clock_errors_s_per_d=["0.506"] * 5)
    assert (failing["rounded"], failing["pass"]) == ("+0.51", False)


def test_demand() -> None:
    assert ask("demand", demand_meter_kW="1.005", demand_standard_kW="1") == {
        "error_percent": "0.5"
    }


@pytest.mark.parametrize(
    "code", ["4130001000000446529641", "4130001000000461395474", "4130001000000461409508"]
)
def test_bar_codes(code: str) -> None:
    assert ask("barcode", barcode_body_21=code[:-1]) == {"check_digit": code[-1], "barcode": code}
    assert ask("barcode", barcode=code)["valid"] is True
    assert ask("barcode", barcode=int(code))["valid"] is True
    wrong = ask("barcode", barcode=code[:-1] + str((int(code[-1]) + 3) % 10))
    assert (wrong["valid"], wrong["check_digit"]) == (False, code[-1])
    short = ask("barcode", barcode=code[:-2])
    assert (short["valid"], short["check_digit"]) == (False, None)


@pytest.mark.parametrize(
    ("lot", "aql", "code", "used", "n", "ac", "re"),
    [
        (1500, "0.65", "K", "K", "125", "2", "3"),
        (1500, "0.25", "K", "L", "200", "1", "2"),
        (400, "0.40", "H", "G", "32", "0", "1"),
        (30, 1.0, "D", "E", "13", "0", "1"),
    ],
)
def test_sampling_by_aql(
    lot: int, aql: Any, code: str, used: str, n: str, ac: str, re: str
) -> None:
    asked = {"standard": "GB/T 2828.1", "lot": lot, "level": "II", "aql": aql, "severity": "normal"}
    assert ask("sampling", **asked) == {
        "code_letter": code,
        "plan_letter": used,
        "n": n,
        "ac": ac,
        "re": re,
        "inspect_all": False,
        "inspect_count": n,
        "accept": None,
    }
    assert ask("sampling", **asked, nonconforming=ac)["accept"] is True
    assert ask("sampling", **asked, nonconforming=re)["accept"] is False


def test_sampling_of_a_lot_smaller_than_its_sample() -> None:
    result = ask(
        "sampling", standard="GB/T 2828.1", lot=9, level="II", aql="1.0", severity="tightened"
    )
    assert (result["n"], result["inspect_all"], result["inspect_count"]) == ("20", True, "9")


@pytest.mark.parametrize(
    ("lot", "lq", "n", "ac"),
    [(1000, "5.0", "80", "1"), (20000, 5, "315", "10"), (2000, 8.0, "80", "3")],
)
def test_sampling_by_limiting_quality(lot: int, lq: Any, n: str, ac: str) -> None:
    result = ask("sampling", standard="GB/T 2828.2 procedure A", lot=lot, lq=lq, nonconforming=0)
    assert (result["n"], result["ac"], result["accept"]) == (n, ac, True)
    assert result["code_letter"] is None


@pytest.mark.parametrize("lots", [list("ARRAAAAA"), "ARRAAAAA"])
def test_switching(lots: Any) -> None:
    states = ask("sampling", lot_results=lots, start="normal")["state_after_each_lot"]
    assert states == ["normal", "normal", *["tightened"] * 5, "normal"]


@pytest.mark.parametrize(
    ("item", "last", "months", "anniversary", "through"),
    [
        ("meter class 0.5S", "2020-02-29", "72", "2026-02-28", "2026-02-27"),
        ("meter class 2", "2024-03-01", "96", "2032-03-01", "2032-02-29"),
        ("field check class I, 2016 edition", "2024-08-31", "6", "2025-02-28", "2025-02-27"),
        ("field check class I, 2000 edition", "2024-08-31", "3", "2024-11-30", "2024-11-29"),
        ("capacitor voltage transformer", "2026-05-31", "48", "2030-05-31", "2030-05-30"),
    ],
)
def test_period(item: str, last: str, months: str, anniversary: str, through: str) -> None:
    assert ask("period", item=item, last=last) == {
        "months": months,
        "anniversary": anniversary,
        "valid_through": through,
    }


@pytest.mark.parametrize(
    ("result", "today", "label", "usable"),
    [
        ("pass", "2026-05-31", "green", True),
        ("pass", "2026-06-01", "red", False),
        ("restricted", "2026-05-31", "yellow", True),
        ("fail", "2026-01-01", "red", False),
        ("suspended", "2026-01-01", "red", False),
    ],
)
def test_label(result: str, today: str, label: str, usable: bool) -> None:
    assert ask("label", last_result=result, valid_until_inclusive="2026-05-31", today=today) == {
        "label": label,
        "usable_in_task": usable,
    }


def test_ir46() -> None:
    plate = {
        "class": "B",
        "connection": "direct",
        "wiring": "single_phase",
        "U_V": 220,
        "Imin_A": 0.25,
        "Itr_A": 0.5,
        "Imax_A": 60,
        "C": 1200,
    }
    result = ask("ir46", **plate)
    assert result["start_current_A"] == "0.02"
    assert near(result["pulse_interval_s"], 1) == Decimal("681.8")
    assert near(result["no_load_min"], 1) == Decimal("55.1")
    assert ask("ir46", **plate, I_A="0.1", pf="1.0")["mpe_percent"] == "3.75"
    currents = {key: plate[key] for key in ("class", "connection", "Imin_A", "Itr_A", "Imax_A")}
    assert ask("ir46", **currents, I_A=5, pf="0.5L") == {"mpe_percent": "1.5"}


@pytest.mark.parametrize(
    ("percent", "f", "delta", "answer"),
    [
        ("5", "-0.344", "+12.6", ("-0.34", "+13", "0.35", "15", True)),
        ("20", "+0.211", "3", ("+0.22", "+3", "0.2", "10", False)),
        ("20", "+0.21", "10.5", ("+0.20", "+10", "0.2", "10", True)),
        ("5", "0.35", "0", ("+0.36", "0", "0.35", "15", False)),
        ("1", "-0.75", "-30.5", ("-0.76", "-30", "0.75", "30", False)),
        ("12.5", "0.27", "-12.4", ("+0.28", "-12", "0.275", "12.5", False)),
        ("120", "-0.009", "0.5", ("0.00", "0", "0.2", "10", True)),
    ],
)
def test_current_transformer_of_class_02s(
    percent: str, f: str, delta: str, answer: tuple[Any, ...]
) -> None:
    asked = {"device": "CT", "class": "0.2S", "percent_rated": percent}
    result = ask("ct_pt", **asked, f_percent=f, delta_min=delta)
    assert tuple(result.values()) == answer
    assert list(result) == ["f_rounded", "delta_rounded", "f_limit", "delta_limit", "pass"]


@pytest.mark.parametrize(
    ("device", "accuracy_class", "percent", "standard", "limits"),
    [
        ("CT", "0.2", 5, "JJG 1189.3", ("0.75", "30")),
        ("CT", "1", "20", "JJG 1189.3", ("1.5", "90")),
        ("CT", "0.05S", "1", "JJG 313", ("0.1", "4")),
        ("PT", "0.2", "80", "JJG 1021", ("0.2", "10")),
        ("PT", "0.5", "115", "JJG 1021", ("0.5", "20")),
        ("PT", "0.2", "20", "JJG 314", ("0.4", "20")),
        ("PT", "0.05", "100", "JJG 314", ("0.05", "2")),
    ],
)
def test_the_regulation_in_force_answers_or_the_laboratory_s(
    device: str, accuracy_class: str, percent: Any, standard: str, limits: tuple[str, str]
) -> None:
    outcome = calculate(
        "ct_pt",
        {
            "device": device,
            "class": accuracy_class,
            "percent_rated": percent,
            "f_percent": "0",
            "delta_min": "0",
        },
    )
    assert isinstance(outcome.body, dict)
    result = outcome.body["result"]
    assert (result["f_limit"], result["delta_limit"]) == limits
    assert outcome.body["rule"]["standard"] == standard


THREE_WIRE = {
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
}


def four(result: dict[str, Any]) -> tuple[str, ...]:
    return tuple(f"{near(result[name], 4):f}" for name in ("gamma_h", "gamma_d", "gamma"))


@pytest.mark.parametrize(
    "errors",
    [
        THREE_WIRE,
        {
            "fI": ["-0.15", "-0.18"],
            "dI_min": [9, 11],
            "fU": ["-0.08", "-0.12"],
            "dU_min": [3, 5],
            "drop_f": ["-0.10", "-0.13"],
            "drop_d_min": [4, 2],
        },
    ],
    ids=["by element", "as lists"],
)
def test_composite_error_of_a_three_wire_circuit(errors: dict[str, Any]) -> None:
    circuit = {"wiring": "three_phase_three_wire", "cos_phi": "0.8", "inductive": True}
    result = ask("composite", **circuit, **errors, meter_error_percent="+0.30")
    assert four(result) == ("-0.1493", "-0.2037", "-0.0530")


PHASE = {"fI": "-0.20", "fU": "-0.10", "dU_min": 0, "drop_f": "-0.08", "drop_d_min": "3"}


@pytest.mark.parametrize(
    "errors",
    [
        {**PHASE, "dI_min": ["6", "9", "4"]},
        {**PHASE, "dI_min": {"A": "6", "B": "9", "C": "4"}},
        {"phases": [{**PHASE, "dI_min": minutes} for minutes in (6, 9, 4)]},
        {
            "phases": {
                phase: {**PHASE, "dI_min": d} for phase, d in zip("ABC", (6, 9, 4), strict=True)
            }
        },
        {f"element{n}": {**PHASE, "dI_min": d} for n, d in ((1, 6), (2, 9), (3, 4))},
    ],
    ids=["as lists", "by phase", "list of phases", "phases by name", "by element"],
)
def test_composite_error_of_a_four_wire_circuit(errors: dict[str, Any]) -> None:
    circuit = {"wiring": "three_phase_four_wire", "cos_phi": 0.9}
    result = ask("composite", **circuit, **errors, meter_error_percent="0.15")
    assert four(result) == ("-0.2108", "-0.1223", "-0.1830")


def test_composite_error_of_a_single_phase_circuit() -> None:
    circuit = {"wiring": "single_phase", "cos_phi": "0.8", "meter_error_percent": "0.3"}
    current = {"fI": "-0.1", "dI_min": "10"}
    assert four(ask("composite", **circuit, **current)) == ("0.1182", "0.0000", "0.4182")
    capacitive = ask("composite", **circuit, **current, inductive="false")
    assert four(capacitive) == ("-0.3182", "0.0000", "-0.0182")
    assert four(ask("composite", **circuit)) == ("0.0000", "0.0000", "0.3000")


@pytest.mark.parametrize(("limit", "passes"), [("0.2", True), ("0.19", True), ("0.18", False)])
def test_secondary_voltage_drop(limit: str, passes: bool) -> None:
    drop = {"f_percent": "-0.15", "delta_min": 4}
    result = ask("composite", pt_secondary_drop=drop, limit_percent=limit)
    assert (near(result["drop_percent"], 3), result["pass"]) == (Decimal("0.190"), passes)


@pytest.mark.parametrize(
    ("edition", "purpose", "known", "answer"),
    [
        ("2016", "settlement", {"kv": 220}, ("I", "0.2S", "2", "0.2", "0.2S")),
        ("2016", "settlement", {"kv": "219.9"}, ("II", "0.5S", "2", "0.2", "0.2S")),
        ("2016", "settlement", {"kv": 66}, ("II", "0.5S", "2", "0.2", "0.2S")),
        ("2016", "settlement", {"kv": 35}, ("III", "0.5S", "2", "0.5", "0.5S")),
        ("2016", "settlement", {"kv": "0.38", "phases": 3}, ("IV", "1", "2", "0.5", "0.5S")),
        ("2016", "settlement", {"kv": "0.22", "phases": 1}, ("V", "2", None, None, "0.5S")),
        ("2016", "settlement", {"phases": 1}, ("V", "2", None, None, "0.5S")),
        ("2016", "assessment", {"kv": 220}, ("II", "0.5S", "2", "0.2", "0.2S")),
        ("2016", "generator", {"mw": 300}, ("I", "0.2S", "2", "0.2", "0.2S")),
        ("2016", "generator", {"mw": "99"}, ("III", "0.5S", "2", "0.5", "0.5S")),
        ("2016", "plant_auxiliary", {}, ("III", "0.5S", "2", "0.5", "0.5S")),
        (
            "2000",
            "settlement",
            {"monthly_mwh": 5000},
            ("I", "0.2S or 0.5S", "2.0", "0.2", "0.2S or 0.2*"),
        ),
        (
            "2000",
            "settlement",
            {"monthly_mwh": 1200, "transformer_kva": 1000},
            ("II", "0.5S or 0.5", "2.0", "0.2", "0.2S or 0.2*"),
        ),
        ("2000", "settlement", {"transformer_kva": 315}, ("III", "1.0", "2.0", "0.5", "0.5S")),
        ("2000", "settlement", {"transformer_kva": 314}, ("IV", "2.0", "3.0", "0.5", "0.5S")),
        ("2000", "settlement", {"phases": 1}, ("V", "2.0", None, None, "0.5S")),
        ("2000", "generator", {"mw": 100}, ("II", "0.5S or 0.5", "2.0", "0.2", "0.2S or 0.2*")),
        ("2000", "inter_grid", {}, ("I", "0.2S or 0.5S", "2.0", "0.2", "0.2S or 0.2*")),
    ],
)
def test_device_class(
    edition: str, purpose: str, known: dict[str, Any], answer: tuple[str | None, ...]
) -> None:
    result = ask("device_class", edition=f"DL/T 448-{edition}", purpose=purpose, **known)
    assert tuple(result.values()) == answer
    assert list(result) == ["class", "active", "reactive", "pt", "ct"]


@pytest.mark.parametrize(
    ("kpi", "numerator", "denominator", "target", "value", "is_met"),
    [
        ("std_periodic_verified_rate", 47, 49, None, "95.92", False),
        ("std_periodic_verified_rate", 49, 49, None, "100.00", True),
        ("标准器周检合格率", 98, 100, None, "98.00", True),
        ("field_pass_rate class II", 97999, 100000, None, "98.00", False),
        ("field_pass_rate class III", 95, 100, None, "95.00", True),
        ("field_pass_rate", 95, 100, None, "95.00", None),
        ("preadjust_pass_rate class III", 98, 100, None, "98.00", True),
        ("preadjust_pass_rate class I", 98, 100, None, "98.00", False),
        ("fault_rate", 1, 100, None, "1.00", True),
        ("acceptance_pass_rate", 9, 10, None, "90.00", None),
        ("field_check_rate", 0, 0, None, None, None),
        ("preadjust_rate", 70, 1000, None, "7.00", True),
        ("preadjust_rate", 49, 900, None, "5.44", False),
        ("preadjust_rate", 50, 400, None, "12.50", True),
        ("preadjust_rate", 51, 400, None, "12.75", False),
        ("preadjust_rate", 30, 30, None, "100.00", True),
        ("preadjust_rate", 7, 100, "5..10", "7.00", True),
        ("tea drunk", "1", "8", ">= 12.5", "12.50", True),
        ("tea drunk", "1", "8", "<= 12.4", "12.50", False),
        ("tea drunk", "1", "8", None, "12.50", None),
    ],
)
def test_kpi(
    kpi: str, numerator: Any, denominator: Any, target: str | None, value: Any, is_met: Any
) -> None:
    asked = {"kpi": kpi, "numerator": numerator, "denominator": denominator}
    result = ask("kpi", **asked, **({"target": target} if target else {}))
    assert result == {"value_percent": value, "meets_target": is_met}


def test_a_list_gives_a_list_with_errors_at_their_places() -> None:
    payload = [
        {"meter_class": "1", "mean_error_percent": "0.25"},
        {"meter_class": "1", "mean_error_percent": "x"},
        7,
        {"value": "842", "interval": "20"},
    ]
    outcome = calculate("round", payload)
    assert not outcome.is_answered
    assert isinstance(outcome.body, list)
    first, second, third, fourth = outcome.body
    assert first["result"] == {"rounded": "+0.2"}
    assert [each["field"] for each in second["errors"]] == ["mean_error_percent"]
    assert third["code"] == "not_an_object"
    assert fourth["result"] == {"rounded_value": "840"}
    assert calculate("round", []) == ([], True)


def test_the_signature_is_asked_for_by_rule_set() -> None:
    signed = rule_set("JJG 596", "2012").digest
    outcome = calculate(
        "round",
        {"meter_class": "1", "mean_error_percent": "0.25"},
        is_signed=lambda rules: rules.digest == signed,
    )
    assert isinstance(outcome.body, dict)
    assert outcome.body["rule"]["signed"] is True
    other = calculate(
        "round", {"value": "1", "interval": "1"}, is_signed=lambda rules: rules.digest == signed
    )
    assert isinstance(other.body, dict)
    assert other.body["rule"] == {
        "standard": "GB/T 8170",
        "edition": "2008",
        "row": "rounding/ties",
        "certainty": "confirmed",
        "signed": False,
    }


@pytest.mark.parametrize(
    ("wiring", "fault", "phi_deg", "k"),
    [
        ("three_phase_four_wire", "one CT reversed", None, "3"),
        ("three_phase_four_wire", "one voltage or one current missing", None, "1.5"),
        ("three_phase_four_wire", "two voltages or currents missing", None, "3"),
        ("three_phase_four_wire", "two currents interchanged", None, None),
        ("three_phase_four_wire", "currents rotated b,c,a", "30", "-1"),
        ("three_phase_four_wire", "currents rotated b,c,a", "-30", None),
        ("three_phase_three_wire", "Ia reversed", "30", "3"),
        ("three_phase_three_wire", "Ia reversed", "0", None),
        ("three_phase_three_wire", "Ic reversed", "30", "-3"),
        ("three_phase_three_wire", "A-phase PT fuse open (element 1 dead)", "30", "1.5"),
        ("three_phase_three_wire", "C-phase PT fuse open (element 2 dead)", "30", "3"),
        ("three_phase_three_wire", "B-phase PT fuse open", None, "2"),
        ("three_phase_three_wire", "voltages rotated b,c,a", "60", "1"),
        ("three_phase_three_wire", "voltages rotated c,a,b", "30", "-1"),
        ("three_phase_three_wire", "Ubc with Ia, Uac with -Ic", "30", "1.5"),
        ("three_phase_three_wire", "Ia and Ic interchanged", None, None),
        ("three_phase_three_wire", "two voltage leads interchanged (any pair)", "30", None),
        ("single_phase", "current reversed", None, "-1"),
    ],
)
def test_correction_of_a_fault(wiring: str, fault: str, phi_deg: str | None, k: str | None) -> None:
    asked = {"wiring": wiring, "fault": fault}
    found = ask("wiring", **asked, **({} if phi_deg is None else {"phi_deg": phi_deg}))
    assert found == {"K": k, "meter_stops": k is None}


def test_one_reversed_current_transformer_and_its_energy() -> None:
    asked = {"wiring": "three_phase_four_wire", "fault": "one CT reversed"}
    assert ask("wiring", **asked, reading_diff=425, ct_ratio="100/5") == {
        "K": "3",
        "meter_stops": False,
        "correct_kWh": "25500",
        "adjust_kWh": "17000",
        "multiplier": "20",
    }


def test_energy_of_a_reversed_current_at_a_given_tangent() -> None:
    found = ask(
        "wiring",
        wiring="three_phase_three_wire",
        elements=["ab,-a", "cb,c"],
        phi_deg="30.963756532073521417",
        recorded_kWh=1000,
    )
    assert near(found["K"], 4) == Decimal("2.8868")
    assert near(found["adjust_kWh"], 1) == Decimal("1886.8")


def test_a_meter_error_corrects_what_was_registered() -> None:
    asked = {"wiring": "single_phase", "elements": ["a,a"], "phi_deg": 0, "recorded_kWh": 1020}
    found = ask("wiring", **asked, meter_error_percent=2)
    assert (found["correct_kWh"], found["adjust_kWh"]) == ("1000", "-20")


def test_no_energy_is_made_up_where_the_meter_stops() -> None:
    asked = {"wiring": "three_phase_three_wire", "fault": "Ia and Ic interchanged"}
    found = ask("wiring", **asked, recorded_kWh="0")
    assert found["K"] is found["correct_kWh"] is found["adjust_kWh"] is None


def test_a_fault_that_depends_on_the_angle_asks_for_it() -> None:
    asked = {"wiring": "three_phase_three_wire", "fault": "Ia reversed"}
    body = calculate("wiring", asked, language="zh-hans").body
    assert isinstance(body, dict)
    assert [(each["field"], each["code"]) for each in body["errors"]] == [
        ("phi_deg", "phi_missing")
    ]
