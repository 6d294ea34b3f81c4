"""Starting and creep: currents, times, verdicts."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.examples import gateway_meter, household_meter
from dianheng.metrology.plates import Connection, MeterPlate, Wiring
from dianheng.metrology.starting import (
    creep,
    creep_pulses_pass,
    creep_verdict,
    plate_creep,
    plate_starting,
    start_verdict,
    starting,
)
from dianheng.metrology.tests.strategies import JJG_596, plates
from dianheng.metrology.verdicts import Conclusion

D, T = Connection.DIRECT, Connection.VIA_TRANSFORMER
P1, P4, P3 = Wiring


@pytest.mark.parametrize(
    ("accuracy_class", "connection", "wiring", "un", "base", "imax", "c", "iq", "t", "creep_min"),
    [
        pytest.param(
            "1", D, P1, "220", "5", "60", "1200", "0.020", "13.636", "37.879", id="1 one-phase"
        ),
        pytest.param(
            "2", D, P1, "220", "5", "60", "1200", "0.025", "10.909", "30.303", id="2 one-phase"
        ),
        pytest.param(
            "0.5S",
            T,
            P4,
            "57.7",
            "1.5",
            "6",
            "20000",
            "0.0015",
            "13.865",
            "28.885",
            id="0.5S four-wire",
        ),
        pytest.param(
            "0.5S",
            T,
            P3,
            "100",
            "1.5",
            "6",
            "20000",
            "0.0015",
            "13.856",
            "28.868",
            id="0.5S three-wire",
        ),
        pytest.param(
            "1", D, P4, "220", "5", "60", "400", "0.020", "13.636", "37.879", id="1 four-wire"
        ),
    ],
)
def test_worked_examples(
    accuracy_class: str,
    connection: Connection,
    wiring: Wiring,
    un: str,
    base: str,
    imax: str,
    c: str,
    iq: str,
    t: str,
    creep_min: str,
) -> None:
    start = starting(
        JJG_596,
        accuracy_class=accuracy_class,
        connection=connection,
        wiring=wiring,
        un_v=Decimal(un),
        base_a=Decimal(base),
        constant_imp_per_kwh=Decimal(c),
    )
    no_load = creep(
        JJG_596,
        accuracy_class=accuracy_class,
        wiring=wiring,
        un_v=Decimal(un),
        max_a=Decimal(imax),
        constant_imp_per_kwh=Decimal(c),
    )
    assert start.current_a == Decimal(iq)
    assert round(start.limit_min, 3) == Decimal(t)
    assert round(start.limit_s / 60, 3) == Decimal(t)
    assert round(no_load.least_min, 3) == Decimal(creep_min)


@pytest.mark.parametrize(
    ("accuracy_class", "connection", "ratio"),
    [("2", D, "0.005"), ("3", D, "0.01"), ("2", T, "0.003"), ("3", T, "0.005")],
)
def test_reactive_starting_currents(
    accuracy_class: str, connection: Connection, ratio: str
) -> None:
    start = starting(
        JJG_596,
        accuracy_class=accuracy_class,
        connection=connection,
        wiring=P4,
        un_v=Decimal(220),
        base_a=Decimal(1),
        constant_imp_per_kwh=Decimal(1200),
        measure="reactive",
    )
    assert start.current_a == Decimal(ratio)


def test_classes_without_direct_connection_have_no_starting_current() -> None:
    with pytest.raises(NoRule) as refusal:
        starting(
            JJG_596,
            accuracy_class="0.5S",
            connection=D,
            wiring=P1,
            un_v=Decimal(220),
            base_a=Decimal(5),
            constant_imp_per_kwh=Decimal(1200),
        )
    assert refusal.value.facts == {"accuracy_class": "0.5S", "connection": "direct"}


def test_a_voltage_is_positive() -> None:
    with pytest.raises(WrongValue):
        creep(
            JJG_596,
            accuracy_class="1",
            wiring=P1,
            un_v=Decimal(0),
            max_a=Decimal(60),
            constant_imp_per_kwh=Decimal(1200),
        )


@given(plates())
def test_half_the_constant_gives_twice_the_time(plate: MeterPlate) -> None:
    doubled = replace(plate, constant_imp_per_kwh=plate.constant_imp_per_kwh * 2)
    one, other = plate_starting(JJG_596, plate), plate_starting(JJG_596, doubled)
    assert one.current_a == other.current_a
    assert round(one.limit_min / 2, 20) == round(other.limit_min, 20)
    assert round(plate_creep(JJG_596, plate).least_min / 2, 20) == round(
        plate_creep(JJG_596, doubled).least_min, 20
    )


@pytest.mark.parametrize(
    ("first_pulse", "elapsed", "conclusion", "reason"),
    [
        pytest.param("13.6", None, Conclusion.PASS, "started_in_time", id="in time"),
        pytest.param("13.7", None, Conclusion.FAIL, "not_started_in_time", id="late"),
        pytest.param(None, "13.7", Conclusion.FAIL, "not_started_in_time", id="never"),
        pytest.param(None, "5", Conclusion.INCOMPLETE, "test_too_short", id="given up early"),
        pytest.param(None, None, Conclusion.INCOMPLETE, "time_missing", id="not recorded"),
    ],
)
def test_verdict_on_starting(
    first_pulse: str | None, elapsed: str | None, conclusion: Conclusion, reason: str
) -> None:
    verdict = start_verdict(
        JJG_596,
        household_meter(),
        first_pulse_min=None if first_pulse is None else Decimal(first_pulse),
        elapsed_min=None if elapsed is None else Decimal(elapsed),
    )
    assert (verdict.conclusion, verdict.reason) == (conclusion, reason)


@pytest.mark.parametrize(
    ("pulses", "elapsed", "voltage", "conclusion", "reason"),
    [
        pytest.param(1, "29", "115", Conclusion.PASS, "no_creep", id="one pulse"),
        pytest.param(0, "29", None, Conclusion.PASS, "no_creep", id="voltage not recorded"),
        pytest.param(2, "1", "115", Conclusion.FAIL, "too_many_pulses", id="creeps at once"),
        pytest.param(0, "28", "115", Conclusion.INCOMPLETE, "test_too_short", id="too short"),
        pytest.param(
            0, "29", "110", Conclusion.INCOMPLETE, "voltage_too_low", id="voltage too low"
        ),
        pytest.param(0, None, "115", Conclusion.INCOMPLETE, "time_missing", id="no time"),
        pytest.param(None, "29", "115", Conclusion.INCOMPLETE, "pulses_missing", id="no pulses"),
    ],
)
def test_verdict_on_creep(
    pulses: int | None,
    elapsed: str | None,
    voltage: str | None,
    conclusion: Conclusion,
    reason: str,
) -> None:
    verdict = creep_verdict(
        JJG_596,
        gateway_meter(),
        pulses=pulses,
        elapsed_min=None if elapsed is None else Decimal(elapsed),
        voltage_pct=None if voltage is None else Decimal(voltage),
    )
    assert (verdict.conclusion, verdict.reason) == (conclusion, reason)


def test_at_most_one_pulse_passes() -> None:
    assert [creep_pulses_pass(JJG_596, pulses) for pulses in (0, 1, 2)] == [True, True, False]
