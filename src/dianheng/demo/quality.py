"""Chapter: a sample of a month's lot on the register-run bench; one meter runs too fast."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from django.db.models import Count
from django.utils import timezone

from dianheng.assets.choices import DeviceKind, DeviceState
from dianheng.assets.models import Device
from dianheng.assets.services import model_make
from dianheng.identity.services import system_actor
from dianheng.standards.services import standard_certify
from dianheng.verification.models import QualityBatch
from dianheng.verification.selectors.quality import batch_seen
from dianheng.verification.services import (
    quality_batch_make,
    quality_judge,
    readings_receive,
)

from .company import acting, unit
from .things import enrol, maker
from .verified import by_noon

BENCH, REFERENCE, COLLECTOR = "BZ0041", "BZ0042", "CJ-07"
SAMPLE, TOO_FAST = 12, 8  # meters, and the one of them that gains
RAN_KWH = Decimal("12.0040")  # what the reference meter saw


def the_quality_check(*, seed: int) -> None:
    """The registers are read by collector before and after the run; 王芳 judges."""
    _equipment()
    meters = _sample()
    batch = quality_batch_make(
        unit=unit("3540001"), kind="register_run", bench=Device.objects.get(barcode=BENCH),
        reference=Device.objects.get(barcode=REFERENCE), lot=meters[0].lot, stands_for=meters[0].lot.devices.count(),
        note="检后抽样走字", actor=acting("zhangwei"),
    )  # fmt: skip
    chance, ended_at = Random(seed), by_noon() - timedelta(minutes=20)  # noqa: S311 - a story
    starts = [Decimal(chance.randrange(20, 180)) / 100 for _ in meters]
    ends = [
        start + Decimal(round(1200 + chance.gauss(2, 2) + (32 if n == TOO_FAST else 0))) / 100
        for n, start in enumerate(starts)
    ]
    _send(batch, "start", Decimal("8804.1270"), meters, starts, ended_at - timedelta(hours=3))
    _send(batch, "end", Decimal("8804.1270") + RAN_KWH, meters, ends, ended_at)
    quality_judge(
        batch=batch, seen_digest=batch_seen(batch).digest, actor=acting("wangfang"),
        comment="1 只走快，退回重检；其余合格",
    )  # fmt: skip


def _equipment() -> None:
    actor, today = system_actor("command"), timezone.localdate()
    model_make(
        manufacturer=maker("KY"), code="KYZZ-48", actor=actor, kind=DeviceKind.BENCH,
        name="单相电能表走字台", accuracy_class="0.1",
    )  # fmt: skip
    for barcode, code, name, span, class_, positions in (
        (BENCH, "KYZZ-48", "单相走字台", "220 V, (0.25~60) A", "0.1 级", "48"),
        (REFERENCE, "KY311", "走字台标准电能表", "3×(57.7~380) V, 3×(0.01~120) A", "0.05 级", ""),
    ):
        (device,) = enrol(
            [{"barcode": barcode, "serial_no": f"KY{barcode[2:]}26", "name": name, "measuring_range": span, "uncertainty": class_, "position_count": positions}],
            code, state=DeviceState.IN_SERVICE, place_code="SYS1", unit_=unit("3540001"), actor=actor,
        )  # fmt: skip
    standard_certify(
        device=device, number=f"DNBZ-{today.year}-0042", issuer="江东省计量科学研究院",
        accuracy_class="0.05", higher_standard="国家基准", valid_from=today - timedelta(days=80),
        valid_through=today + timedelta(days=284), actor=actor,
    )  # fmt: skip


def _sample() -> list[Device]:
    """Meters of one lot that lie verified at the centre: of the lot with the most of them."""
    rows = Device.objects.filter(
        model__code="DDZY566-Z",
        state=DeviceState.QUALIFIED,
        unit=unit("3540001"),
        lot__isnull=False,
    )
    counts = rows.values("lot").annotate(n=Count("pk")).order_by("-n", "lot")
    found = rows.filter(lot=counts[0]["lot"]).select_related("lot").order_by("barcode")
    return list(found[:SAMPLE])


def _send(
    batch: QualityBatch, moment: str, reference: Decimal, meters: list[Device],
    readings: list[Decimal], at: datetime,
) -> None:  # fmt: skip
    lines = ["条码,起/止,示数类型,示数,抄读时间,采集器编号"]
    when = f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"
    lines.append(f"{REFERENCE},{moment},总,{reference},{when},{COLLECTOR}")
    for meter, reading in zip(meters, readings, strict=True):
        lines.append(f"{meter.barcode},{moment},总,{reading:.2f},{when},{COLLECTOR}")
    readings_receive(
        body="\r\n".join(lines).encode("gb18030"), name=f"CJ07-{moment}.csv",
        actor=acting("zhangwei"), batch=batch, source="page",
    )  # fmt: skip
