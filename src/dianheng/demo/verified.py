"""Chapter 4: lots of former months, verified as the laboratory does it every day.

One lot is whole; on bench 2 a position reads too high, so that the review has something to
find; a photovoltaic company's own gateway meters get their certificates by rule.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dianheng.assets.choices import DeviceState
from dianheng.assets.models import Device
from dianheng.assets.services import lot_make
from dianheng.identity.services import system_actor
from dianheng.metrology.barcodes import BarcodeParts, barcode_scheme
from dianheng.verification.models import VerificationTask
from dianheng.verification.rules import signing_digest
from dianheng.verification.selectors.loads import load_sheet
from dianheng.verification.services import (
    load_make,
    load_put,
    results_approve,
    results_review,
    task_add_devices,
    task_make,
    upload_receive,
)
from dianheng.verification.services.certificates import certificate_lines, certificates_issue
from dianheng.verification.services.decision import lines_of, rows_for
from dianheng.verification.simulator import FAULTS, GOOD, Shape, SimulatedBench

from .company import acting, person, unit
from .things import enrol, model

BENCHES = {
    "BZ0001": ("BZ0011", 60, (0, 0.0)),
    "BZ0002": ("BZ0012", 60, (17, 0.75)),
    "BZ0003": ("BZ0011", 24, (0, 0.0)),
}


def barcode(serial: int) -> str:
    """A bar code of the story's company, with its check digit."""
    return barcode_scheme("state_grid_22").generate(BarcodeParts("35400", "01", f"{serial:014d}"))


def bench(code: str, seed: int, faults: Mapping[str, float], shape: Shape = GOOD) -> SimulatedBench:
    """A bench of the laboratory."""
    from dianheng.verification.models import StandardCertificate

    standard, _positions, sticky = BENCHES[code]
    certificate = StandardCertificate.objects.select_related("device").get(device__barcode=standard)
    return SimulatedBench(
        bench_no=code, seed=seed, faults=faults, shape=shape, sticky_position=sticky,
        standards=[{"asset_no": standard, "accuracy_class": certificate.accuracy_class, "certificate_no": certificate.number}],
        operators=[person("zhangwei" if code != "BZ0002" else "lina").person_no],
    )  # fmt: skip


def test_on_benches(
    task: VerificationTask,
    codes: Sequence[str],
    *,
    seed: int,
    first_seal: int,
    began_at: datetime,
    faults: Mapping[str, float] | None = None,
    shape: Shape = GOOD,
    at_most: int | None = None,
) -> int:
    """Load and test what waits in the task, bench after bench; returns the next seal number."""
    waiting = list(
        task.devices.filter(step="waiting").select_related("device").order_by("seq")[:at_most]
    )
    seal, at = first_seal, began_at
    turn = 0
    while waiting:
        code = codes[turn % len(codes)]
        who = acting("lina" if code == "BZ0002" else "zhangwei")
        positions = BENCHES[code][1]
        part, waiting = waiting[:positions], waiting[positions:]
        load = load_make(task=task, bench=Device.objects.get(barcode=code), actor=who)
        for row in part:
            load_put(load=load, code=row.device.barcode, actor=who)
        seals = {}
        for row in part:
            seals[row.device.barcode] = [
                (f"LJ26{seal:08d}", "COVER_LEFT"),
                (f"LJ26{seal + 1:08d}", "COVER_RIGHT"),
            ]
            seal += 2
        envelope: dict[str, Any] = bench(
            code, seed, FAULTS if faults is None else faults, shape
        ).run(load_sheet(load), started_at=at, seals=seals)
        upload_receive(body=json.dumps(envelope, ensure_ascii=False).encode(), actor=who)
        turn += 1
        if turn % len(codes) == 0:
            at += timedelta(hours=1)
    return seal


def decide(task: VerificationTask, *, password: str, approve: bool = True) -> None:
    """王芳 reviews, 陈强 approves what has a verdict."""
    keys = list(
        task.devices.filter(
            step="tested", outcome__in=["passed", "failed", "outside_control", "unfit"]
        ).values_list("pk", flat=True)
    )
    digest = signing_digest(lines_of(rows_for(task, keys)))
    results_review(
        task=task,
        agreed=keys,
        seen_digest=digest,
        actor=acting("wangfang"),
        comment="逐点核对,装置结论一致",
    )
    if approve:
        results_approve(
            task=task,
            task_device_ids=keys,
            seen_digest=digest,
            password=password,
            actor=acting("chenqiang"),
        )


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
        actor=system, lot_id=lot.pk,
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
        actor=system, ownership="customer",
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
        actor=system, lot_id=lot.pk,
    )  # fmt: skip
    task = task_make(unit=centre, kind="initial", model=lot.model, lot=lot, actor=acting("gaoyan"))
    task_add_devices(task=task, device_ids=[d.pk for d in three], actor=acting("gaoyan"))
    test_on_benches(
        task,
        ["BZ0003"],
        seed=seed + 1,
        first_seal=seal + 100,
        began_at=now - timedelta(hours=6),
        at_most=48,
    )
