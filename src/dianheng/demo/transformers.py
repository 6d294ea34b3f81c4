"""The transformer room: its tester and standards, a former lot, a client's combined transformers,
and the work of today, part of it on the tester and part still to be typed from paper.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from dianheng.assets.choices import TRANSFORMERS, DeviceKind, DeviceState
from dianheng.assets.models import Device
from dianheng.assets.services import lot_make, model_make
from dianheng.common.actor import Actor
from dianheng.identity.services import system_actor
from dianheng.metrology.barcodes import BarcodeParts, barcode_scheme
from dianheng.standards.choices import TestKind
from dianheng.standards.models import OutsideStandard, StandardInstallation
from dianheng.standards.services import (
    authorisation_record,
    installation_certify,
    installation_equip,
    installation_record,
    outside_standard_save,
    standard_certify,
    test_record,
)
from dianheng.verification.models import BenchLoad, VerificationTask
from dianheng.verification.selectors.loads import load_sheet
from dianheng.verification.services import (
    load_make,
    load_put,
    task_add_devices,
    task_make,
    upload_receive,
)
from dianheng.verification.services.certificates import certificate_lines, certificates_issue
from dianheng.verification.services.sorting import category_of
from dianheng.verification.simulated_tester import SimulatedTester

from .company import acting, person, unit
from .standards import INSTITUTE
from .things import enrol, maker, model
from .verified import decide

BENCH, STANDARD = "BZ0031", "BZ0032"
RATIO_STANDARD = "0.002 级互感器标准装置"
MODELS = [
    ("KY", "KY900-12", {"kind": DeviceKind.BENCH, "name": "互感器检定装置", "accuracy_class": "0.01"}),
    ("KY", "KY910", {"kind": DeviceKind.INSTRUMENT, "name": "标准电流电压互感器组", "accuracy_class": "0.01"}),
    ("JD", "LZZBJ9-10", {
        "kind": DeviceKind.CURRENT_TRANSFORMER, "name": "10 kV 电流互感器", "accuracy_class": "0.2S",
        "ratio": "200/5", "burden_va": "10",
        "parameters": {"rated_voltage_kv": "10", "security_factor": "FS5", "power_factor": "0.8"},
    }),
    ("JD", "JDZ10-10", {
        "kind": DeviceKind.VOLTAGE_TRANSFORMER, "name": "10 kV 电压互感器", "accuracy_class": "0.2",
        "ratio": "10000/100", "burden_va": "30", "parameters": {"rated_voltage_kv": "10"},
    }),
]  # fmt: skip


def the_transformer_room(*, password: str) -> None:
    """The room, what it did, and what waits there."""
    _equip()
    _former_lot(password)
    _combined_of_a_client(password)
    _work_of_today()


def _equip() -> None:
    actor, system, centre = acting("gaoyan"), system_actor("command"), unit("3540001")
    since, today = date(2024, 3, 1), timezone.localdate()
    for maker_code, code, columns in MODELS:
        model_make(manufacturer=maker(maker_code), code=code, actor=system, **columns)
    devices = {}
    for code, model_code, name, measuring_range, positions in (
        (BENCH, "KY900-12", "互感器检定装置", "(5~2000)/5 A, (6~35)/0.1 kV", "12"),
        (STANDARD, "KY910", "标准电流电压互感器组", "(5~2000)/5 A, (6~35)/0.1 kV", ""),
    ):
        (devices[code],) = enrol(
            [{"barcode": code, "serial_no": f"KY{code[2:]}26", "name": name, "measuring_range": measuring_range,
              "uncertainty": "0.01 级", "position_count": positions}],
            model_code, state=DeviceState.IN_SERVICE, place_code="SYS1", unit_=centre, actor=system,
        )  # fmt: skip
        standard_certify(
            device=devices[code], number=f"DNHG-{today.year}-{code[-2:]}", issuer=INSTITUTE,
            accuracy_class="0.01", higher_standard=RATIO_STANDARD, valid_from=today - timedelta(days=210),
            valid_through=today + timedelta(days=519), actor=actor,
        )  # fmt: skip
    _above(actor)
    authorisation_record(
        unit=centre, number="(江东)法计(2024)A0108号", issuer="江东省市场监督管理局",
        scope="电力互感器(0.2S 级及以下)", kinds=list(TRANSFORMERS), valid_from=since,
        valid_through=date(2029, 2, 28), actor=actor,
    )  # fmt: skip
    installation = installation_record(
        unit=centre, code="BZ-H1", name="互感器检定装置", project="transformer", kinds=list(TRANSFORMERS),
        bench=devices[BENCH], measuring_range="(5~2000)/5 A, (6~35)/0.1 kV", accuracy="0.01 级", actor=actor,
    )  # fmt: skip
    installation_certify(
        installation=installation, number="[2024]江量标电证字第 023 号", issuer="江东省市场监督管理局",
        valid_from=since, valid_through=date(2028, 5, 20), actor=actor,
    )  # fmt: skip
    installation_equip(
        installation=installation, device=devices[STANDARD], valid_from=since, actor=actor
    )
    _tested(installation, actor)


def _above(actor: Actor) -> None:
    """What stands above the standards of the room, up to the national one."""
    national = outside_standard_save(
        body="国家高电压计量站", name="国家工频电流、电压比例标准", is_national=True, actor=actor
    )
    ratio = OutsideStandard.objects.get(body=INSTITUTE, name=RATIO_STANDARD)
    outside_standard_save(
        standard=ratio, body=ratio.body, name=ratio.name, accuracy="0.002 级",
        certificate_no="GDYhg2026-0075", valid_through=timezone.localdate() + timedelta(days=410),
        higher=national, actor=actor,
    )  # fmt: skip


def _tested(installation: StandardInstallation, actor: Actor) -> None:
    """Repeatability, two years of stability and a check in between, at one point."""
    scatter = [Decimal(x) / 10000 for x in (11, 13, 12, 12, 14, 11, 13, 12, 12, 13)]
    facts: dict[str, Any] = {
        "installation": installation, "check_standard": "0.02S 级核查用电流互感器 HC-07",
        "point": "100/5 A, 100 %, 5 VA", "unit": "%", "actor": actor,
    }  # fmt: skip
    this_year = timezone.localdate() - timedelta(days=70)
    for days, shift in ((365, Decimal(0)), (0, Decimal("0.0004"))):
        test_record(
            kind=TestKind.STABILITY, done_on=this_year - timedelta(days=days),
            readings=[x + shift for x in scatter], limit=Decimal("0.01"), **facts,
        )  # fmt: skip
    test_record(
        kind=TestKind.CHECK, done_on=this_year + timedelta(days=50),
        readings=[x + Decimal("0.0002") for x in scatter], limit=Decimal("0.01"), **facts,
    )  # fmt: skip
    test_record(
        kind=TestKind.REPEATABILITY, done_on=this_year, readings=scatter, limit=Decimal("0.001"),
        **facts,
    )  # fmt: skip


def _transformers(model_code: str, first: int, count: int, **options: object) -> list[Device]:
    scheme = barcode_scheme("state_grid_22")
    return enrol(
        [
            {"barcode": scheme.generate(BarcodeParts("35400", "02", f"{first + n:014d}")), "serial_no": f"JD26{first % 10000 + n:06d}",
             "produced_on": "2026-08-20"}
            for n in range(count)
        ],
        model_code, state=DeviceState.AWAITING_VERIFICATION, place_code="KF1-DJ", unit_=unit("3540001"),
        actor=system_actor("command"), **options,  # type: ignore[arg-type]
    )  # fmt: skip


def _task(devices: list[Device], **options: object) -> VerificationTask:
    task = task_make(
        unit=unit("3540001"), kind="initial", model=devices[0].model, actor=acting("gaoyan"),
        **options,  # type: ignore[arg-type]
    )  # fmt: skip
    task_add_devices(task=task, device_ids=[d.pk for d in devices], actor=acting("gaoyan"))
    return task


def _load(task: VerificationTask, devices: list[Device]) -> BenchLoad:
    load = load_make(task=task, bench=Device.objects.get(barcode=BENCH), actor=acting("zhangwei"))
    for device in devices:
        load_put(load=load, code=device.barcode, actor=acting("zhangwei"))
    return load


def _measure(load: BenchLoad, at: datetime, faults: Mapping[str, str]) -> None:
    put = load.positions.select_related("task_device__device").first()
    assert put is not None
    tester = SimulatedTester(
        BENCH,
        category_of(put.task_device.device),
        [{"asset_no": STANDARD, "accuracy_class": "0.01"}],
        [person("zhangwei").person_no],
    )
    envelope = tester.run(load_sheet(load), started_at=at, faults=faults)
    upload_receive(body=json.dumps(envelope, ensure_ascii=False).encode(), actor=acting("zhangwei"))


def _former_lot(password: str) -> None:
    """Thirty low-voltage current transformers of a lot; two of them err too much."""
    now = timezone.now()
    lot = lot_make(
        model=model("LMZ1-0.66"), tender_batch="2026-03", unit_id=unit("3540001").pk,
        actor=system_actor("command"),
    )  # fmt: skip
    devices = _transformers(
        "LMZ1-0.66", 20260900001, 30, lot_id=lot.pk, occurred_at=now - timedelta(days=22)
    )
    task = _task(devices, lot=lot)
    faults = {devices[n].barcode: fault for n, fault in ((6, "over"), (17, "polarity"))}
    for turn, first in enumerate(range(0, len(devices), 12)):
        load = _load(task, devices[first : first + 12])
        _measure(load, now - timedelta(days=15, hours=6 - 2 * turn), faults)
    decide(task, password=password, comment="比值差、相位差逐点核对")


def _combined_of_a_client(password: str) -> None:
    """Six combined transformers of a photovoltaic company; the voltage part of one is too far off."""
    now = timezone.now()
    devices = _transformers(
        "JLSZV-10", 20260910001, 6, ownership="customer", occurred_at=now - timedelta(days=12)
    )
    task = _task(devices, client="临江星源光伏发电有限公司", validity_mode="periodic")
    _measure(_load(task, devices), now - timedelta(days=9), {devices[4].barcode: "over"})
    decide(task, password=password, comment="电流、电压部分分别核对")
    certificates_issue(
        task=task, lines=certificate_lines(task, by_rule=True), actor=acting("chenqiang")
    )


def _work_of_today() -> None:
    """Current transformers of 10 kV: five came off the tester, one of them again after it was
    demagnetised; three are still on paper.
    """
    devices = _transformers("LZZBJ9-10", 20260920001, 8)
    task = _task(devices)
    load = _load(task, devices[:5])
    at = timezone.now() - timedelta(hours=4)
    _measure(load, at, {devices[n].barcode: "over" for n in (2, 4)})
    again = load_make(task=task, bench=load.bench, actor=acting("zhangwei"))
    reason = "首次测试比值误差超差，退磁后复测"
    load_put(load=again, code=devices[4].barcode, actor=acting("zhangwei"), reason=reason)
    _measure(again, at + timedelta(hours=1), {})
    _load(task, devices[5:])
    _task(_transformers("JDZ10-10", 20260930001, 4))
