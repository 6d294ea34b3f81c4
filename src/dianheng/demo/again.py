"""Chapter: samples that the higher centre tests, and a rejected lot that the maker sorted."""

from pathlib import Path

from django.conf import settings
from django.utils import timezone

from dianheng.supply import services as supply
from dianheng.supply.models import InspectionLot, SampleDevice, SentSample
from dianheng.supply.seeds import write_xlsx
from dianheng.supply.services.sent import sent_list, sent_list_heads

from .company import acting
from .stages import FIRST, STAGES, OrderOnItsWay, Stage
from .things import place

CENTRE = "江东省电力计量中心"
REPORTED = Stage("DD-2026-0116", "2026-11", "DDZY1808-Z", 180, "draw")
AWAY = Stage("DD-2026-0117", "2026-11", "DTZY1808-Z", 96, "draw")


def samples_at_the_centre(*, seed: int, password: str) -> None:
    """One sample has come back with its report and its lot is accepted; one is still there."""
    first = FIRST + sum(stage.quantity for stage in STAGES)
    number = len(STAGES)
    reported = OrderOnItsWay(REPORTED, first, number, seed, password)
    away = OrderOnItsWay(AWAY, first + REPORTED.quantity, number + 1, seed, password)
    reported.go()
    sent = _hand_over(reported.inspection)
    report_no = f"JDDL-CJ-{timezone.localdate():%Y}-0318"
    path = _report(sent, report_no)
    supply.sent_sample_report(
        sent=sent, report_no=report_no, report_on=timezone.localdate(), path=path, name=path.name,
        actor=acting("gaoyan"),
    )  # fmt: skip
    supply.sent_sample_back(sent=sent, actor=acting("gaoyan"))
    supply.sample_judge(inspection=reported.inspection, actor=acting("gaoyan"))
    supply.sampling_report_issue(inspection=reported.inspection, actor=acting("chenqiang"))
    reported.take_steps("technical", "accept")
    away.go()
    _hand_over(away.inspection)


def _hand_over(inspection: InspectionLot) -> SentSample:
    sent = supply.sent_sample_make(inspection=inspection, sent_to=CENTRE, actor=acting("gaoyan"))
    return supply.sent_sample_hand_over(
        sent=sent, received_by_name="收样室 顾敏", carrier="计量中心专车", actor=acting("gaoyan")
    )


def _report(sent: SentSample, report_no: str) -> Path:
    """The list that went with the sample, filled in by the centre: every device conforms."""
    today = timezone.localdate().isoformat()
    rows = [
        [str(rank), code, serial, "合格", "", "", "", "", today]
        for rank, code, serial in sent_list(sent)
    ]
    path = Path(settings.DATA) / "demo" / f"{report_no}.xlsx"
    return write_xlsx(path, rows, sent_list_heads(), title=f"{CENTRE} 抽样检验报告 {report_no}")


def lot_comes_again() -> None:
    """The maker exchanged what failed and sorted the rest: submitted again, tightened, accepted."""
    rejected = InspectionLot.objects.get(
        state="rejected", lot__tender_batch="2026-02", lot__model__code="DDZY1808-Z"
    )
    failing = SampleDevice.objects.filter(
        draw__inspection=rejected, results__nonconformities__isnull=False
    )
    order = rejected.return_order
    kept = set(failing.values_list("device_id", flat=True))
    back = [pk for pk in order.devices.values_list("device_id", flat=True) if pk not in kept]
    supply.return_come_back(
        order=order, place=place("KF1-DJ"), device_ids=back, actor=acting("zhoumin")
    )
    again = supply.inspection_resubmit(
        inspection=rejected, actor=acting("gaoyan"),
        statement=f"厂家逐只复核密钥状态，{len(kept)} 只不合格表留厂处理，见整改报告 HC-ZG-026",
    )  # fmt: skip
    supply.draw_publish(inspection=again, actor=acting("gaoyan"))
    supply.draw_close(inspection=again, actor=acting("gaoyan"))
    codes = SampleDevice.objects.filter(draw__inspection=again).order_by("rank")
    supply.sample_result_record(
        inspection=again, actor=acting("gaoyan"),
        results=[{"barcode": code} for code in codes.values_list("device__barcode", flat=True)],
    )  # fmt: skip
    again = supply.sample_judge(inspection=again, actor=acting("gaoyan"))
    for department, by, text in (
        ("technical", "sunli", "整改报告已审，加严抽检合格，同意接收"),
        ("asset", "zhaolei", "数量相符，同意接收"),
    ):
        again = supply.acceptance_decide(
            inspection=again, department=department, opinion="accept", text=text, actor=acting(by)
        )
