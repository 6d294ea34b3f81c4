"""Values as certificates print them: read with every fault, held against the standard's range."""

from datetime import date
from decimal import Decimal

import pytest

from dianheng.standards.rules import outside, read_values, spans_of, step_reached

RANGE = "3×(57.7～380) V, 3×(0.01～120) A"


def faults(rows):
    return [(f.line, f.code, f.field) for f in read_values(rows)[1]]


def test_a_table_with_heads_is_read_in_any_order():
    rows = [
        ["测量点", "项目", "单位", "示值误差 (%)", "修正值", "扩展不确定度 U", "k"],
        ["220 V, 5 A, 1.0", "有功电能", "%", "+0.0120", "−0.0120", "0.010", "2"],
    ]
    assert faults(rows) == [(0, "no_column", "value")]
    rows[0][3] = "误差(%)"
    (value,), found = read_values(rows)
    assert found == [] and (value.quantity, value.point, value.unit) == (
        "有功电能",
        "220 V, 5 A, 1.0",
        "%",
    )
    assert (str(value.value), str(value.correction), str(value.factor)) == (
        "0.0120",
        "-0.0120",
        "2",
    )


def test_every_fault_of_every_line_is_named():
    rows = [
        ["电压", "220 V", "220,03", "", "0.02", "2", "V"],
        ["电压", "", "x", "-", "-0.1", "0", "V"],
        ["电压", "100 V", "100.01", "", "", "", ""],
        ["电压", "57.7 V", "57.71", "/", "0.01", "2", "V"],
        ["电压", "57.7 V", "57.72", "/", "0.01", "2", "V"],
    ]
    assert faults(rows) == [
        (1, "comma", "value"), (2, "missing", "point"), (2, "number", "value"),
        (2, "not_positive", "uncertainty"), (2, "not_positive", "factor"), (3, "missing", "unit"),
        (5, "twice", "point"),
    ]  # fmt: skip


@pytest.mark.parametrize("rows", [[], [["", " "]], [["量", "点", "值", "单位"]]])
def test_a_table_without_values_is_refused(rows):
    assert [f.code for f in read_values(rows)[1]] == ["no_rows"]


def test_ranges_are_read_from_the_words_of_the_register():
    assert [(str(s.low), str(s.high), s.unit) for s in spans_of("(−999~999) s/d")] == [
        ("-999", "999", "s/d")
    ]
    assert [(s.low, s.high, s.unit) for s in spans_of("10 mA~10 kA")] == [
        (Decimal("0.010"), 10000, "A")
    ]
    assert [(s.low, s.high, s.unit) for s in spans_of("±60 ′")] == [(-60, 60, "′")]
    assert spans_of("单相、三相电能") == []


@pytest.mark.parametrize(
    ("point", "value", "unit", "is_outside"),
    [
        ("220 V, 5 A, 1.0", "0.012", "%", False),
        ("380 V, 120 A, 0.5L", "0.02", "%", False),
        ("400 V, 5 A", "0.012", "%", True),
        ("220 V, 5 mA", "0.012", "%", True),
        ("0.22 kV", "220.03", "V", False),
        ("220 V", "38.1", "V", True),
    ],
)
def test_points_and_values_lie_within_the_range(point, value, unit, is_outside):
    lines, found = read_values([["电能", point, value, "", "", "", unit]])
    assert found == [] and bool(outside(lines, spans_of(RANGE))) == is_outside


def test_what_the_register_has_no_range_for_is_not_checked():
    lines, _faults = read_values([["温度", "23 °C", "23.1", "", "", "", "°C"]])
    assert outside(lines, spans_of(RANGE)) == [] and outside(lines, []) == []


@pytest.mark.parametrize(
    ("today", "step"),
    [
        (date(2026, 5, 29), None), (date(2026, 5, 30), 6), (date(2026, 8, 29), 6), (date(2026, 8, 30), 3),
        (date(2026, 10, 30), 1), (date(2026, 11, 30), 1), (date(2026, 12, 1), 0),
    ],
)  # fmt: skip
def test_people_are_reminded_six_three_and_one_months_before(today, step):
    assert step_reached(today, date(2026, 11, 30), (6, 3, 1, 0)) == step


def test_a_stated_error_is_no_setting_of_the_standard():
    heads = ["项目", "测量点", "误差(V)", "单位"]
    lines, found = read_values(
        [heads, ["电压", "220 V", "0.03", "V"], ["电压", "400 V", "0.05", "V"]]
    )
    assert found == []
    assert [(f.line, f.cell) for f in outside(lines, spans_of(RANGE))] == [(2, "400 V")]
    lines, _faults = read_values([["电压误差", "220 V", "0.03", "", "", "", "V"]])
    assert outside(lines, spans_of(RANGE)) == []
