"""Chapter 4: lots of former months, verified as the laboratory does it every day.

One lot is whole; on bench 2 a position reads too high, so that the review has something to
find; a photovoltaic company's own gateway meters get their certificates by rule.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dianheng.assets.choices import DeviceState
from dianheng.assets.models import Device
from dianheng.assets.services import lot_make
from dianheng.identity.services import system_actor
from dianheng.metrology.barcodes import BarcodeParts, barcode_scheme
from dianheng.standards.models import StandardCertificate
from dianheng.verification.models import BenchLoad, VerificationTask
from dianheng.verification.rules import signing_digest
from dianheng.verification.selectors.loads import load_sheet
from dianheng.verification.services import (
    loads_fill,
    results_approve,
    results_review,
    task_add_devices,
    task_make,
    upload_receive,
)
from dianheng.verification.services.certificates import certificate_lines, certificates_issue
from dianheng.verification.services.decision import lines_of, rows_for
from dianheng.verification.simulated_meter import GOOD, Shape
from dianheng.verification.simulator import FAULTS, SimulatedBench
from dianheng.warehouse.services import stock_take_in

from .company import acting, person, unit
from .things import enrol, model, place

MONTHLY, MONTHLY_DAYS_AGO = 30, (165, 136, 107, 77, 48)
MONTHLY_SEALS_FROM = 400001
EVEN = Shape(spread=0.05)  # meters of one lot lie close together: sampling judges consistency


@dataclass(frozen=True)
class Equipped:
    """A bench of the laboratory: its main standard, who runs it, the position that reads odd."""

    standard: str
    operator: str
    sticky: tuple[int, float] = (0, 0.0)


BENCHES = {
    "BZ0001": Equipped("BZ0011", "zhangwei"),
    "BZ0002": Equipped("BZ0012", "lina", sticky=(17, 0.75)),
    "BZ0003": Equipped("BZ0011", "zhangwei"),
}


def barcode(serial: int) -> str:
    """A bar code of the story's company, with its check digit."""
    return barcode_scheme("state_grid_22").generate(BarcodeParts("35400", "01", f"{serial:014d}"))


def bench(code: str, seed: int, faults: Mapping[str, float], shape: Shape = GOOD) -> SimulatedBench:
    """A bench of the laboratory, with its standard's certificate."""
    found = BENCHES[code]
    certificate = StandardCertificate.objects.get(device__barcode=found.standard)
    return SimulatedBench(
        bench_no=code, seed=seed, faults=faults, shape=shape, sticky_position=found.sticky,
        standards=[{"asset_no": found.standard, "accuracy_class": certificate.accuracy_class, "certificate_no": certificate.number}],
        operators=[person(found.operator).person_no],
    )  # fmt: skip


def measure(
    load: BenchLoad,
    *,
    seed: int,
    at: datetime,
    first_seal: int = 0,
    faults: Mapping[str, float] | None = None,
    shape: Shape = GOOD,
    meter_faults: Mapping[str, str] | None = None,
) -> int:
    """The bench does a load and sends its results; returns the next seal number.

    Without a first seal the bench seals nothing.
    """
    sheet, seal = load_sheet(load), first_seal
    seals = {}
    for each in sheet["positions"] if first_seal else ():
        seals[each["asset_no"]] = [
            (f"LJ26{seal:08d}", "COVER_LEFT"),
            (f"LJ26{seal + 1:08d}", "COVER_RIGHT"),
        ]
        seal += 2
    found = bench(load.bench.barcode, seed, FAULTS if faults is None else faults, shape)
    envelope: dict[str, Any] = found.run(
        sheet, started_at=at, seals=seals, meter_faults=meter_faults
    )
    body = json.dumps(envelope, ensure_ascii=False).encode()
    upload_receive(body=body, actor=acting(BENCHES[load.bench.barcode].operator))
    return seal


