"""Whatever comes in, an answer or one error object that names every wrong field comes out."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.interfaces.calculators import calculate, catalogue, read_json, write_json
from dianheng.interfaces.calculators.shapes import InputRefused
from dianheng.metrology.tests.strategies import errors_pct  # noqa: F401 - loads the profile

EXAMPLES: dict[str, dict[str, Any]] = {
    "round": {"meter_class": "1", "mean_error_percent": "0.25"},
    "verdict": {
        "meter_class": "1",
        "connection": "direct",
        "load": "Ib",
        "pf": "1.0",
        "phases": "A only (unbalanced)",
        "readings_percent": ["0.1", "0.2"],
        "extra_readings_rule": "off",
        "measure": "active",
    },
    "start_creep": {
        "meter_class": "1",
        "connection": "direct",
        "wiring": "single_phase",
        "Un_V": "220",
        "Ib_or_In_A": "5",
        "Imax_A": "60",
        "C_imp_per_kWh": "1200",
        "creep_pulses": "1",
    },
    "constant": {"C_imp_per_kWh": "1200", "register_increment_kWh": "1", "pulses_counted": "1200"},
    "clock": {"daily_clock_errors_s_per_d": ["0.1"]},
    "demand": {"demand_meter_kW": "1", "demand_standard_kW": "1"},
    "barcode": {"barcode_body_21": "413000100000044652964"},
    "sampling": {
        "standard": "GB/T 2828.1",
        "lot": "1500",
        "level": "II",
        "aql": "0.65",
        "severity": "normal",
        "nonconforming": "1",
    },
    "period": {"item": "meter class 2", "last": "2026-05-31"},
    "label": {
        "last_result": "pass",
        "valid_until_inclusive": "2026-05-31",
        "today": "2026-05-31",
    },
    "ir46": {
        "class": "B",
        "connection": "direct",
        "wiring": "single_phase",
        "U_V": "220",
        "Imin_A": "0.25",
        "Itr_A": "0.5",
        "Imax_A": "60",
        "C": "1200",
        "I_A": "5",
        "pf": "1.0",
    },
    "wiring": {
        "wiring": "three_phase_three_wire",
        "elements": ["ab,-a", "cb,c"],
        "phi_deg": "30",
        "reading_diff": "425",
        "ct_ratio": "100/5",
        "pt_ratio": "10000/100",
        "meter_error_percent": "0.5",
    },
    "ct_pt": {
        "device": "CT",
        "class": "0.2S",
        "percent_rated": "5",
        "f_percent": "-0.344",
        "delta_min": "12.6",
        "standard": "JJG 1021-2007",
    },
    "composite": {
        "wiring": "three_phase_four_wire",
        "cos_phi": "0.9",
        "inductive": "true",
        "meter_error_percent": "0.15",
        "fI": "-0.3",
        "dI_min": ["6", "9", "4"],
        "fU": {"A": "0", "B": "0", "C": "0.1"},
        "dU_min": "0",
        "drop_f": "-0.08",
        "drop_d_min": "3",
    },
    "device_class": {
        "edition": "DL/T 448-2016",
        "purpose": "settlement",
        "kv": "110",
        "phases": "3",
        "mw": "50",
        "monthly_mwh": "100",
        "transformer_kva": "315",
    },
    "kpi": {
        "kpi": "field_pass_rate class II",
        "numerator": "47",
        "denominator": "49",
        "target": ">= 98",
    },
}

HOSTILE: dict[str, Any] = {
    "none": None,
    "true": True,
    "float": 0.5,
    "float NaN": float("nan"),
    "NaN": "NaN",
    "infinity": "Infinity",
    "huge exponent": "1e999999",
    "large exponent": "1e99",
    "tiny": "1e-99",
    "huge text": "9" * 1_000_000,
    "huge int": 10**6000,
    "empty": "",
    "blank": "   ",
    "list": [],
    "nested list": [[["1"]]],
    "object": {},
    "path": "../../etc/passwd",
    "NUL": "\x00",
    "surrogate": "\ud800",
    "markup": "<script>alert(1)</script>",
    "full width": "１",
    "negative": "-1",
    "Decimal NaN": Decimal("NaN"),
}
# Values that some fields rightly take: a list of lots' results is no list of numbers, and so on.
HARMLESS = {
    ("round", "mean_error_percent", "negative"),
    ("demand", "demand_meter_kW", "negative"),
    ("wiring", "phi_deg", "negative"),
    ("wiring", "reading_diff", "negative"),
    ("wiring", "meter_error_percent", "negative"),
    ("ct_pt", "f_percent", "negative"),
    ("ct_pt", "delta_min", "negative"),
    ("composite", "inductive", "true"),
    *(("composite", field, "negative") for field in EXAMPLES["composite"] if field not in
      ("wiring", "cos_phi", "inductive")),
    # An indicator may be any text.
    *(
        ("kpi", "kpi", label)
        for label in (
            "NaN", "infinity", "huge exponent", "large exponent", "tiny", "path", "markup",
            "full width", "negative",
        )
    ),
}  # fmt: skip


def errors(name: str, payload: object) -> list[dict[str, Any]]:
    outcome = calculate(name, payload)
    assert not outcome.is_answered
    assert isinstance(outcome.body, dict)
    assert set(outcome.body) == {"code", "text", "facts", "errors"}
    json.loads(write_json(outcome.body))
    found: list[dict[str, Any]] = outcome.body["errors"]
    return found


def fields(name: str, payload: object) -> set[str]:
    return {each["field"] for each in errors(name, payload)}


def test_every_calculator_is_tried() -> None:
    assert set(EXAMPLES) == set(catalogue())
    for name, payload in EXAMPLES.items():
        assert calculate(name, payload).is_answered


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_missing_field_is_named_at_once(name: str) -> None:
    schema = catalogue()[name]["input"]
    first = schema.get("anyOf", [schema])[0]
    assert fields(name, {}) == set(first["required"])


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_every_wrong_field_is_named_at_once(name: str, value: Any) -> None:
    label = next(key for key, each in HOSTILE.items() if each is value)
    wanted = {
        field
        for field in EXAMPLES[name]
        if (name, field, label) not in HARMLESS
        and not (field == "extra_readings_percent" and value == [])
    }
    assert fields(name, dict.fromkeys(EXAMPLES[name], value)) == wanted


WRONG: tuple[Any, ...] = ("NaN", "1e999999", None, True, 0.5, {}, "\x00")
# Values that are right where they stand: any text names an indicator.
RIGHT = {("composite", "inductive", True), ("kpi", "kpi", "NaN"), ("kpi", "kpi", "1e999999")}


@pytest.mark.parametrize(
    ("value", "name", "field"),
    [
        pytest.param(value, name, field, id=f"{value!r}-{name}-{field}")
        for value in WRONG
        for name, payload in EXAMPLES.items()
        for field in payload
        if isinstance(value, dict) or (name, field, value) not in RIGHT
    ],
)
def test_one_wrong_field_is_named_alone(name: str, field: str, value: Any) -> None:
    assert fields(name, {**EXAMPLES[name], field: value}) == {field}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_unknown_field_is_named(name: str) -> None:
    assert fields(name, {**EXAMPLES[name], "colour": "red", "x" * 1000: 1}) == {"colour", "x" * 80}


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("payload", [None, 1, "text", True, 0.5, [[]]], ids=repr)
def test_what_is_no_object_is_refused(name: str, payload: object) -> None:
    outcome = calculate(name, payload)
    assert not outcome.is_answered
    body = outcome.body[0] if isinstance(outcome.body, list) else outcome.body
    assert body["code"] == "not_an_object"


@pytest.mark.parametrize("name", ["", "ROUND", "../round", "x" * 10_000, "ct-pt", "__class__"])
def test_an_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    outcome = calculate(name, {})
    assert isinstance(outcome.body, dict)
    assert outcome.body["code"] == "unknown_calculator"
    assert "verdict" in outcome.body["errors"][0]["text"]
    assert len(write_json(outcome.body)) < 2000


@pytest.mark.parametrize(
    ("name", "changes", "wanted"),
    [
        (
            "verdict",
            {"meter_class": "2", "pf": "0.8C", "phases": "ABC"},
            {"meter_class", "connection", "load", "pf", "phases", "measure"},
        ),
        (
            "verdict",
            {"meter_class": "0.5S"},
            {"meter_class", "connection", "load", "pf", "phases", "measure"},
        ),
        ("verdict", {"load": "Imin"}, {"load"}),
        ("start_creep", {"meter_class": "0.5S"}, {"meter_class", "connection"}),
        ("start_creep", {"Imax_A": "4"}, {"Ib_or_In_A", "Imax_A"}),
        ("ir46", {"Imin_A": "1"}, {"Imin_A", "Itr_A", "Imax_A"}),
        ("ir46", {"I_A": "61"}, {"I_A"}),
        ("ir46", {"pf": "0.5C"}, {"pf"}),
        ("ir46", {"class": "E"}, {"class"}),
        ("sampling", {"nonconforming": "126"}, {"nonconforming"}),
        ("sampling", {"standard": "GB/T 2828.2"}, {"lq", "level", "aql", "severity"}),
        ("wiring", {"elements": ["ab,a"]}, {"elements", "wiring"}),
        ("wiring", {"elements": ["a,a", "cb,c"]}, {"elements", "wiring"}),
        ("wiring", {"elements": ["ab,ac", "cb,c"]}, {"elements"}),
        ("wiring", {"phi_deg": "90"}, {"phi_deg"}),
        ("wiring", {"ct_ratio": "100/0"}, {"ct_ratio"}),
        ("wiring", {"recorded_kWh": "1"}, {"recorded_kWh", "reading_diff"}),
        ("wiring", {"meter_error_percent": "-100"}, {"meter_error_percent"}),
        ("period", {"last": "9999-12-31"}, {"last"}),
        ("period", {"last": "2026-02-30"}, {"last"}),
        ("period", {"last": "20260531"}, {"last"}),
        ("period", {"item": "toaster"}, {"item"}),
        ("barcode", {"barcode_body_21": "41300010000004465296"}, {"barcode_body_21"}),
        ("round", {"value": "1", "interval": "1"}, {"value", "interval"}),
        ("ct_pt", {"percent_rated": "0.9"}, {"class", "percent_rated"}),
        ("ct_pt", {"percent_rated": "120.1"}, {"class", "percent_rated"}),
        ("ct_pt", {"class": "0.02"}, {"device", "class", "standard"}),
        ("ct_pt", {"device": "PT"}, {"device", "class", "standard"}),
        ("composite", {"cos_phi": "1.01"}, {"cos_phi"}),
        ("composite", {"wiring": "three_phase_three_wire"}, {"wiring", "dI_min", "fU"}),
        ("composite", {"element1": {"fI": "1"}}, {"element1"}),
        ("composite", {"phases": []}, {"phases"}),
        ("device_class", {"purpose": "feed_in"}, {"edition", "purpose"}),
        ("kpi", {"target": "10..5"}, {"target"}),
        ("kpi", {"target": "98"}, {"target"}),
        ("kpi", {"target": "> 98"}, {"target"}),
    ],
)
def test_fields_that_do_not_go_together_are_named(
    name: str, changes: dict[str, Any], wanted: set[str]
) -> None:
    assert fields(name, {**EXAMPLES[name], **changes}) == wanted


def test_a_point_other_than_the_base_current_has_no_difference() -> None:
    asked = {"meter_class": "1", "balanced_error_percent": "0", "phase_errors_percent": ["0"]}
    for point in ("Imax", "0.1Ib", "Ib 0.5L", "", 5):
        assert fields("verdict", {**asked, "point": point}) == {"point"}


def test_every_wrong_number_of_a_list_is_named_by_its_place() -> None:
    payload = {**EXAMPLES["verdict"], "readings_percent": ["0.1", "NaN", True, "0.2", 0.5]}
    (error,) = errors("verdict", payload)
    assert (error["field"], error["facts"]["places"]) == ("readings_percent", "1, 2, 4")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff\xfe{}", "not_utf8"),
        ('{"a": 1}'.encode("utf-16"), "not_utf8"),
        (b"[" * 100_000, "not_json"),
        (b'{"value": 1, "value": 2}', "name_twice"),
        (b"{'a': 1}", "not_json"),
    ],
    ids=["empty", "cut off", "not UTF-8", "UTF-16", "deep", "a name twice", "single quotes"],
)
def test_what_is_no_json_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(InputRefused) as refusal:
        read_json(data)
    assert refusal.value.code == code


def test_json_numbers_are_never_binary_floats() -> None:
    payload = read_json(b'{"value": 0.1000000000000000055511151231257827, "interval": 1e-19}')
    outcome = calculate("round", payload)
    assert not outcome.is_answered, "more than twenty decimals are refused, not cut"
    precise = read_json(b'\xef\xbb\xbf{"value": 60.25000000000000001, "interval": 0.5}')
    body = calculate("round", precise).body
    assert isinstance(body, dict) and body["result"] == {"rounded_value": "60.5"}
    for constant in (b"NaN", b"Infinity", b"-Infinity", b"1e400", b"9" * 5000):
        found = read_json(b'{"value": %s, "interval": 1}' % constant)
        assert fields("round", found) == {"value"}


@given(
    st.sampled_from(sorted(EXAMPLES)),
    st.dictionaries(
        st.sampled_from(sorted({field for payload in EXAMPLES.values() for field in payload})),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text(max_size=20)
            | st.decimals()
            | st.sampled_from(["1", "0.5L", "Ib", "2026-05-31", "direct", "A"]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=3), inner, max_size=2)
            ),
            max_leaves=5,
        ),
        max_size=10,
    ),
)
def test_any_payload_gives_an_answer_or_an_error_object(name: str, payload: dict[str, Any]) -> None:
    outcome = calculate(name, payload)
    assert isinstance(outcome.body, dict)
    written = json.loads(write_json(outcome.body))
    assert ("result" in written) == outcome.is_answered
    if not outcome.is_answered:
        assert written["code"] and (written["errors"] or written["code"] == "not_an_object")


@given(
    st.sampled_from(
        ["constant", "start_creep", "demand", "round", "ir46", "ct_pt", "composite", "kpi"]
    ),
    st.data(),
)
def test_extreme_quantities_are_answered_or_refused_and_never_crash(name: str, data: Any) -> None:
    extremes = st.sampled_from(["1e14", "-1e14", "1e-20", "999999999999999", "0", "-0", "1e-14"])
    texts = {"meter_class", "connection", "wiring", "class", "pf", "item", "standard", "level"}
    texts |= {"device", "kpi", "target", "inductive"}
    payload = {
        field: value if field in texts else data.draw(extremes)
        for field, value in EXAMPLES[name].items()
    }
    outcome = calculate(name, payload)
    json.loads(write_json(outcome.body))


def test_answers_hold_no_number_but_text() -> None:
    def walk(value: object) -> None:
        assert not isinstance(value, int | float | Decimal) or isinstance(value, bool)
        if isinstance(value, dict):
            for each in value.values():
                walk(each)
        if isinstance(value, list):
            for each in value:
                walk(each)

    for name, payload in EXAMPLES.items():
        walk(calculate(name, payload).body)


@pytest.mark.parametrize(
    "element",
    [{}, [], "0.1", {"fI": "x"}, {"fU_cb": "0.1"}, {"fU": "0.1", "fU_ab": "0.1"}, {"colour": "1"}],
    ids=repr,
)
def test_an_element_with_wrong_errors_is_named(element: Any) -> None:
    circuit = {
        "wiring": "three_phase_three_wire",
        "cos_phi": "0.8",
        "meter_error_percent": "0.3",
        "element2": {"fI": "0.1", "fU_cb": "0.2"},
    }
    assert calculate("composite", {**circuit, "element1": {"fI": "0.1"}}).is_answered
    assert fields("composite", {**circuit, "element1": element}) == {"element1"}


@pytest.mark.parametrize("count", [1, 2, 4])
def test_phases_must_fit_the_circuit(count: int) -> None:
    payload = {
        "wiring": "three_phase_four_wire",
        "cos_phi": "0.8",
        "meter_error_percent": "0.3",
        "phases": [{"fI": "0.1", "dI_min": "5"}] * count,
    }
    assert "phases" in fields("composite", payload)


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        ({"edition": "DL/T 448-2016", "purpose": "settlement"}, {"kv"}),
        ({"edition": "DL/T 448-2016", "purpose": "settlement", "phases": 3}, {"kv"}),
        ({"edition": "DL/T 448-2016", "purpose": "generator", "kv": "220"}, {"mw"}),
        (
            {"edition": "DL/T 448-2000", "purpose": "settlement"},
            {"monthly_mwh", "transformer_kva", "phases"},
        ),
        (
            {"edition": "DL/T 448-2000", "purpose": "settlement", "monthly_mwh": "99"},
            {"purpose", "monthly_mwh"},
        ),
        ({"edition": "DL/T 448-2000", "purpose": "line_balance", "kv": "35"}, {"purpose", "kv"}),
    ],
    ids=["no voltage", "three phases alone", "no capacity", "nothing known", "too little", "35 kV"],
)
def test_what_would_decide_the_class_is_named(payload: dict[str, Any], wanted: set[str]) -> None:
    assert fields("device_class", payload) == wanted
