"""Parts that the sample papers share.

The story: the metering centre of a city company receives 3,000 single-phase meters. All names,
numbers and figures are made up; the figures obey the rules of the trade (rounding interval,
limits, plans), so that a sample paper can be judged by a metrologist.
"""

from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random

from dianheng.documents.papers.schema import (
    Assessment,
    Body,
    Device,
    Environment,
    ErrorPoint,
    Regulation,
    SealLine,
    Signature,
    Standard,
    TestItem,
)

ZONE = timezone(timedelta(hours=8))
LOT = "P2026-0117"
TASK = "JD20261116-003"


def check_digit(body: str) -> str:
    """Check digit of a 22-digit asset bar code; weights 3, 1, … from the right.

    >>> check_digit("413000100000044652964")
    '1'
    """
    total = sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(reversed(body)))
    return str(-total % 10)


def bar_code(serial: int) -> str:
    """Bar code of the sample order, valid with its check digit."""
    body = f"4130001{serial:014d}"
    return body + check_digit(body)


def moment(text: str) -> datetime:
    """A moment in the organisation's zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


BODY = Body(
    name="江州市供电公司计量中心",
    name_en="Metering Centre, Jiangzhou Power Supply Company",
    department="检定一班",
    address="江州市滨江区电力路 18 号",
    post_code="450012",
    phone="0371-5550 1866",
    email="jlzx@jiangzhou.example",
    authorisation_no="（江）法计（2024）A0107 号",
    authorisation_scope="交流电能表（0.2S 级及以下）、电力互感器（0.2S 级及以下）",
    authorisation_through=date(2029, 3, 31),
)

METER = Device(
    kind_name="单相费控智能电能表",
    bar_code=bar_code(44652964),
    serial_no="0044652964",
    model="DDZY866C-Z",
    maker="华昱电气仪表有限公司",
    accuracy_class="2",
    voltage="220 V",
    current="5(60) A",
    frequency="50 Hz",
    constant="1200 imp/kWh",
    wiring="单相直接接入",
    made_on=date(2026, 9, 12),
    type_approval_no="2025E118-41",
    hardware_version="ZC28011100000001",
    software_version="QHA3-01.06-251018",
)

METER_TYPE = Device(
    kind_name=METER.kind_name,
    bar_code="",
    model=METER.model,
    maker=METER.maker,
    accuracy_class="2",
    voltage="220 V",
    current="5(60) A",
    constant="1200 imp/kWh",
)

GATEWAY_METER = Device(
    kind_name="三相智能电能表",
    bar_code=bar_code(71200418),
    serial_no="0071200418",
    model="DSZ188-G",
    maker="华昱电气仪表有限公司",
    accuracy_class="0.5S",
    voltage="3×100 V",
    current="3×1.5(6) A",
    frequency="50 Hz",
    constant="20000 imp/kWh",
    constant_reactive="20000 imp/kvarh",
    wiring="三相三线经互感器接入",
    made_on=date(2026, 7, 30),
    type_approval_no="2024E207-41",
)

REGULATION = Regulation(code="JJG 596-2012", title="电子式交流电能表检定规程")

ASSESSMENT = Assessment(
    name="交流电能表检定装置",
    certificate_no="[2023]江量标电证字第 047 号",
    measuring_range="3×(57.7~380) V, 3×(0.01~100) A",
    accuracy="0.05 级",
    valid_through=date(2028, 5, 20),
)

STANDARDS = (
    Standard(
        name="单相电能表自动检定装置",
        model="HY9800-60",
        serial_no="ZZ-2021-018",
        measuring_range="220 V, (0.01~100) A",
        accuracy="0.1 级",
        certificate_no="DNJZ2026-00318",
        issued_by="江南省计量科学研究院",
        valid_through=date(2027, 3, 14),
    ),
    Standard(
        name="三相标准电能表",
        model="HC-3101",
        serial_no="BZ-2019-004",
        measuring_range="3×(57.7~380) V, 3×(0.01~100) A",
        accuracy="0.05 级",
        certificate_no="DNBZ2026-00077",
        issued_by="江南省计量科学研究院",
        valid_through=date(2027, 2, 8),
    ),
    Standard(
        name="标准时钟测试仪",
        model="SZ-03K",
        serial_no="SZ-2020-002",
        measuring_range="1 Hz",
        accuracy="±5×10⁻⁸",
        certificate_no="SJPL2026-00412",
        issued_by="江南省计量科学研究院",
        valid_through=date(2027, 1, 19),
    ),
)

ENVIRONMENT = Environment(
    place="计量中心检定二室",
    temperature_start_c="22.6",
    temperature_end_c="23.1",
    humidity_start_pct="52",
    humidity_end_pct="54",
    other="电压 220.0 V，频率 50.00 Hz",
)

VERIFIER = Signature(
    role="verifier", name="陈立群", signed_on=date(2026, 11, 18), qualification_no="JN-JDY-02618"
)
CHECKER = Signature(
    role="checker", name="周敏", signed_on=date(2026, 11, 19), qualification_no="JN-JDY-01177"
)
APPROVER = Signature(role="approver", name="沈国梁", signed_on=date(2026, 11, 20))

SEALS = (
    SealLine(seal_no="JD2600418827", position="meter_cover_left"),
    SealLine(seal_no="JD2600418828", position="meter_cover_right"),
)

KEY_NO = "7F3A91C2"
INTEGRITY = "integrity"


def rounded(mean: Decimal, interval: Decimal) -> str:
    """Rounded error as printed: nearest multiple, ties to even, a zero without sign.

    The rule itself lives in `metrology`; papers do not import it, and the samples repeat it
    so that they stay true.
    """
    value = (mean / interval).quantize(Decimal(1), ROUND_HALF_EVEN) * interval
    return f"{value:+}" if value else f"{abs(value)}"


def error_point(
    current: str,
    factor: str,
    limit: str,
    readings: tuple[str, ...],
    *,
    interval: str = "0.2",
    load: str = "balanced",
    direction: str = "active_import",
) -> ErrorPoint:
    """A load point from its readings: mean, rounded value and verdict follow."""
    mean = sum((Decimal(r) for r in readings), Decimal(0)) / len(readings)
    shown = rounded(mean, Decimal(interval))
    band = Decimal(limit) * Decimal("0.6")
    return ErrorPoint(
        current=current,
        power_factor=factor,
        limit_pct=limit,
        band_pct=f"{band.normalize():f}",
        readings_pct=readings,
        mean_pct=f"{mean:+.4f}",
        rounded_pct=shown,
        load=load,
        direction=direction,
        conclusion="pass" if abs(Decimal(shown)) <= Decimal(limit) else "fail",
    )


def points_single_phase(shift: str = "0") -> tuple[ErrorPoint, ...]:
    """The ten points of a direct class 2 meter with Imax ≥ 4 Ib; `shift` moves them all."""
    random = Random(596)  # noqa: S311 - figures of a sample
    names = [
        (c, "1.0", "2.5" if c == "0.05Ib" else "2.0")
        for c in ("Imax", "0.5Imax", "Ib", "0.1Ib", "0.05Ib")
    ]
    names += [
        (c, "0.5L", "2.5" if c == "0.1Ib" else "2.0")
        for c in ("Imax", "0.5Imax", "Ib", "0.2Ib", "0.1Ib")
    ]
    points = []
    for current, factor, limit in names:
        centre = Decimal(shift) + Decimal(random.randint(-3600, 2600)) / 10000
        readings = tuple(
            f"{centre + Decimal(random.randint(-180, 180)) / 10000:+.4f}" for _ in range(2)
        )
        points.append(error_point(current, factor, limit, readings))
    return tuple(points)


def points_three_phase() -> tuple[ErrorPoint, ...]:
    """Points of a class 0.5S meter via transformer, balanced and single-phase load."""
    random = Random(188)  # noqa: S311 - figures of a sample
    limits = {
        ("Imax", "1.0"): "0.5",
        ("In", "1.0"): "0.5",
        ("0.05In", "1.0"): "0.5",
        ("0.01In", "1.0"): "1.0",
        ("Imax", "0.5L"): "0.6",
        ("In", "0.5L"): "0.6",
        ("0.1In", "0.5L"): "0.6",
        ("0.02In", "0.5L"): "1.0",
        ("Imax", "0.8C"): "0.6",
        ("In", "0.8C"): "0.6",
        ("0.1In", "0.8C"): "0.6",
        ("0.02In", "0.8C"): "1.0",
    }
    points = []
    for (current, factor), limit in limits.items():
        points.append(_point(random, current, factor, limit, "balanced", "active_import"))
    for load in ("phase_a", "phase_c"):
        for current, factor, limit in (
            ("Imax", "1.0", "0.6"),
            ("In", "1.0", "0.6"),
            ("0.05In", "1.0", "0.6"),
            ("In", "0.5L", "1.0"),
            ("0.1In", "0.5L", "1.0"),
        ):
            points.append(_point(random, current, factor, limit, load, "active_import"))
    for current, factor, limit in (
        ("Imax", "1.0", "2.0"),
        ("In", "1.0", "2.0"),
        ("0.05In", "1.0", "2.0"),
        ("In", "0.5L", "2.0"),
        ("0.1In", "0.5L", "2.0"),
    ):
        points.append(_point(random, current, factor, limit, "balanced", "reactive_import"))
    return tuple(points)


def _point(
    random: Random, current: str, factor: str, limit: str, load: str, direction: str
) -> ErrorPoint:
    interval = "0.2" if direction.startswith("reactive") else "0.05"
    spread = int(Decimal(limit) * 3000)
    centre = Decimal(random.randint(-spread, spread)) / 10000
    readings = tuple(f"{centre + Decimal(random.randint(-60, 60)) / 10000:+.4f}" for _ in range(2))
    return error_point(
        current, factor, limit, readings, interval=interval, load=load, direction=direction
    )


def items_single_phase() -> tuple[TestItem, ...]:
    """The other items of a first verification of a single-phase meter."""
    return (
        TestItem(item="appearance"),
        TestItem(item="ac_voltage", conditions="4 kV, 50 Hz, 1 min", requirement="无击穿、无闪络"),
        TestItem(
            item="creep",
            conditions="115 % Un, I = 0, 30.3 min",
            requirement="≤ 1 imp",
            readings=("0",),
            result="0",
            unit="imp",
        ),
        TestItem(
            item="start",
            conditions="Un, 0.025 A, cos φ = 1.0",
            requirement="≤ 10.9 min",
            readings=("8.37",),
            result="8.37",
            unit="min",
        ),
        TestItem(
            item="constant",
            conditions="2400 imp",
            requirement="±0.01 kWh",
            readings=("0.00", "2.00"),
            result="2.00",
            unit="kWh",
        ),
        TestItem(
            item="register_combination",
            conditions="4 费率，2 位小数",
            requirement="≤ 0.03 kWh",
            readings=("0.30", "0.08+0.07+0.07+0.07"),
            result="0.01",
            unit="kWh",
        ),
        TestItem(
            item="clock_daily",
            conditions="Un, 5×60 s",
            requirement="±0.5 s/d",
            readings=("+0.12", "+0.11", "+0.13", "+0.12", "+0.12"),
            result="+0.12",
            unit="s/d",
        ),
        TestItem(
            item="clock_value",
            conditions="对时后",
            requirement="≤ 5 s",
            readings=("1",),
            result="1",
            unit="s",
        ),
        TestItem(item="communication", conditions="DL/T 698.45", requirement="读写正确"),
        TestItem(item="key_state", requirement="正式密钥", result="正式密钥"),
        TestItem(item="price_preset", requirement="与预置方案一致", result="JZ-2026-02"),
        TestItem(
            item="relay",
            conditions="远程拉合闸",
            requirement="≤ 5 s",
            readings=("1.2", "1.4"),
            result="1.4",
            unit="s",
        ),
    )
