"""Chapter: qualified meters go onto shelves, to a county and to a fitter; one hand-over is open."""

from django.utils import timezone

from dianheng.assets.models import Device
from dianheng.warehouse.services import handover_receive, stock_reserve, stock_send, stock_take_in

from .company import acting, person
from .things import place


def into_boxes(device_ids: list[int], first_box: int) -> int:
    """Boxful by boxful into turnover boxes; returns the next free box."""
    box = first_box
    for start in range(0, len(device_ids), 12):
        stock_take_in(
            device_ids=device_ids[start : start + 12], place=place(f"ZX{box:06d}"),
            actor=acting("zhoumin"), basis="检定合格入库",
        )  # fmt: skip
        box += 1
    return box


def into_stock() -> None:
    """What was verified goes onto shelves; it goes out to the counties and the stations."""
    accepted_lot()
    qualified = list(
        Device.objects.filter(state="qualified", lot__tender_batch="2026-02", model__code="DDZY566-Z")
        .order_by("barcode").values_list("pk", flat=True)
    )  # fmt: skip
    into_boxes(qualified[:204], 1)
    stock_take_in(
        device_ids=qualified[204:],
        place=place("KF1-A02"),
        actor=acting("zhoumin"),
        basis="检定合格入库",
    )
    month = f"{timezone.localdate():%Y-%m}"
    _boxes_on_their_way(qualified, month)
    issued = stock_send(
        device_ids=qualified[10:16], purpose="issue", to_person=person("machao"), actor=acting("hejie"),
        basis="装表工单 ZB-20261118-07",
    )  # fmt: skip
    handover_receive(movement=issued, device_ids=qualified[10:16], actor=acting("machao"))
    # This one is open: 郑浩 finds it on his page.
    stock_send(
        box_ids=boxes(9, 12), purpose="distribute", to_place=place("KF2-YS"), actor=acting("zhoumin"),
        basis=f"{month} 配送计划 YS-02",
    )  # fmt: skip
    stock_reserve(device_ids=qualified[144:156], actor=acting("zhoumin"), basis="城关所 12 月新装")


def boxes(first: int, last: int) -> list[int]:
    """The turnover boxes of these numbers."""
    return [place(f"ZX{number:06d}").pk for number in range(first, last + 1)]


def _boxes_on_their_way(qualified: list[int], month: str) -> None:
    """Eight boxes to the county; four of them on to a station, where one lacks a meter."""
    sent = stock_send(
        box_ids=boxes(1, 8), purpose="distribute", to_place=place("KF2-QH"), actor=acting("zhoumin"),
        basis=f"{month} 配送计划 QH-01",
    )  # fmt: skip
    handover_receive(movement=sent, box_ids=boxes(1, 8), actor=acting("wubo"))
    sent = stock_send(
        box_ids=boxes(1, 4), purpose="distribute", to_place=place("KF3-CG"), actor=acting("wubo"),
        basis=f"{month} 配送计划 CG-03",
    )  # fmt: skip
    stranger = Device.objects.get(pk=qualified[200])  # of another box, it came along by mistake
    handover_receive(
        movement=sent, box_ids=boxes(1, 3), device_ids=qualified[36:47], extra=[stranger.barcode],
        damaged={qualified[5]: "表盖有裂纹"}, actor=acting("hejie"),
        note="4 号箱少 1 只，已通知清河库；另有 1 只不在本单上",
    )  # fmt: skip


def accepted_lot() -> None:
    """The lot of 3,000: onto the shelf, to both counties, on to their stations."""
    lot = Device.objects.filter(lot__tender_batch="2026-01", model__code="DDZY1808-Z")
    qualified = list(
        lot.filter(state="qualified").order_by("barcode").values_list("pk", flat=True)
    )  # fmt: skip
    stock_take_in(
        device_ids=qualified, place=place("KF1-A02"), actor=acting("zhoumin"), basis="检定合格入库"
    )
    failed = list(
        lot.filter(state__in=["unqualified", "outside_control"]).values_list("pk", flat=True)
    )
    stock_take_in(
        device_ids=failed, place=place("KF1-BH"), actor=acting("zhoumin"), basis="检定不合格、内控不合格隔离",
    )  # fmt: skip
    month = f"{timezone.localdate():%Y-%m}"
    at = 0
    for giver, store, count, receiver in (
        ("zhoumin", "KF2-QH", 600, "wubo"),
        ("zhoumin", "KF2-YS", 480, "zhenghao"),
        ("zhoumin", "KF3-LL", 96, "wubo"),
        ("zhoumin", "KF3-DP", 84, "zhenghao"),
        ("zhoumin", "KF3-NW", 60, "zhenghao"),
    ):
        part = qualified[at : at + count]
        _hand_over(part, giver, store, receiver, f"{month} 配送计划 {store[-2:]}-03")
        at += count
    # These wait for 吴波 and, two steps on, for the fitter 马超.
    stock_send(
        device_ids=qualified[at : at + 36], purpose="distribute", to_place=place("KF2-QH"),
        actor=acting("zhoumin"), basis=f"{month} 配送计划 QH-04",
    )  # fmt: skip
    # From the county's store on to a station.
    _hand_over(qualified[:120], "wubo", "KF3-CG", "hejie", f"{month} 配送计划 CG-05")
    stock_send(
        device_ids=qualified[:8], purpose="issue", to_person=person("machao"), actor=acting("hejie"),
        basis="装表工单 ZB-20261124-02",
    )  # fmt: skip


def _hand_over(devices: list[int], giver: str, store: str, receiver: str, basis: str) -> None:
    sent = stock_send(
        device_ids=devices, purpose="distribute", to_place=place(store), actor=acting(giver), basis=basis,
    )  # fmt: skip
    handover_receive(movement=sent, device_ids=devices, actor=acting(receiver))
