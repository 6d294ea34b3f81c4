"""Chapters 2 and 3: makers and models, places, the laboratory with its standards and papers."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from dianheng.assets.choices import DeviceKind, DeviceState, PlaceKind, Verb
from dianheng.assets.models import Device, DeviceModel, Manufacturer, Place
from dianheng.assets.services import (
    devices_enrol,
    manufacturer_make,
    model_make,
    person_place,
    place_make,
    stage_open,
)
from dianheng.common.actor import Actor
from dianheng.identity.models import Unit
from dianheng.identity.services import system_actor, write_batch
from dianheng.metrology.rule_sets import rule_sets
from dianheng.standards.services import (
    authorisation_record,
    installation_certify,
    installation_equip,
    installation_record,
    standard_certify,
)
from dianheng.verification.services import (
    rule_set_sign,
)

from .company import acting, person, unit

MAKERS = {
    "HC": ("华辰电表股份有限公司", "华辰"),
    "NL": ("南陵仪表有限公司", "南陵"),
    "KY": ("科源标准设备有限公司", "科源"),
    "JD": ("金电互感器有限公司", "金电"),
}
METER = {
    "frequency_hz": 50, "tariff_count": 4, "has_clock": True, "has_security_module": True,
    "protocol": "DL/T 698.45",
}  # fmt: skip
MODELS: list[tuple[str, str, dict[str, Any]]] = [
    ("HC", "DDZY1808-Z", {
        "kind": DeviceKind.SINGLE_PHASE_METER, "name": "单相费控智能电能表", "accuracy_class": "2",
        "wiring": "single_phase", "connection": "direct", "voltage_v": 220, "base_current_a": 5,
        "max_current_a": 60, "constant_imp_per_kwh": 1200, "has_relay": True,
        "type_approval_no": "2025E108-41", **METER,
    }),
    ("NL", "DDZY566-Z", {
        "kind": DeviceKind.SINGLE_PHASE_METER, "name": "单相费控智能电能表", "accuracy_class": "2",
        "wiring": "single_phase", "connection": "direct", "voltage_v": 220, "base_current_a": 5,
        "max_current_a": 60, "constant_imp_per_kwh": 1200, "has_relay": True,
        "type_approval_no": "2024E233-41", **METER,
    }),
    ("HC", "DTZY1808-Z", {
        "kind": DeviceKind.THREE_PHASE_METER, "name": "三相费控智能电能表", "accuracy_class": "1",
        "reactive_class": "2", "wiring": "three_phase_four_wire", "connection": "direct",
        "voltage_v": 220, "base_current_a": 5, "max_current_a": 60, "constant_imp_per_kwh": 400,
        "constant_imp_per_kvarh": 400, "has_relay": True, "type_approval_no": "2025E109-41", **METER,
    }),
    ("HC", "DSZ1808-G", {
        "kind": DeviceKind.THREE_PHASE_METER, "name": "三相智能电能表(关口)", "accuracy_class": "0.5S",
        "reactive_class": "2", "wiring": "three_phase_three_wire", "connection": "via_transformer",
        "voltage_v": 100, "base_current_a": "1.5", "max_current_a": 6,
        "constant_imp_per_kwh": 20000, "constant_imp_per_kvarh": 20000, "has_demand": True,
        "type_approval_no": "2025E110-41", **METER,
    }),
    ("KY", "KY3000-60", {"kind": DeviceKind.BENCH, "name": "单相电能表检定装置", "accuracy_class": "0.1"}),
    ("KY", "KY3100-24", {"kind": DeviceKind.BENCH, "name": "三相电能表检定装置", "accuracy_class": "0.05"}),
    ("KY", "KY311", {"kind": DeviceKind.STANDARD_METER, "name": "三相标准电能表", "accuracy_class": "0.05"}),
    ("KY", "KY60", {"kind": DeviceKind.INSTRUMENT, "name": "时钟测试仪"}),
    ("JD", "LMZ1-0.66", {
        "kind": DeviceKind.CURRENT_TRANSFORMER, "name": "低压电流互感器", "accuracy_class": "0.5S",
        "ratio": "200/5", "burden_va": "5", "parameters": {"rated_voltage_kv": "0.66"},
    }),
    ("JD", "JLSZV-10", {
        "kind": DeviceKind.COMBINED_TRANSFORMER, "name": "三相组合互感器", "accuracy_class": "0.2S",
        "ratio": "100/5", "burden_va": "10",
        "parameters": {
            "rated_voltage_kv": "10", "voltage_class": "0.2", "voltage_ratio": "10000/100",
            "voltage_burden_va": "15", "power_factor": "0.8", "phases": "A C",
        },
    }),
]  # fmt: skip
# By what the provincial institute makes its certificates.
WORKING_STANDARD = "0.01 级电能标准装置"
# When what was certified before was certified again.
CERTIFIED_DAYS_AGO = {"BZ0001": 196, "BZ0002": 151, "BZ0003": 103, "BZ0021": 9}
PLACES = [
    # code, name, kind, unit, code of the place above, level, capacity
    ("KF1", "市一级表库", PlaceKind.STORE, "3540001", "", 1, None),
    ("KF1-A01", "A 区 01 架", PlaceKind.SHELF, "3540001", "KF1", None, 4000),
    ("KF1-A02", "A 区 02 架", PlaceKind.SHELF, "3540001", "KF1", None, 4000),
    ("KF1-DJ", "待检区", PlaceKind.SHELF, "3540001", "KF1", None, None),
    ("KF1-BH", "不合格区", PlaceKind.SHELF, "3540001", "KF1", None, None),
    ("SYS1", "检定室", PlaceKind.LABORATORY, "3540001", "", None, None),
    ("KF2-QH", "清河二级表库", PlaceKind.STORE, "3540010", "", 2, None),
    ("KF2-YS", "云山二级表库", PlaceKind.STORE, "3540020", "", 2, None),
    ("KF3-CG", "城关三级表库", PlaceKind.STORE, "354001001", "", 3, None),
    ("KF3-LL", "柳林三级表库", PlaceKind.STORE, "354001002", "", 3, None),
    ("KF3-DP", "东坪三级表库", PlaceKind.STORE, "354002001", "", 3, None),
    ("KF3-NW", "南湾三级表库", PlaceKind.STORE, "354002002", "", 3, None),
]


def maker(code: str) -> Manufacturer:
    """A maker of the story."""
    return Manufacturer.objects.get(code=code)


def model(code: str) -> DeviceModel:
    """A model of the story."""
    return DeviceModel.objects.get(code=code)


def place(code: str) -> Place:
    """A place of the story."""
    return Place.objects.get(code=code)


def catalogue_and_places() -> None:
    """Makers, models, the tree of stores, turnover boxes, the persons who carry devices."""
    actor = system_actor("command")
    for code, (name, short) in MAKERS.items():
        manufacturer_make(code=code, name=name, short_name=short, actor=actor)
    for maker_code, code, parameters in MODELS:
        model_make(manufacturer=maker(maker_code), code=code, actor=actor, **parameters)
    for code, name, kind, unit_code, above, level, capacity in PLACES:
        place_make(
            code=code, name=name, kind=kind, unit_id=unit(unit_code).pk, actor=actor,
            parent=place(above) if above else None, level=level, capacity=capacity,
        )  # fmt: skip
    for number in range(1, 61):
        place_make(
            code=f"ZX{number:06d}", name=f"周转箱 {number:03d}", kind=PlaceKind.BOX, capacity=12,
            unit_id=unit("3540001").pk, parent=place("KF1-A01"), actor=actor,
        )  # fmt: skip
    person_place(person=person("machao"), actor=actor)


def enrol(
    rows: Sequence[Mapping[str, str]],
    model_code: str,
    *,
    state: str,
    place_code: str,
    unit_: Unit,
    actor: Actor,
    ownership: str = "utility",
    lot_id: int | None = None,
    occurred_at: datetime | None = None,
) -> list[Device]:
    """Enter devices of one model in the register."""
    kind = model(model_code)
    columns = list(rows[0])
    with write_batch(actor=actor, action="device.enrol"), stage_open() as stage:
        stage.copy_rows(columns, ((n, *(row[c] for c in columns)) for n, row in enumerate(rows, 1)))
        stage.cursor.execute(
            "update stage set kind = %s, model_id = %s, unit_id = %s, place_id = %s, state = %s,"
            " ownership = %s, lot_id = %s",
            [kind.kind, kind.pk, unit_.pk, place(place_code).pk, state, ownership, lot_id],
        )
        devices_enrol(stage=stage, actor=actor, verb=Verb.ENROL, occurred_at=occurred_at)
    return list(
        Device.objects.filter(barcode__in=[row["barcode"] for row in rows]).order_by("barcode")
    )


def laboratory() -> None:
    """Benches, standards, their certificates, the authorisation; the metrologist signs the rules."""
    actor = acting("gaoyan")
    centre, today = unit("3540001"), timezone.localdate()
    since = date(2024, 3, 1)
    meters = [DeviceKind.SINGLE_PHASE_METER, DeviceKind.THREE_PHASE_METER]
    authorisation_record(
        unit=centre, number="(江东)法计(2024)A0107号", issuer="江东省市场监督管理局",
        scope="交流电能表(0.2S 级及以下)、电力互感器(0.2S 级及以下)", kinds=meters, valid_from=since,
        valid_through=date(2029, 2, 28), actor=actor,
    )  # fmt: skip
    system = system_actor("command")
    specification = [
        ("BZ0001", "KY3000-60", "单相电能表检定装置 1#", "3×220 V, (0.01~100) A", "0.1 级", "60"),
        ("BZ0002", "KY3000-60", "单相电能表检定装置 2#", "3×220 V, (0.01~100) A", "0.1 级", "60"),
        (
            "BZ0003",
            "KY3100-24",
            "三相电能表检定装置 1#",
            "3×(57.7~380) V, 3×(0.01~100) A",
            "0.05 级",
            "24",
        ),
        ("BZ0011", "KY311", "三相标准电能表", "3×(57.7~380) V, 3×(0.01~120) A", "0.05 级", ""),
        ("BZ0012", "KY311", "三相标准电能表", "3×(57.7~380) V, 3×(0.01~120) A", "0.05 级", ""),
        ("BZ0021", "KY60", "时钟测试仪", "(−999~999) s/d", "0.01 s/d", ""),
    ]
    devices = {}
    for code, model_code, name, measuring_range, uncertainty, positions in specification:
        (devices[code],) = enrol(
            [{"barcode": code, "serial_no": f"KY{code[2:]}26", "name": name, "measuring_range": measuring_range, "uncertainty": uncertainty, "position_count": positions}],
            model_code, state=DeviceState.IN_SERVICE, place_code="SYS1", unit_=centre, actor=system,
        )  # fmt: skip
    for number, (code, days_ago) in enumerate(CERTIFIED_DAYS_AGO.items(), 1):
        # Of the year before: what they owed was done in time.
        done_on = today - timedelta(days=days_ago)
        standard_certify(
            device=devices[code], number=f"DNBZ-{done_on.year - 1}-{number:04d}", issuer="江东省计量科学研究院",
            higher_standard=WORKING_STANDARD, valid_from=done_on - timedelta(days=362),
            valid_through=done_on + timedelta(days=2), actor=actor,
        )  # fmt: skip
    for number, (code, device) in enumerate(devices.items(), 1):
        done_on = today - timedelta(days=CERTIFIED_DAYS_AGO.get(code, 200))
        standard_certify(
            device=device, number=f"DNBZ-{done_on.year}-{number:04d}", issuer="江东省计量科学研究院",
            accuracy_class={"KY3000-60": "0.1", "KY311": "0.05", "KY3100-24": "0.05"}.get(device.model.code, ""),
            uncertainty="" if device.model.code != "KY60" else "U = 0.005 s/d (k = 2)",
            higher_standard=WORKING_STANDARD, valid_from=done_on, takes_over=True,
            # One is due soon, so that the list of due standards has something to show.
            valid_through=today + timedelta(days=25) if code == "BZ0012" else done_on + timedelta(days=364),
            actor=actor,
        )  # fmt: skip
    for code, name, bench, standard, certificate in (
        ("BZ-D1", "单相交流电能表检定装置", "BZ0001", "BZ0011", "[2023]江量标电证字第 047 号"),
        ("BZ-D2", "单相交流电能表检定装置", "BZ0002", "BZ0012", "[2023]江量标电证字第 048 号"),
        ("BZ-S1", "三相交流电能表检定装置", "BZ0003", "BZ0011", "[2024]江量标电证字第 011 号"),
    ):
        installation = installation_record(
            unit=centre, code=code, name=name, kinds=meters, bench=devices[bench],
            measuring_range="3×(57.7~380) V, 3×(0.01~100) A", accuracy="0.1 级", actor=actor,
        )  # fmt: skip
        installation_certify(
            installation=installation, number=certificate, issuer="江东省市场监督管理局",
            valid_from=since, valid_through=date(2028, 5, 20), actor=actor,
        )  # fmt: skip
        installation_equip(
            installation=installation, device=devices[standard], valid_from=since, actor=actor
        )
    for rules in rule_sets():
        if not rules.is_confirmed:
            rule_set_sign(
                unit=centre, standard=rules.standard, edition=rules.edition, digest=rules.digest,
                statement="经与规程原文逐条核对，确认用于本实验室。", actor=actor,
            )  # fmt: skip
