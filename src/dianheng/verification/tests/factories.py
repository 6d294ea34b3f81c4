"""Laboratories, tasks and loads by situation."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from dianheng.assets.choices import DeviceKind, DeviceState
from dianheng.assets.models import Device, DeviceModel, StandardEquipment
from dianheng.assets.services import manufacturer_make, model_make
from dianheng.assets.tests.factories import meters, store
from dianheng.common.actor import Actor
from dianheng.identity.models import Person, Unit
from dianheng.identity.services import (
    actor_for_person,
    qualification_grant,
    system_actor,
    write_batch,
)
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.metrology.rule_sets import rule_set
from dianheng.verification.models import BenchLoad, StandardInstallation, VerificationTask
from dianheng.verification.selectors.loads import load_sheet
from dianheng.verification.services import (
    authorisation_record,
    installation_certify,
    installation_equip,
    installation_record,
    load_make,
    load_put,
    rule_set_sign,
    standard_certify,
    task_add_devices,
    task_make,
    upload_receive,
)
from dianheng.verification.services.upload_run import Received
from dianheng.verification.simulator import NO_FAULTS, SimulatedBench

RULES_IN_USE = (
    ("JJG 596", "2012"),
    ("Q/GDW 1206", "2013"),
    ("Utility practice", "2013"),
    ("GB/T 8170", "2008"),
)


def equipment(barcode: str, kind: str, model_code: str, positions: int | None = None) -> Device:
    """A bench or standard of the centre, made once."""
    found = Device.objects.filter(barcode=barcode).first()
    if found:
        return found
    model = DeviceModel.objects.filter(code=model_code).first() or model_make(
        manufacturer=manufacturer_make(
            code="KL", name="科陆电子", short_name="科陆", actor=system_actor()
        ),
        code=model_code,
        actor=system_actor(),
        kind=kind,
        name="电能表检定装置" if kind == DeviceKind.BENCH else "标准电能表",
        accuracy_class="0.05",
    )
    with write_batch(actor=system_actor(), action="test.equipment") as batch:
        device = Device.objects.create(
            barcode=barcode,
            serial_no=f"S-{barcode}",
            kind=kind,
            model=model,
            unit=metering_centre(),
            place=store(),
            state=DeviceState.IN_SERVICE,
            state_at=batch.at,
        )
        StandardEquipment.objects.create(device=device, name=model.name, position_count=positions)
    return Device.objects.select_related("standard", "model").get(pk=device.pk)


@dataclass
class Laboratory:
    """All that a laboratory needs, in date for years."""

    unit: Unit
    bench: Device
    standard: Device
    installation: StandardInstallation
    verifier: Person
    certificate_no: str

    @property
    def tester(self) -> Actor:
        return actor_for_person(self.verifier, via="rest")

    def simulated(self, **options: Any) -> SimulatedBench:
        """A bench whose records rest on the laboratory's own papers."""
        options.setdefault("faults", NO_FAULTS)
        return SimulatedBench(
            bench_no=self.bench.barcode,
            standards=[
                {
                    "asset_no": self.standard.barcode,
                    "accuracy_class": "0.05",
                    "certificate_no": self.certificate_no,
                }
            ],
            operators=[self.verifier.person_no],
            **options,
        )


