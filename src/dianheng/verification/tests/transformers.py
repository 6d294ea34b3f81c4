"""Transformers by situation: their laboratory, tasks, loads and what a tester sends."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from dianheng.assets.choices import TRANSFORMERS, DeviceKind
from dianheng.assets.models import Device, DeviceModel
from dianheng.assets.services import (
    devices_enrol,
    manufacturer_make,
    model_make,
    stage_open,
)
from dianheng.assets.tests.factories import store
from dianheng.identity.models import Person
from dianheng.identity.services import (
    actor_for_person,
    qualification_grant,
    system_actor,
    write_batch,
)
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.metrology.rule_sets import rule_set
from dianheng.standards.services import (
    authorisation_record,
    installation_certify,
    installation_equip,
    installation_record,
    standard_certify,
)
from dianheng.standards.tests.factories import equipment
from dianheng.verification.models import BenchLoad, VerificationTask
from dianheng.verification.selectors.loads import load_sheet
from dianheng.verification.services import (
    load_make,
    load_put,
    rule_set_sign,
    task_add_devices,
    task_make,
    upload_receive,
)
from dianheng.verification.services.upload_run import Received
from dianheng.verification.simulated_tester import SimulatedTester

RULES = (("JJG 1189.3", "2022"), ("JJG 1021", "2007"), ("JJG 313", "2010"), ("JJG 314", "2010"),
         ("Q/GDW 1206", "2013"), ("Utility practice", "2013"))  # fmt: skip
CT = {
    "kind": DeviceKind.CURRENT_TRANSFORMER, "name": "低压电流互感器", "accuracy_class": "0.2S",
    "ratio": "200/5", "burden_va": "5", "parameters": {"rated_voltage_kv": "0.66"},
}  # fmt: skip
COMBINED = {
    "kind": DeviceKind.COMBINED_TRANSFORMER, "name": "三相组合互感器", "accuracy_class": "0.2S",
    "ratio": "100/5", "burden_va": "10",
    "parameters": {"rated_voltage_kv": "10", "voltage_class": "0.2", "voltage_ratio": "10000/100",
                   "voltage_burden_va": "15", "phases": "A C"},
}  # fmt: skip
CVT = {
    "kind": DeviceKind.VOLTAGE_TRANSFORMER, "name": "电容式电压互感器", "accuracy_class": "0.2",
    "ratio": "110000/√3/100/√3", "burden_va": "50",
    "parameters": {"rated_voltage_kv": "110", "divider": "capacitor"},
}  # fmt: skip
STANDARD_CT = CT | {
    "name": "标准电流互感器", "accuracy_class": "0.05", "ratio": "100/5, 200/5",
    "parameters": {"use": "standard"},
}  # fmt: skip


def transformer_model(code: str = "LMZ1-0.66", **columns: Any) -> DeviceModel:
    """A model, made once; the low-voltage CT unless told otherwise."""
    found = DeviceModel.objects.filter(code=code).first()
    return found or model_make(
        manufacturer=manufacturer_make(
            code="JD", name="金电互感器有限公司", short_name="金电", actor=system_actor()
        ),
        code=code, actor=system_actor(), **(columns or CT),
    )  # fmt: skip


def transformers(model: DeviceModel, count: int, first: int = 1, **columns: Any) -> list[Device]:
    """So many transformers of a model that wait for verification."""
    codes = [f"HG{model.pk:03d}{first + n:05d}" for n in range(count)]
    with write_batch(actor=system_actor(), action="test.transformers"), stage_open() as stage:
        stage.copy_rows(
            ["barcode", "serial_no"], ((n, code, f"S{code}") for n, code in enumerate(codes))
        )
        stage.cursor.execute(
            "update stage set kind = %s, model_id = %s, unit_id = %s, place_id = %s, state = %s, lot_id = %s",
            [model.kind, model.pk, metering_centre().pk, store().pk, "awaiting_verification", columns.get("lot_id")],
        )  # fmt: skip
        devices_enrol(stage=stage, actor=system_actor())
    return list(Device.objects.filter(barcode__in=codes).order_by("barcode"))


class TransformerRoom:
    """A laboratory that may verify transformers: authorised, examined, equipped, rules signed."""

    def __init__(self) -> None:
        unit, system = metering_centre(), system_actor()
        since, until = date(2020, 1, 1), timezone.localdate() + timedelta(days=400)
        self.unit = unit
        self.bench = equipment("HGX-01", DeviceKind.BENCH, "HGQ-2000", 12)
        self.standard = equipment("HGB-0001", DeviceKind.INSTRUMENT, "HLB-2000")
        self.verifier: Person = person_with("*", login="verifier", name="陈检定")
        qualification_grant(
            person=self.verifier, kind="verifier", number="J-2024-008", issuer="省市场监督管理局",
            valid_from=since, valid_through=until, actor=system,
        )  # fmt: skip
        authorisation_record(
            unit=unit, number="(江)法计(2024)A0108号", issuer="省市场监督管理局", scope="电力互感器",
            kinds=list(TRANSFORMERS), valid_from=since, valid_through=until, actor=system,
        )  # fmt: skip
        installation = installation_record(
            unit=unit, code="BZ-HG", name="互感器检定装置", bench=self.bench, accuracy="0.01 级",
            project="transformer", kinds=list(TRANSFORMERS), actor=system,
        )  # fmt: skip
        installation_certify(
            installation=installation, number="[2024]江量标电证字第101号", issuer="省市场监督管理局",
            valid_from=since, valid_through=until, actor=system,
        )  # fmt: skip
        installation_equip(
            installation=installation, device=self.standard, valid_from=since, actor=system
        )
        for device in (self.bench, self.standard):
            standard_certify(
                device=device, number=f"HG-{device.barcode}", issuer="省计量科学研究院",
                accuracy_class="0.01", valid_from=since, valid_through=until, actor=system,
            )  # fmt: skip
        self.sign()

    def sign(self) -> None:
        """A metrologist confirms the rule sets that decide about transformers."""
        metrologist = actor_for_person(person_with("*", login="metrologist", name="周计量"))
        for standard, edition in RULES:
            rules = rule_set(standard, edition)
            if not rules.is_confirmed:
                rule_set_sign(
                    unit=self.unit, standard=standard, edition=edition, digest=rules.digest,
                    statement="与规程原文核对一致", actor=metrologist,
                )  # fmt: skip

    def task(
        self, count: int = 1, *, model: DeviceModel | None = None, kind: str = "initial",
        first: int = 1, **options: Any,
    ) -> VerificationTask:  # fmt: skip
        """A task with so many transformers."""
        model = model or transformer_model()
        devices = transformers(model, count, first)
        task = task_make(unit=self.unit, kind=kind, model=model, actor=system_actor(), **options)
        task_add_devices(task=task, device_ids=[d.pk for d in devices], actor=system_actor())
        return task

    def load(self, task: VerificationTask, *again: str, reason: str = "") -> BenchLoad:
        """All that waits in a task, on the tester; or what is tested again."""
        load = load_make(task=task, bench=self.bench, actor=system_actor())
        rows = task.devices.filter(step="waiting").order_by("seq")
        for code in again or rows.values_list("device__barcode", flat=True):
            load_put(load=load, code=code, actor=system_actor(), reason=reason)
        return load

    def envelope(
        self, load: BenchLoad, faults: Mapping[str, str] | None = None, **options: Any
    ) -> dict[str, Any]:
        """What the tester sends for a load."""
        category = {
            DeviceKind.CURRENT_TRANSFORMER: "CT",
            DeviceKind.VOLTAGE_TRANSFORMER: "VT",
        }.get(load.task.model.kind, "COMBINED")
        tester = SimulatedTester(
            self.bench.barcode,
            category,
            [{"asset_no": self.standard.barcode, "accuracy_class": "0.01"}],
            [self.verifier.person_no],
            seed=options.pop("seed", 1),
        )
        at: datetime = options.pop("started_at", timezone.now() - timedelta(hours=3))
        return tester.run(load_sheet(load), started_at=at, faults=faults, **options)

    def send(self, envelope: Mapping[str, Any], **options: Any) -> Received:
        """The envelope comes in."""
        body = json.dumps(envelope, ensure_ascii=False).encode()
        return upload_receive(body=body, actor=options.pop("actor", system_actor()), **options)
