"""Meters and transformers that the examples and tests speak of."""

from decimal import Decimal

from dianheng.metrology.plates import Connection, MeterPlate, Wiring
from dianheng.metrology.transformer_schemes import TransformerPart, TransformerPlate
from dianheng.metrology.transformers import Device


def household_meter() -> MeterPlate:
    """Single-phase smart meter of class 1, 220 V, 5(60) A, 1200 imp/kWh, two rates, prepaid."""
    return MeterPlate(
        accuracy_class="1",
        connection=Connection.DIRECT,
        wiring=Wiring.SINGLE_PHASE,
        un_v=Decimal(220),
        base_a=Decimal(5),
        max_a=Decimal(60),
        constant_imp_per_kwh=Decimal(1200),
        rate_count=2,
        register_decimals=2,
        functions=frozenset({"clock", "rates", "communication", "key", "parameter", "relay"}),
    )


def plain_household_meter() -> MeterPlate:
    """Single-phase meter of class 2, 220 V, 5(60) A, 1200 imp/kWh, without clock or rates."""
    return MeterPlate(
        accuracy_class="2",
        connection=Connection.DIRECT,
        wiring=Wiring.SINGLE_PHASE,
        un_v=Decimal(220),
        base_a=Decimal(5),
        max_a=Decimal(60),
        constant_imp_per_kwh=Decimal(1200),
    )


def gateway_meter() -> MeterPlate:
    """Three-phase meter of class 0.5S, 3 x 57.7 V, 1.5(6) A, 20000 imp/kWh, both directions."""
    return MeterPlate(
        accuracy_class="0.5S",
        connection=Connection.VIA_TRANSFORMER,
        wiring=Wiring.THREE_PHASE_FOUR_WIRE,
        un_v=Decimal("57.7"),
        base_a=Decimal("1.5"),
        max_a=Decimal(6),
        constant_imp_per_kwh=Decimal(20000),
        reactive_class="2",
        constant_imp_per_kvarh=Decimal(20000),
        rate_count=4,
        register_decimals=4,
        is_bidirectional=True,
        functions=frozenset({"clock", "rates", "demand", "communication", "key", "parameter"}),
    )


def low_voltage_ct() -> TransformerPlate:
    """Current transformer of class 0.2S, 200/5, 5 VA, in use."""
    part = TransformerPart(Device.CURRENT, "0.2S", ("200/5",), Decimal(5))
    return TransformerPlate((part,), rated_kv=Decimal("0.66"))


def standard_ct() -> TransformerPlate:
    """Current transformer of class 0.05, 100/5 and 200/5, 5 VA, a standard of a laboratory."""
    part = TransformerPart(Device.CURRENT, "0.05", ("100/5", "200/5"), Decimal(5))
    return TransformerPlate((part,), is_standard=True)


def combined_transformer() -> TransformerPlate:
    """Combined transformer of 10 kV for three wires: current 0.2S 100/5, voltage 0.2."""
    return TransformerPlate(
        (
            TransformerPart(Device.CURRENT, "0.2S", ("100/5",), Decimal(10)),
            TransformerPart(Device.VOLTAGE, "0.2", ("10000/100",), Decimal(15)),
        ),
        phases=("A", "C"),
        rated_kv=Decimal(10),
    )