def test_on_benches(
    task: VerificationTask,
    codes: Sequence[str],
    *,
    seed: int,
    began_at: datetime,
    first_seal: int = 0,
    faults: Mapping[str, float] | None = None,
    shape: Shape = GOOD,
    at_most: int | None = None,
    meter_faults: Mapping[str, str] | None = None,
) -> int:
    """Load what waits in the task and test it; `at_most` loads of each bench. Next seal number."""
    benches = list(Device.objects.filter(barcode__in=codes).order_by("barcode"))
    loads = loads_fill(
        task=task, benches=benches, at_most=at_most, actor=acting(BENCHES[codes[0]].operator)
    )
    seal = first_seal
    for turn, load in enumerate(loads):
        at = began_at + timedelta(hours=turn // len(codes))
        seal = measure(
            load, seed=seed, at=at, first_seal=seal, faults=faults, shape=shape,
            meter_faults=meter_faults,
        )  # fmt: skip
    return seal


def decide(
    task: VerificationTask,
    *,
    password: str,
    approve: bool = True,
    comment: str = "逐点核对，装置结论一致",
) -> None:
    """王芳 reviews, 陈强 approves what has a verdict."""
    rows = task.devices.filter(
        step="tested", outcome__in=["passed", "failed", "outside_control", "unfit"]
    )
    keys = list(rows.values_list("pk", flat=True))
    digest = signing_digest(lines_of(rows_for(task, keys)))
    results_review(
        task=task, agreed=keys, seen_digest=digest, actor=acting("wangfang"), comment=comment
    )
    if approve:
        results_approve(
            task=task,
            task_device_ids=keys,
            seen_digest=digest,
            password=password,
            actor=acting("chenqiang"),
        )


def month_by_month(*, seed: int, password: str) -> None:
    """Small lots of the past half-year: the months have their figures, old stock comes due."""
    system, centre = system_actor("command"), unit("3540001")
    now, seal = timezone.now(), MONTHLY_SEALS_FROM
    for number, days_ago in enumerate(MONTHLY_DAYS_AGO):
        came_at = now - timedelta(days=days_ago + 9)
        lot = lot_make(
            model=model("DDZY566-Z"), tender_batch=f"{came_at:%Y-%m}", unit_id=centre.pk, actor=system
        )  # fmt: skip
        first = 20260150001 + MONTHLY * number
        meters = enrol(
            [
                {"barcode": barcode(first + n), "serial_no": f"{came_at:%y%m}{n + 1:06d}", "comm_address": f"{first + n:012d}",
                 "prepayment": "remote", "key_state": "formal", "price_preset": "JM-2026-01", "material_code": "500012346",
                 "produced_on": f"{came_at - timedelta(days=30):%Y-%m-%d}", "software_version": "V3.04",
                 "hardware_version": "V1.1", "comm_module_type": "HPLC"}
                for n in range(MONTHLY)
            ],
            "DDZY566-Z", state=DeviceState.AWAITING_VERIFICATION, place_code="KF1-DJ", unit_=centre,
            actor=system, lot_id=lot.pk, occurred_at=came_at,
        )  # fmt: skip
        began_at = now - timedelta(days=days_ago)
        task = task_make(
            unit=centre, kind="initial", model=lot.model, lot=lot, actor=acting("gaoyan"),
            planned_from=timezone.localdate(began_at), planned_through=timezone.localdate(began_at) + timedelta(days=5),
        )  # fmt: skip
        task_add_devices(task=task, device_ids=[d.pk for d in meters], actor=acting("gaoyan"))
        seal = test_on_benches(
            task, ["BZ0001"], seed=seed + number, first_seal=seal, began_at=began_at, shape=EVEN
        )
        decide(task, password=password)
        passed = [row.device_id for row in task.devices.filter(outcome="passed")]
        stock_take_in(
            device_ids=passed, place=place("KF1-A01"), actor=acting("zhoumin"), purpose="move",
            basis=f"{came_at:%Y-%m} 批检定合格表移架",
        )  # fmt: skip


def former_lots(*, seed: int, password: str) -> None:
    """A lot of 240 single-phase meters from last month, and a client's gateway meters."""
    system, centre = system_actor("command"), unit("3540001")
    now = timezone.now()
    lot = lot_make(
        model=model("DDZY566-Z"), tender_batch="2026-02", unit_id=centre.pk, actor=system
    )
    meters = enrol(
        [
            {"barcode": barcode(20260200001 + n), "serial_no": f"2609{n + 1:06d}", "comm_address": f"{20260200001 + n:012d}",
             "prepayment": "remote", "key_state": "formal", "price_preset": "JM-2026-01", "material_code": "500012346",
             "produced_on": "2026-09-02", "software_version": "V3.04", "hardware_version": "V1.1", "comm_module_type": "HPLC"}
            for n in range(240)
        ],
        "DDZY566-Z", state=DeviceState.AWAITING_VERIFICATION, place_code="KF1-DJ", unit_=centre,
        actor=system, lot_id=lot.pk, occurred_at=now - timedelta(days=31),
    )  # fmt: skip
    task = task_make(
        unit=centre, kind="initial", model=lot.model, lot=lot, actor=acting("gaoyan"),
        planned_from=timezone.localdate() - timedelta(days=25), planned_through=timezone.localdate() - timedelta(days=20),
    )  # fmt: skip
    task_add_devices(task=task, device_ids=[d.pk for d in meters], actor=acting("gaoyan"))
    seal = test_on_benches(
        task, ["BZ0001", "BZ0002"], seed=seed, first_seal=1, began_at=now - timedelta(days=24)
    )
    decide(task, password=password)

    client = enrol(
        [
            {"barcode": f"GF{n:06d}", "serial_no": f"26G{n:05d}", "comm_address": f"{990000 + n:012d}", "key_state": "formal", "produced_on": "2026-08-15"}
            for n in range(1, 7)
        ],
        "DSZ1808-G", state=DeviceState.AWAITING_VERIFICATION, place_code="KF1-DJ", unit_=centre,
        actor=system, ownership="customer", occurred_at=now - timedelta(days=13),
    )  # fmt: skip
    gateway = task_make(
        unit=centre, kind="initial", model=model("DSZ1808-G"), actor=acting("gaoyan"),
        client="临江星源光伏发电有限公司", validity_mode="periodic",
    )  # fmt: skip
    task_add_devices(task=gateway, device_ids=[d.pk for d in client], actor=acting("gaoyan"))
    test_on_benches(
        gateway,
        ["BZ0003"],
        seed=seed,
        first_seal=seal,
        began_at=now - timedelta(days=10),
        faults={},
        meter_faults={"GF000004": "error"},  # the client gets a notice of result for it
    )
    decide(gateway, password=password)
    certificates_issue(
        task=gateway, lines=certificate_lines(gateway, by_rule=True), actor=acting("chenqiang")
    )

    # Work of today: one lot on the benches, waiting for review.
    lot = lot_make(
        model=model("DTZY1808-Z"), tender_batch="2026-02", unit_id=centre.pk, actor=system
    )
    three = enrol(
        [
            {"barcode": barcode(20260300001 + n), "serial_no": f"2610{n + 1:06d}", "comm_address": f"{20260300001 + n:012d}",
             "prepayment": "remote", "key_state": "formal", "price_preset": "JM-2026-01", "produced_on": "2026-10-08"}
            for n in range(72)
        ],
        "DTZY1808-Z", state=DeviceState.AWAITING_VERIFICATION, place_code="KF1-DJ", unit_=centre,
        actor=system, lot_id=lot.pk, occurred_at=now - timedelta(days=8),
    )  # fmt: skip
    task = task_make(unit=centre, kind="initial", model=lot.model, lot=lot, actor=acting("gaoyan"))
    task_add_devices(task=task, device_ids=[d.pk for d in three], actor=acting("gaoyan"))
    test_on_benches(
        task,
        ["BZ0003"],
        seed=seed + 1,
        first_seal=seal + 100,
        began_at=now - timedelta(hours=6),
        at_most=2,
    )


def by_noon() -> datetime:
    """When work of today begins: now, or noon where it is later, so that it ends before midnight."""
    now = timezone.localtime()
    return min(now, now.replace(hour=12, minute=0, second=0, microsecond=0))
