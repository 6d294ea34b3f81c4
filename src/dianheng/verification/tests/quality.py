"""QC batches by situation: a bench, a reference meter, verified meters, what a collector sends."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from dianheng.assets.choices import DeviceKind, DeviceState
from dianheng.assets.models import Device
from dianheng.assets.tests.factories import meters
from dianheng.common.actor import Actor
from dianheng.identity.services import (
    actor_for_person,
    qualification_grant,
    system_actor,
    write_batch,
)
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.standards.services import standard_certify
from dianheng.standards.tests.factories import equipment
from dianheng.verification.models import QualityBatch
from dianheng.verification.services import quality_batch_make, readings_receive

from .factories import sign_rules

COLLECTOR = "CJ-07"


def run_bench(number: str = "ZT0001") -> Device:
    """A register-run bench."""
    return equipment(number, DeviceKind.BENCH, "ZT100")


def reference_meter(number: str = "BZ0101", days: int = 200) -> Device:
    """A standard meter of class 0.05 whose certificate holds for so many days."""
    device = equipment(number, DeviceKind.STANDARD_METER, "KY311")
    if device.certificates.exists():
        return device
    today = timezone.localdate()
    standard_certify(
        device=device, number=f"DNB-{number}", issuer="省计量科学研究院", accuracy_class="0.05",
        valid_from=today - timedelta(days=165), valid_through=today + timedelta(days=days),
        actor=system_actor("command"),
    )  # fmt: skip
    return device


def verified_meters(count: int, first: int = 1) -> list[Device]:
    """Meters that passed the bench and lie in stock."""
    made = meters(count, DeviceState.QUALIFIED, first=first)
    with write_batch(actor=system_actor(), action="test.valid"):
        rows = Device.objects.filter(pk__in=[one.pk for one in made])
        rows.update(valid_through=timezone.localdate() + timedelta(days=2900))
    return list(rows.order_by("barcode"))


def collecting() -> Actor:
    """Who reads the registers."""
    rights = ("verification.view", "verification.test", "verification.upload", "assets.view")
    return actor_for_person(person_with(*rights, login="reader", name="李走字"))


def checking() -> Actor:
    """Who judges: a qualified checker."""
    person = person_with(
        "verification.view", "verification.review", "assets.view", login="judge", name="王质检"
    )
    if not person.qualifications.exists():
        qualification_grant(
            person=person, kind="checker", number="H-2024-009", issuer="省市场监督管理局",
            valid_from=timezone.localdate() - timedelta(days=300),
            valid_through=timezone.localdate() + timedelta(days=300), actor=system_actor(),
        )  # fmt: skip
    return actor_for_person(person)


def quality_batch(*, has_signed_rules: bool = True, **more: Any) -> QualityBatch:
    """An open batch on a register-run bench."""
    if has_signed_rules:
        sign_rules(metering_centre())
    return quality_batch_make(
        unit=metering_centre(), kind="register_run", bench=more.pop("bench", None) or run_bench(),
        reference=more.pop("reference", None) or reference_meter(), actor=collecting(), **more,
    )  # fmt: skip


def an_hour_ago(minutes: int = 0) -> str:
    """A moment as collectors write it."""
    at = timezone.localtime(timezone.now() - timedelta(minutes=60 - minutes))
    return at.strftime("%Y-%m-%d %H:%M:%S")


def table(
    moment: str, readings: Mapping[str, str | Mapping[str, str]], at: str = "", **more: str
) -> bytes:
    """A collector's file: readings by bar code, the total or one by register."""
    head = ["barcode", "moment", "register", "reading", "read_at", "collector_no", *more]
    lines = [",".join(head)]
    for code, found in readings.items():
        values = {"total": found} if isinstance(found, str) else found
        when = at or an_hour_ago(40 if moment == "end" else 0)
        for register, reading in values.items():
            lines.append(
                ",".join([code, moment, register, reading, when, COLLECTOR, *more.values()])
            )
    return ("\n".join(lines) + "\n").encode()


def sent(batch: QualityBatch, body: bytes, **more: Any) -> Any:
    """Send a file in from the page of the batch."""
    return readings_receive(body=body, name="cj07.csv", actor=collecting(), batch=batch, **more)


def run_through(
    batch: QualityBatch, devices: Sequence[Device], moved: Sequence[str], reference: str = "10.0000"
) -> None:
    """Start at 100 kWh, end after so many; the reference meter from 0."""
    no = batch.reference.barcode
    sent(batch, table("start", {no: "0", **{d.barcode: "100.00" for d in devices}}))
    ends = {d.barcode: f"{100 + float(m):.2f}" for d, m in zip(devices, moved, strict=True)}
    sent(batch, table("end", {no: reference, **ends}))


def as_json(batch_no: str, rows: Sequence[Mapping[str, Any]], **more: Any) -> bytes:
    """The form of REST."""
    return json.dumps(
        {"schema": "register-readings/1", "batch_no": batch_no, "readings": list(rows), **more}
    ).encode()
