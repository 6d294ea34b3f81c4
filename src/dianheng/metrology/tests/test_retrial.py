"""Columns of whole numbers judge as the rule itself does, ties included."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dianheng.metrology.changes import INTERVALS, LIMITS, Change, changed
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.examples import household_meter
from dianheng.metrology.observations import Observation
from dianheng.metrology.plates import Connection
from dianheng.metrology.quantities import ZERO
from dianheng.metrology.records import RecordJudge
from dianheng.metrology.retrial import (
    DECIMALS,
    SCALE,
    bounds_by_asking,
    last_that_passes,
    sum_bounds,
)
from dianheng.metrology.rule_sets import rule_set, rule_sets
from dianheng.metrology.schemes import Stage, generate_scheme
from dianheng.metrology.transformer_records import TransformerJudge
from dianheng.metrology.transformer_schemes import (
    TransformerPart,
    TransformerPlate,
    generate_transformer_scheme,
)
from dianheng.metrology.transformers import Device
from dianheng.metrology.verdicts import (
    Conclusion,
    PointRule,
    Verdict,
    error_verdict,
    point_rule,
)

JJG_596 = rule_set("JJG 596", "2012")
POINTS = [
    ("0.2S", Connection.VIA_TRANSFORMER, "In", "1.0"),
    ("0.5S", Connection.VIA_TRANSFORMER, "0.01In", "1.0"),
    ("1", Connection.DIRECT, "Ib", "1.0"),
    ("1", Connection.DIRECT, "0.05Ib", "1.0"),
    ("2", Connection.DIRECT, "Ib", "0.5L"),
]


def rule_at(number: int, change: Change | None = None) -> PointRule:
    accuracy_class, connection, load, factor = POINTS[number]
    return point_rule(
        changed(JJG_596, change or Change()),
        accuracy_class=accuracy_class,
        connection=connection,
        load=load,
        factor=factor,
    )


def by_the_rule(rule: PointRule, readings: list[int], *, takes_extra: bool) -> Conclusion:
    samples = [Decimal(reading).scaleb(-DECIMALS) for reading in readings]
    first = rule.first_count
    if len(samples) < first:
        return Conclusion.INCOMPLETE
    return error_verdict(rule, samples[:first], samples[first:], takes_extra=takes_extra).conclusion


def by_columns(rule: PointRule, readings: list[int], *, takes_extra: bool) -> Conclusion:
    bounds = sum_bounds(rule, len(readings), takes_extra=takes_extra)
    first = sum(readings[: rule.first_count])
    return bounds.conclude(first, sum(readings), len(readings))


# Around limits and ties: multiples of a hundredth of a per cent, and a step beside them.
NEAR = st.integers(-300, 300).map(lambda n: n * SCALE // 100)
READING = st.one_of(NEAR, NEAR.map(lambda n: n + 1), st.integers(-4 * SCALE, 4 * SCALE))


@given(
    st.integers(0, len(POINTS) - 1),
    st.lists(READING, min_size=1, max_size=6),
    st.booleans(),
    st.sampled_from(["0.6", "1", "1.5", "0.37"]),
    st.sampled_from(["0", "0.5", "1", "2", "7"]),
)
@example(1, [525_000, 525_000], False, "1", "1")  # the tie of the trade: 0.525 rounds to 0.50
@example(1, [525_001, 525_000], False, "1", "1")
@example(2, [800_000, 800_000], True, "1", "1")  # lower end of the band of further readings
@example(2, [1_200_000, 1_200_000, 900_000, 900_000], True, "1", "1")
def test_columns_judge_as_the_rule_does(
    number: int, readings: list[int], takes_extra: bool, limit: str, interval: str
) -> None:
    rule = rule_at(number, Change(Decimal(limit), Decimal(interval)))
    assert by_columns(rule, readings, takes_extra=takes_extra) is by_the_rule(
        rule, readings, takes_extra=takes_extra
    )


def test_the_last_sum_that_passes_and_the_first_that_does_not() -> None:
    rule = rule_at(0)  # class 0.2S, limit 0.2, interval 0.02: 0.21 rounds to 0.20, an even tenth
    bounds = sum_bounds(rule, 2, takes_extra=False)
    assert bounds.first_through == 420_000
    assert bounds.conclude(420_000, 420_000, 2) is Conclusion.PASS
    assert bounds.conclude(-420_001, -420_001, 2) is Conclusion.FAIL


def test_without_rounding_the_mean_itself_is_held_against_the_limit() -> None:
    rule = rule_at(0, Change(interval_factor=Decimal(0)))
    assert sum_bounds(rule, 2, takes_extra=False).first_through == 400_000


@pytest.mark.parametrize("limit,interval", [("0", "1"), ("-1", "1"), ("11", "1"), ("1", "-0.1")])
def test_a_change_out_of_range_is_refused(limit: str, interval: str) -> None:
    with pytest.raises(WrongValue):
        rule_at(0, Change(Decimal(limit), Decimal(interval)))


# -- transformers, and what meters have beside the basic error -----------------------------------

STANDARD_CT = TransformerPlate(
    (TransformerPart(Device.CURRENT, "0.05", ("200/5",), Decimal(5)),), is_standard=True
)
COMBINED = TransformerPlate(
    (
        TransformerPart(Device.CURRENT, "0.2S", ("100/5",), Decimal(10)),
        TransformerPart(Device.VOLTAGE, "0.2", ("10000/100",), Decimal(15)),
    ),
    rated_kv=Decimal(10),
)
SEEN = [
    (COMBINED, "CT", "100/5", "5"),
    (COMBINED, "CT", "100/5", "12.5"),  # between two points of the table
    (COMBINED, "PT", "10000/100", "80"),
    (STANDARD_CT, "CT", "200/5", "20"),
]


def transformer_judge(plate: TransformerPlate, change: Change) -> TransformerJudge:
    return TransformerJudge(plate, generate_transformer_scheme(plate, Stage.SUBSEQUENT), change)


def named(verdicts: tuple[Verdict, ...], item: str) -> Verdict | None:
    return next((each for each in verdicts if each.item == item), None)


@given(
    st.integers(0, len(SEEN) - 1),
    st.sampled_from(["ratio_error", "phase_displacement"]),
    # Thousandths of a per cent and hundredths of a minute, as testers show them: ties among them.
    st.lists(st.integers(-1600, 1600).map(lambda n: n * SCALE // 1000), min_size=1, max_size=6),
    st.sampled_from(["0.6", "1", "1.5"]),
    st.sampled_from(["0", "0.5", "1", "3"]),
)
@example(0, "ratio_error", [370_000, 350_000], "1", "1")  # 0.36 lies on a tie of 0.02: 0.36
@example(2, "ratio_error", [210_000, 210_000], "1", "1")  # 0.21 rounds to the even 0.20
@example(2, "ratio_error", [210_001, 210_000], "1", "1")
@example(3, "phase_displacement", [-2_050_000, -2_050_000], "1", "1")
def test_columns_judge_transformers_as_their_rule_does(
    number: int, item: str, readings: list[int], limit: str, interval: str
) -> None:
    plate, part, ratio, percent = SEEN[number]
    if item == "phase_displacement":
        readings = [each * 10 for each in readings]
    judge = transformer_judge(plate, Change(Decimal(limit), Decimal(interval)))

    def seen(*samples: int) -> Verdict | None:
        values = tuple(Decimal(each).scaleb(-DECIMALS) for each in samples)
        observation = Observation(item, part, "ABC", percent, "rated", values, {"ratio": ratio})
        return named(judge.verdicts_on(observation), item)

    count = len(readings)
    bounds = bounds_by_asking(lambda total: seen(total, *[0] * (count - 1)), count)
    wanted = seen(*readings)
    assert wanted is not None
    assert bounds.conclude(sum(readings), sum(readings), count) is wanted.conclusion


@given(st.integers(-900, 900), st.integers(-900, 900), st.sampled_from(["0.5", "1", "2"]))
def test_columns_judge_what_is_derived_from_two_readings_as_the_rule_does(
    up: int, down: int, limit: str
) -> None:
    judge = transformer_judge(STANDARD_CT, Change(Decimal(limit)))
    previous = "0.0123"

    def derived(item: str, samples: tuple[Decimal, ...], before: str) -> Verdict | None:
        facts = {"ratio": "200/5", "previous": before}
        seen = Observation("ratio_error", "CT", "ABC", "20", "rated", samples, facts)
        return named(judge.verdicts_on(seen), item)

    samples = tuple(Decimal(each).scaleb(-4) for each in (up, down))
    wanted = derived("up_down", samples, previous)
    bounds = bounds_by_asking(
        lambda total: derived("up_down", (ZERO, Decimal(total).scaleb(-6)), "0"), 2
    )
    change = (down - up) * 100
    assert wanted is not None
    assert bounds.conclude(change, change, 2) is wanted.conclusion
    wanted = derived("stability", samples, previous)
    bounds = bounds_by_asking(
        lambda total: derived("stability", (Decimal(total).scaleb(-12), ZERO), "0"), 2, 10**12
    )
    change = (up + down) * 10**8 - 2 * 12_300_000_000
    assert wanted is not None
    assert bounds.conclude(change, change, 2) is wanted.conclusion


@given(st.lists(st.integers(-1500, 1500), min_size=1, max_size=6), st.sampled_from(["0.6", "1"]))
@example([505] * 5, "1")  # 0.505 s/d rounds to 0.50: the even hundredth
@example([515] * 5, "1")
def test_columns_judge_the_clock_as_the_rule_does(readings: list[int], limit: str) -> None:
    meter = household_meter()
    judge = RecordJudge(meter, generate_scheme(meter, Stage.FIRST), None, Change(Decimal(limit)))

    def seen(*samples: int) -> Verdict:
        values = tuple(Decimal(each).scaleb(-DECIMALS) for each in samples)
        return judge.verdicts_on(Observation("clock_rate", samples=values))[0]

    millionths = [each * 1000 for each in readings]
    count, total = len(millionths), sum(millionths)
    bounds = bounds_by_asking(lambda one: seen(one, *[0] * (count - 1)), count)
    assert bounds.conclude(total, total, count) is seen(*millionths).conclusion


STATED: dict[str, dict[str, object]] = {
    "creep": {"pulses": "0", "elapsed_min": "100", "voltage_pct": "115"},
    "start": {"first_pulse_min": "1"},
    "constant": {"register_kwh": "1.00", "pulses": "1200"},
    "combination": {"total_kwh": "0.30", "rates_kwh": ["0.10", "0.20"]},
    "demand": {"meter_kw": "1.008", "standard_kw": "1.000"},
    "relay": {"open_s": "1", "close_s": "1"},
    "consistency": {"group_mean_pct": "0.1"},
}
READ = {
    "clock_rate": 5, "clock_value": 1, "tariff_switch": 1, "standard_deviation": 5,
    "consistency": 2, "variation": 2, "load_variation": 2,
}  # fmt: skip


@pytest.mark.parametrize("item", sorted({*STATED, *READ}))
def test_a_factor_moves_the_limit_of_every_item_by_just_that_factor(item: str) -> None:
    meter = household_meter()
    scheme = generate_scheme(meter, Stage.FIRST)
    samples = tuple(Decimal(n).scaleb(-2) for n in range(READ.get(item, 0)))
    seen = Observation(item, load="Ib", factor="1.0", samples=samples, facts=STATED.get(item, {}))
    plain, doubled = (
        RecordJudge(meter, scheme, None, Change(Decimal(factor))).verdicts_on(seen)[0]
        for factor in (1, 2)
    )
    assert plain.limit_high is not None and doubled.limit_high is not None
    assert doubled.limit_high == pytest.approx(plain.limit_high * 2, rel=Decimal("1E-40"))


@pytest.mark.parametrize("group", sorted({*LIMITS, *INTERVALS}))
def test_what_a_change_moves_stands_in_a_rule_set(group: str) -> None:
    assert any(
        row == group or row.startswith(f"{group}/")
        for rules in rule_sets()
        for row in rules.figures
    )


@pytest.mark.parametrize("turns_at", [-1, 0, 1, 6, 7, 8, 100, 10**9])
@pytest.mark.parametrize("near", [0, 1, 7, 10**6])
def test_the_bound_is_found_wherever_one_begins_to_ask(turns_at: int, near: int) -> None:
    assert last_that_passes(lambda number: number <= turns_at, near) == turns_at