def laboratory(*, positions: int = 60, has_signed_rules: bool = True) -> Laboratory:
    """A laboratory that may verify meters: authorised, examined, equipped, rules signed."""
    unit, today = metering_centre(), timezone.localdate()
    since, until = date(2020, 1, 1), today + timedelta(days=400)
    system = system_actor()
    bench = equipment("BENCH-01", DeviceKind.BENCH, "CL3000", positions)
    standard = equipment("STD-0001", DeviceKind.STANDARD_METER, "CL311")
    verifier = person_with("*", login="verifier", name="陈检定")
    qualification_grant(
        person=verifier,
        kind="verifier",
        number="J-2024-001",
        issuer="省市场监督管理局",
        valid_from=since,
        valid_through=until,
        actor=system,
    )
    authorisation_record(
        unit=unit,
        number="(江)法计(2024)A0107号",
        issuer="省市场监督管理局",
        scope="交流电能表",
        kinds=[DeviceKind.SINGLE_PHASE_METER, DeviceKind.THREE_PHASE_METER],
        valid_from=since,
        valid_through=until,
        actor=system,
    )
    installation = installation_record(
        unit=unit,
        code="BZ-01",
        name="单相电能表标准装置",
        bench=bench,
        accuracy="0.05",
        kinds=[DeviceKind.SINGLE_PHASE_METER, DeviceKind.THREE_PHASE_METER],
        actor=system,
    )
    installation_certify(
        installation=installation,
        number="[2024]江量标电证字第047号",
        issuer="省市场监督管理局",
        valid_from=since,
        valid_through=until,
        actor=system,
    )
    installation_equip(installation=installation, device=standard, valid_from=since, actor=system)
    for device in (bench, standard):
        standard_certify(
            device=device,
            number=f"DNB-{device.barcode}",
            issuer="省计量科学研究院",
            accuracy_class="0.05",
            valid_from=since,
            valid_through=until,
            actor=system,
        )
    if has_signed_rules:
        sign_rules(unit)
    return Laboratory(unit, bench, standard, installation, verifier, f"DNB-{standard.barcode}")


def sign_rules(unit: Unit) -> None:
    """A metrologist confirms the rule sets that decide about meters."""
    metrologist = actor_for_person(person_with("*", login="metrologist", name="周计量"))
    for standard, edition in RULES_IN_USE:
        rules = rule_set(standard, edition)
        if not rules.is_confirmed:
            rule_set_sign(
                unit=unit,
                standard=standard,
                edition=edition,
                digest=rules.digest,
                statement="与规程原文核对一致",
                actor=metrologist,
            )


def task_with(
    count: int, *, kind: str = "initial", first: int = 1, **options: Any
) -> VerificationTask:
    """A task with so many single-phase meters that wait for the bench."""
    devices = meters(count, first=first)
    task = task_make(
        unit=metering_centre(), kind=kind, model=devices[0].model, actor=system_actor(), **options
    )
    task_add_devices(task=task, device_ids=[d.pk for d in devices], actor=system_actor())
    return task


def load_with(
    task: VerificationTask,
    bench: Device,
    count: int | None = None,
    *,
    reason: str = "",
    skip: int = 0,
) -> BenchLoad:
    """A load with the next devices of a task, one position after the other."""
    load = load_make(task=task, bench=bench, actor=system_actor())
    rows = task.devices.select_related("device").order_by("seq")[
        skip : None if count is None else skip + count
    ]
    for row in rows:
        load_put(load=load, code=row.device.barcode, actor=system_actor(), reason=reason)
    return load


def envelope_of(
    lab: Laboratory, load: BenchLoad, *, started_at: datetime | None = None, **options: Any
) -> dict[str, Any]:
    """What the simulated bench sends for a load."""
    run_options = {
        name: options.pop(name)
        for name in ("seals", "meter_faults", "retest_reason")
        if name in options
    }
    return lab.simulated(**options).run(
        load_sheet(load),
        started_at=started_at or timezone.now() - timedelta(hours=1),
        **run_options,
    )


def body_of(envelope: Mapping[str, Any]) -> bytes:
    """As bytes on the wire."""
    return json.dumps(envelope, ensure_ascii=False).encode()


def send(envelope: Mapping[str, Any], actor: Actor | None = None, **options: Any) -> Received:
    """Send an envelope in."""
    return upload_receive(body=body_of(envelope), actor=actor or system_actor(), **options)


def seals_for(barcodes: Sequence[str], first: int = 1) -> dict[str, list[tuple[str, str]]]:
    """Two verification seals for each."""
    return {
        code: [
            (f"JF2600{first + 2 * n:06d}", "COVER_LEFT"),
            (f"JF2600{first + 2 * n + 1:06d}", "COVER_RIGHT"),
        ]
        for n, code in enumerate(barcodes)
    }
