"""Standards sent to the institute: one came back with its values, one is there, one goes next."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from dianheng.assets.choices import DeviceState
from dianheng.identity.services import system_actor
from dianheng.standards.choices import Found
from dianheng.standards.models import SendoutItem, SendoutOrder, SendoutPlan
from dianheng.standards.services import (
    sendout_costs_set,
    sendout_hand_over,
    sendout_order_make,
    sendout_order_save,
    sendout_plan_agree,
    sendout_plan_make,
    sendout_plan_save,
    sendout_receive,
    sendout_scan,
    standard_certify,
)

from .company import acting, unit
from .standards import ERRORS, INSTITUTE, negative
from .things import WORKING_STANDARD, enrol

RETURNED, AWAY, NEXT = "BZ0013", "BZ0022", "BZ0012"
CAME = timedelta(days=2)
COST_YUAN = Decimal("1280.00")
FACTS = {"accessories": "电源线1根、测试线3根、脉冲线1根", "condition": "外观完好，通电正常"}


def the_sendouts() -> None:
    """The standards engineer plans the quarter, and follows what went to the institute."""
    _spare_standards()
    plan = _agreed_plan()
    back = _left(plan, RETURNED)
    item = back.items.get()
    day = timezone.localdate() - timedelta(days=4)
    sendout_receive(
        order=back, lines={item.pk: {**FACTS, "accessories": "电源线1根、测试线2根、脉冲线1根", "found": Found.GOOD}},
        brought_by="赵立新", at=timezone.now() - CAME, actor=acting("gaoyan"),
    )  # fmt: skip
    standard_certify(
        device=item.device, number=f"DNBZ-{day.year}-0107", issuer=INSTITUTE, accuracy_class="0.05",
        higher_standard=WORKING_STANDARD, valid_from=day, valid_through=day + timedelta(days=364),
        takes_over=True, actor=acting("gaoyan"),
        values=[
            ["有功电能误差", f"220 V, {current}, {factor}", error, negative(error), "0.010", "2", "%"]
            for current, factor, error in ERRORS
        ],
    )  # fmt: skip
    sendout_costs_set(
        order=back, costs={item.pk: COST_YUAN}, invoice_no="26350000001234", actor=acting("gaoyan")
    )
    _left(plan, AWAY)


def _spare_standards() -> None:
    """A spare standard meter and a second clock tester, both due."""
    today = timezone.localdate()
    for code, model, name, span, uncertainty, days in (
        (
            RETURNED,
            "KY311",
            "三相标准电能表（备用）",
            "3×(57.7~380) V, 3×(0.01~120) A",
            "0.05 级",
            14,
        ),
        (AWAY, "KY60", "时钟测试仪 2#", "(−999~999) s/d", "0.01 s/d", 21),
    ):
        (device,) = enrol(
            [{"barcode": code, "serial_no": f"KY{code[2:]}25", "name": name, "measuring_range": span, "uncertainty": uncertainty, "position_count": ""}],
            model, state=DeviceState.IN_SERVICE, place_code="SYS2", unit_=unit("3540001"),
            actor=system_actor("command"),
        )  # fmt: skip
        last = today + timedelta(days=days)
        standard_certify(
            device=device, number=f"DNBZ-{last.year - 1}-{code[2:]}", issuer=INSTITUTE,
            higher_standard=WORKING_STANDARD, valid_from=last - timedelta(days=364),
            valid_through=last, actor=acting("gaoyan"),
        )  # fmt: skip


def _agreed_plan() -> SendoutPlan:
    """What ends within the quarter; the institute gave its days."""
    today = timezone.localdate()
    plan = sendout_plan_make(
        unit=unit("3540001"), title="本季度标准器送检计划", first_on=today - timedelta(days=30),
        last_on=today + timedelta(days=62), actor=acting("gaoyan"),
    )  # fmt: skip
    days = {RETURNED: -18, AWAY: -9, NEXT: 8}
    lines = {
        item.pk: {
            "appointed_on": today + timedelta(days=days.get(item.device.barcode, 20)),
            "cycle_months": 12,
        }
        for item in plan.items.select_related("device")
    }
    sendout_plan_save(plan=plan, lines=lines, actor=acting("gaoyan"))
    return sendout_plan_agree(plan=plan, actor=acting("gaoyan"))


def _left(plan: SendoutPlan, barcode: str) -> SendoutOrder:
    """One standard of the plan is listed, scanned and handed over on the day that was given."""
    actor = acting("gaoyan")
    item = SendoutItem.objects.get(plan=plan, device__barcode=barcode)
    order = sendout_order_make(
        unit=plan.unit, body=INSTITUTE, item_ids=[item.pk], actor=actor,
        expected_on=timezone.localdate() + timedelta(days=5),
    )  # fmt: skip
    sendout_order_save(order=order, lines={item.pk: FACTS}, actor=actor)
    sendout_scan(order=order, scans=[{"key": f"demo-{barcode}", "code": barcode}], actor=actor)
    assert isinstance(item.appointed_on, date)
    days = timezone.localdate() - item.appointed_on
    return sendout_hand_over(
        order=order, receiver="省计量院收发室 周敏", carrier="赵立新", at=timezone.now() - days,
        actor=actor,
    )  # fmt: skip
