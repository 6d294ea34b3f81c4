"""Laboratories, tasks and loads by situation."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from dianheng.assets.models import Device
from dianheng.assets.tests.factories import meters
from dianheng.common.actor import Actor
from dianheng.identity.models import Person, Unit
from dianheng.identity.services import (
    actor_for_person,
    qualification_grant,
    system_actor,
)
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.metrology.rule_sets import rule_set
from dianheng.standards.models import StandardInstallation
from dianheng.standards.tests.factories import examined
from dianheng.verification.models import BenchLoad, VerificationTask
from dianheng.verification.selectors.loads import load_sheet
from dianheng.verification.services import (
    load_make,
    load_put,
    rule_set_sign,
    rule_set_unsign,
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
    room = examined(positions=positions)
    if has_signed_rules:
        sign_rules(unit)
    return Laboratory(
        unit, room.bench, room.standard, room.installation, verifier, f"DNB-{room.standard.barcode}"
    )


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


def unsign_rules(unit: Unit, standard: str, edition: str) -> None:
    """The signature of one rule set is taken back."""
    rule_set_unsign(
        unit=unit, standard=standard, edition=edition, statement="发现错行", actor=system_actor()
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
