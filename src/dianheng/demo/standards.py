"""The standards' values by point, the way up to the national standard, papers that end."""

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from dianheng.assets.choices import PlaceKind
from dianheng.assets.services import place_make
from dianheng.standards.choices import TestKind
from dianheng.standards.models import (
    OutsideStandard,
    Reminder,
    StandardCertificate,
    StandardInstallation,
)
from dianheng.standards.services import (
    certificate_values_set,
    environment_set,
    environment_take_in,
    outside_standard_save,
    reminders_acknowledge,
    reminders_tick,
    standard_certify,
    test_record,
)

from .company import acting, unit
from .things import WORKING_STANDARD, place

INSTITUTE = "江东省计量科学研究院"
# Error of the standard meters in the table of their certificates: at 220 V, by current and factor.
ERRORS = (
    ("5 A", "1.0", "0.008"), ("5 A", "0.5L", "0.012"), ("5 A", "0.8C", "0.006"),
    ("1 A", "1.0", "0.010"), ("1 A", "0.5L", "0.015"), ("100 A", "1.0", "-0.004"),
    ("100 A", "0.5L", "-0.009"), ("0.1 A", "1.0", "0.018"),
)  # fmt: skip


def the_standards() -> None:
    """What the standards engineer enters from the papers, and whom the clock reminds."""
    actor = acting("gaoyan")
    today = timezone.localdate()
    national = outside_standard_save(
        body="中国计量科学研究院", name="国家工频电能基准", is_national=True, actor=actor
    )
    highest = outside_standard_save(
        body=INSTITUTE, name="0.005 级社会公用计量标准", accuracy="0.005 级", certificate_no="DCzb2026-0113",
        valid_through=today + timedelta(days=290), higher=national, actor=actor,
    )  # fmt: skip
    working = OutsideStandard.objects.get(body=INSTITUTE, name=WORKING_STANDARD)
    outside_standard_save(
        standard=working, body=working.body, name=working.name, accuracy="0.01 级",
        certificate_no="DNbz2026-0042", valid_through=today + timedelta(days=61), higher=highest,
        actor=actor,
    )  # fmt: skip
    for number, barcode in enumerate(("BZ0011", "BZ0012")):
        paper = StandardCertificate.objects.filter(device__barcode=barcode).latest("valid_through")
        rows = [
            [
                "有功电能误差",
                f"220 V, {current}, {factor}",
                error,
                negative(error),
                "0.010",
                "2",
                "%",
            ]
            for current, factor, error in ERRORS[number:]
        ]
        certificate_values_set(certificate=paper, values=rows, actor=actor)
    bench = StandardCertificate.objects.filter(device__barcode="BZ0003").latest("valid_through")
    ours = StandardCertificate.objects.filter(device__barcode="BZ0011").latest("valid_through")
    # A check of the bench by our own standard, as its certificate says.
    standard_certify(
        device=bench.device, number=f"NJ-{today.year}-0003", issuer="市计量中心", accuracy_class="0.05",
        valid_from=today - timedelta(days=20), valid_through=bench.valid_through + timedelta(days=80),
        takes_over=True, higher_device=ours.device, sent=_scan("NJ-0003"), actor=actor,
        values=[["有功电能误差", "220 V, 5 A, 1.0", "0.02", "-0.02", "0.02", "2", "%"]],
    )  # fmt: skip
    tests_of_the_standards()
    climate_of_the_room()
    reminders_tick()
    for first in Reminder.objects.order_by("due_on")[:1]:
        reminders_acknowledge(
            reminder_ids=[first.pk], word="已与省计量院约定下月送检。", actor=actor
        )


def tests_of_the_standards() -> None:
    """Yearly repeatability and stability, checks in between, a comparison with the institute."""
    actor = acting("gaoyan")
    today = timezone.localdate()
    installation = StandardInstallation.objects.get(code="BZ-D1")
    point = "220 V, 5 A, 1.0"
    facts: dict[str, Any] = {
        "installation": installation, "check_standard": "BZ0012 三相标准电能表", "point": point,
        "unit": "%", "actor": actor,
    }  # fmt: skip
    scatter = [Decimal(x) for x in ["21", "23", "20", "22", "24", "21", "22", "20", "23", "24"]]
    for years, shift in ((2, 0), (1, 3), (0, 5)):
        readings = [(x + shift) / 1000 for x in scatter]
        on = today - timedelta(days=365 * years + 40)
        test_record(
            kind=TestKind.STABILITY, done_on=on, readings=readings, limit=Decimal("0.1"), **facts
        )
    test_record(
        kind=TestKind.REPEATABILITY, done_on=today - timedelta(days=40),
        readings=[x / 1000 for x in scatter], limit=Decimal("0.002"), **facts,
    )  # fmt: skip
    for months, shift in ((10, 0), (7, 4), (4, 2), (1, 6)):
        readings = [(x + shift) / 1000 for x in scatter]
        on = today - timedelta(days=30 * months)
        test_record(
            kind=TestKind.CHECK, done_on=on, readings=readings, limit=Decimal("0.1"), **facts
        )
    test_record(
        kind=TestKind.COMPARISON, done_on=today - timedelta(days=75), readings=[Decimal("0.024")],
        reference=Decimal("0.016"), u_ours=Decimal("0.03"), u_reference=Decimal("0.01"),
        **facts | {"check_standard": INSTITUTE},
    )  # fmt: skip


def climate_of_the_room() -> None:
    """Two days of the rooms' loggers; where standards are kept the air conditioning had failed."""
    actor = acting("gaoyan")
    environment_set(
        unit=unit("3540001"), temperature_low_c=Decimal(21), temperature_high_c=Decimal(25),
        humidity_low_pct=Decimal(45), humidity_high_pct=Decimal(75),
        source="JJG 596 参比条件 (23±2) °C", valid_from=date(2024, 3, 1), actor=actor,
    )  # fmt: skip
    room = place_make(
        code="SYS2",
        name="标准器室",
        kind=PlaceKind.LABORATORY,
        unit_id=unit("3540001").pk,
        actor=actor,
    )
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    for where, failed_at in ((place("SYS1"), None), (room, 3)):
        rows = [["时间", "温度", "湿度"]]
        for hour in range(48):
            at = midnight - timedelta(hours=48 - hour)
            temperature = "25.8" if hour == failed_at else f"{22.6 + hour % 5 / 10:.1f}"
            rows.append([f"{at:%Y-%m-%d %H:%M}", temperature, str(50 + hour % 7)])
        environment_take_in(place=where, rows=rows, actor=actor)


def negative(error: str) -> str:
    return error.removeprefix("-") if error.startswith("-") else f"-{error}"


def _scan(number: str) -> Any:
    """A scanned page, as a browser would send it."""
    content = ContentFile(f"%PDF-1.4\n% {number}\n%%EOF\n".encode())
    return SimpleNamespace(
        name=f"{number}.pdf", size=content.size, file=content, chunks=content.chunks
    )
