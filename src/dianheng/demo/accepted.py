"""Chapter: the accepted lot goes over the benches, through review and approval, to its end."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from dianheng.assets.choices import DeviceState
from dianheng.assets.models import Device, Lot
from dianheng.supply.choices import ReturnKind
from dianheng.supply.services import return_make, return_notify
from dianheng.verification.models import TaskDevice, VerificationTask
from dianheng.verification.selectors.tasks import digest_of
from dianheng.verification.services import (
    load_make,
    load_put,
    loads_fill,
    results_review,
    task_add_lot,
    task_make,
)
from dianheng.verification.services.certificates import certificate_lines, certificates_issue

from .company import acting, unit
from .orders import ACCEPTED_SEALS_FROM
from .verified import BENCHES, EVEN, decide, measure

ON_BENCHES = ("BZ0001", "BZ0002")
LOADS_A_DAY = 6  # of one bench: forty to fifty-five minutes each
BEGAN_DAYS_AGO = 12
ODD_BENCH, ODD_POSITION = "BZ0002", BENCHES["BZ0002"].sticky[0]
ASKED = 3  # customers who ask for a certificate of their meter


def working_moments(first: date) -> list[datetime]:
    """When the loads of one bench begin: six a working day from half past eight on."""
    zone = timezone.get_current_timezone()
    found, day = [], first
    while len(found) < 10 * LOADS_A_DAY:
        if day.weekday() < 5:
            at = datetime.combine(day, time(8, 30), zone)
            found += [at + timedelta(minutes=70 * turn) for turn in range(LOADS_A_DAY)]
        day += timedelta(days=1)
    return found


def onto_benches(*, seed: int, password: str) -> None:
    """All that the sample left of the lot of 3,000, in loads of 60 on two benches."""
    today = timezone.localdate()
    began_on = today - timedelta(days=BEGAN_DAYS_AGO)
    lot = Lot.objects.select_related("model").get(
        tender_batch="2026-01", model__code="DDZY1808-Z", unit=unit("3540001")
    )
    task = task_make(
        unit=unit("3540001"), kind="initial", model=lot.model, lot=lot, actor=acting("gaoyan"),
        planned_from=began_on, planned_through=today + timedelta(days=3), note="抽检合格后全检",
    )  # fmt: skip
    task_add_lot(task=task, actor=acting("gaoyan"))
    benches = list(Device.objects.filter(barcode__in=ON_BENCHES).order_by("barcode"))
    loads = loads_fill(task=task, benches=benches, actor=acting("zhangwei"))
    seal, moments = ACCEPTED_SEALS_FROM, working_moments(began_on)
    for number, load in enumerate(loads):
        seal = measure(load, seed=seed, first_seal=seal, at=moments[number // 2], shape=EVEN)
    _again_elsewhere(task, seed=seed, at=moments[len(loads) // 2 + 1])
    decide(task, password=password, comment="误差分布集中，17 号表位已换位复测，同意")
    _what_failed(lot, task)
    asked = [line for line in certificate_lines(task) if line.outcome == "passed"][:ASKED]
    certificates_issue(task=task, lines=asked, actor=acting("chenqiang"))


def _again_elsewhere(task: VerificationTask, *, seed: int, at: datetime) -> None:
    """One position reads too high: the reviewer has its meters tested again on another one."""
    odd = TaskDevice.objects.filter(
        task=task, record__position=ODD_POSITION, record__bench__barcode=ODD_BENCH
    ).select_related("device")
    found = list(odd.order_by("seq"))
    reason = f"{ODD_BENCH} 第 {ODD_POSITION} 表位误差普遍偏高，换表位复测"
    results_review(
        task=task,
        agreed=[],
        seen_digest=digest_of([]),
        returned={row.pk: reason for row in found},
        actor=acting("wangfang"),
    )
    bench = Device.objects.get(barcode="BZ0001")
    load = load_make(task=task, bench=bench, actor=acting("zhangwei"))
    for row in found:
        load_put(load=load, code=row.device.barcode, actor=acting("zhangwei"))
    measure(load, seed=seed, at=at, shape=EVEN)  # they carry their seals


def _what_failed(lot: Lot, task: VerificationTask) -> None:
    """What failed goes back to the maker; what is outside the company's band still lies here."""
    failed = Device.objects.filter(lot=lot, state=DeviceState.UNQUALIFIED).order_by("barcode")
    order = return_make(
        lot=lot, device_ids=list(failed.values_list("pk", flat=True)), kind=ReturnKind.FAILED,
        reason=f"全检不合格，见检定任务 {task.number} 不合格清单", actor=acting("zhaolei"),
    )  # fmt: skip
    return_notify(
        order=order, demand="按合同更换同型号新表", contact="计量中心 孙丽",
        answer_until_on=timezone.localdate() + timedelta(days=15), actor=acting("zhaolei"),
    )  # fmt: skip
