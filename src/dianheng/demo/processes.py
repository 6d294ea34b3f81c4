"""Processes in each stage: orders, the plan of the month, scrapping, a doubt, an acceptance by two departments."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from dianheng.assets.choices import DeviceState
from dianheng.assets.models import Device
from dianheng.fieldwork.models import FieldTask
from dianheng.fieldwork.services import check_record
from dianheng.identity.services import setting_change, system_actor
from dianheng.planning.models import Assignment
from dianheng.planning.services import assignment_done, resource_make
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.selectors import content_of
from dianheng.workflow.services import instance_start, pack_load, task_complete, task_send_back

from .company import acting, unit
from .field import CALIBRATOR, ON_SITE, THREE_WIRE


def _begin(who: str, unit_code: str, **apply: Any) -> ProcessInstance:
    return start("work-order", who, unit_code, apply["subject"], **apply)


def start(
    code: str, who: str, unit_code: str, title: str, about: str = "", /, **first: Any
) -> ProcessInstance:
    """Somebody begins a process and fills its first form in."""
    made = instance_start(
        code=code, unit=unit(unit_code), title=title, subject=about, actor=acting(who)
    )
    do(made, who, **first)
    return made


def do(order: ProcessInstance, who: str, **data: Any) -> None:
    """Somebody does the step that stands open."""
    task_complete(task=order.tasks.latest("pk"), data=data, actor=acting(who))


def all_processes() -> None:
    """Bring the packs that ship into force, and begin some of each kind."""
    for folder in shipped_folders():
        pack_load(folder=folder, actor=system_actor("command"))
    work_orders()
    month_before()
    office_month()
    bookings()
    other_processes()
    acceptances()


def work_orders() -> None:
    """Four orders: one ended, one at work, one to be decided, one sent back."""
    done = _begin(
        "zhoumin", "3540001", subject="更换周转箱标签", kind="repair",
        content="KF1 货架 20 只周转箱标签磨损，扫码困难，需重新打印粘贴。", wanted_by="2026-11-20",
    )  # fmt: skip
    do(done, "liujing", opinion="agree", reason="同意，本周内完成。")
    do(
        done,
        "zhoumin",
        began_on="2026-11-17",
        done_on="2026-11-18",
        people="周敏、李娜",
        hours="4",
        result="20 只周转箱标签已更换，扫码正常。",
    )
    do(done, "liujing", opinion="agree")
    working = _begin(
        "zhangwei", "3540001", subject="2 号检定台第 17 表位接触不良", kind="fault",
        content="第 17 表位误差持续偏高，疑电流接线端子接触不良，请检修并复核。",
    )  # fmt: skip
    do(working, "liujing", opinion="agree", reason="先停用该表位，检修后用标准表复核。")
    _begin(
        "machao", "354001001", subject="城关所 3 号楼表箱进水", kind="repair",
        content="三楼集中表箱顶部渗水，需更换箱体密封条并检查接线。", place="清河县城关镇滨河路 3 号楼", wanted_by="2026-12-04",
    )  # fmt: skip
    returned = _begin(
        "hejie",
        "354001001",
        subject="三级库货架移位",
        kind="move",
        content="货架靠窗受潮，需移位。",
    )
    task_send_back(
        task=returned.tasks.latest("pk"),
        reason="请写明移到何处、需要几人。",
        actor=acting("liujing"),
    )


DEPARTMENTS = ("gaoyan", "sunli", "zhoumin", "zhaolei")


def month_before() -> None:
    """The plan of November with its meeting: of three tasks two are done."""
    plan = start(
        "plan-month", "hanxue", "3540001", "2026 年 11 月工作计划", month="2026-11",
        due_on="2026-11-02", focus="四季度到货批次检定、标准器送检。",
    )  # fmt: skip
    rows = [
        {"matter": "2 号检定台标准表送检", "owner": "孙丽", "due_on": "2026-11-20"},
        {"matter": "超期库存电能表清点", "owner": "周敏", "due_on": "2026-11-25"},
        {"matter": "检定室温湿度自动采集方案", "owner": "高岩", "due_on": "2026-12-10"},
    ]
    for who in DEPARTMENTS:
        do(plan, who, items=rows[:1], last_month="上月计划均已完成。")
    do(plan, "hanxue", items=rows, summary="四个科室均已上报。")
    do(plan, "qianwen", opinion="agree")
    do(plan, "liujing", opinion="agree")
    do(
        plan, "hanxue", held_on="2026-11-04", place="三楼会议室", chair="刘静",
        present="刘静、钱文、高岩、孙丽、周敏、赵磊、韩雪", discussed="通报 10 月检定质量，布置四季度重点工作。",
        tasks=rows,
    )  # fmt: skip
    for who in DEPARTMENTS:
        do(plan, who, remark="已阅")
    given = {one.owner.login: one for one in Assignment.objects.select_related("owner")}
    for who, result in (
        ("sunli", "已送省院，证书 11 月 18 日取回。"),
        ("zhoumin", "清点 412 只，已列复检计划。"),
    ):
        assignment_done(assignment=given[who], result=result, actor=acting(who))


def bookings() -> None:
    """Vehicles, rooms and instruments: one given back, one out, one to be handed out, one asked for."""
    for code, name, kind, remark in (
        ("苏F·J3021", "计量抢修车", "vehicle", "5 座，带升降平台，停于中心北院。"),
        ("苏F·J3056", "皮卡", "vehicle", "可运 40 只周转箱。"),
        ("HY-301", "三楼会议室", "room", "24 座，投影、视频会议。"),
        ("HY-105", "一楼培训室", "room", "60 座。"),
        ("YQ-017", "现场校验仪 ST9001", "instrument", "0.05 级，证书至 2027 年 3 月。"),
        ("YQ-021", "钳形相位表", "instrument", "三相，配 4 只钳。"),
    ):
        resource_make(
            code=code, name=name, kind=kind, unit=unit("3540001"), remark=remark,
            actor=system_actor("command"),
        )  # fmt: skip

    def book(
        who: str, resource: str, title: str, days: int, first: str, last: str
    ) -> ProcessInstance:
        day = timezone.localdate() + timedelta(days=days)
        return start(
            "resource-booking", who, "3540001", title, resource=resource, purpose=title,
            from_at=f"{day} {first}", to_at=f"{day} {last}",
        )  # fmt: skip

    done = book("sunli", "苏F·J3021", "柳林所高损台区核查", -3, "08:30", "17:30")
    do(done, "qianwen", opinion="agree")
    do(done, "hanxue", lent_on="2026-11-27", condition="车况良好", mileage="48210")
    do(
        done,
        "hanxue",
        returned_on="2026-11-27",
        condition="完好，已加油",
        mileage="48296",
        damaged="no",
    )
    out = book("zhangwei", "YQ-017", "城关所现场校验", 0, "08:30", "17:30")
    do(out, "qianwen", opinion="agree")
    do(out, "hanxue", lent_on="2026-11-30", condition="附件齐全")
    agreed = book("gaoyan", "HY-301", "检定质量分析会", 1, "14:00", "16:30")
    do(agreed, "qianwen", opinion="agree")
    book("zhoumin", "苏F·J3056", "向清河县库送表", 2, "08:30", "12:00")


def office_month() -> None:
    """The plan of December is with the head of the office; it was sent back once."""
    plan = start(
        "plan-month", "hanxue", "3540001", "2026 年 12 月工作计划", month="2026-12",
        due_on="2026-12-02", focus="年末库存盘点、到货批次全检、冬季现场安全。",
    )  # fmt: skip
    for who, matter, owner, due in (
        ("gaoyan", "2026-02 批次全检收尾并出具检定汇总", "高岩", "2026-12-12"),
        ("sunli", "抽检不合格批次与厂家约谈", "孙丽", "2026-12-10"),
        ("zhoumin", "一级库年末盘点", "周敏", "2026-12-25"),
    ):
        item = {"matter": matter, "owner": owner, "due_on": due}
        do(plan, who, items=[item], last_month="上月计划均已完成。")
    do(
        plan, "zhaolei", items=[{"matter": "超期库存复检计划", "owner": "赵磊", "due_on": "2026-12-15"}]
    )  # fmt: skip
    merged = [
        {"department": "检定", "matter": "2026-02 批次全检收尾", "owner": "高岩", "due_on": "2026-12-12"},
        {"department": "技术", "matter": "与厂家约谈", "owner": "孙丽", "due_on": "2026-12-10"},
        {"department": "库房", "matter": "一级库年末盘点", "owner": "周敏", "due_on": "2026-12-25"},
        {"department": "资产", "matter": "超期库存复检计划", "owner": "赵磊", "due_on": "2026-12-15"},
    ]  # fmt: skip
    do(plan, "hanxue", items=merged[:3], summary="四个科室均已上报。")
    task_send_back(
        task=plan.tasks.latest("pk"), reason="漏列资产科室的计划。", actor=acting("qianwen")
    )
    do(plan, "hanxue", items=merged, summary="已补充资产科室计划。")


def other_processes() -> None:
    """A scrapping to be approved, a doubt being tested, a corrective action at work."""
    unfit = Device.objects.filter(unit=unit("3540001"), state=DeviceState.UNQUALIFIED)
    found = unfit.select_related("model").order_by("barcode")[:6]
    if found:
        devices = [
            {"device": one.barcode, "model": one.model.code, "reason": "检定不合格"}
            for one in found
        ]
        scrap = start(
            "scrap", "zhoumin", "3540001", f"不合格电能表 {len(devices)} 只报废",
            reason="检定不合格，已过返厂期限，无修复价值。", value="0.00", devices=devices,
        )  # fmt: skip
        do(
            scrap, "sunli", count=str(len(devices)), conclusion="scrap",
            basis="基本误差超差，同批返厂已办结。", appraised_on="2026-11-25",
        )  # fmt: skip
    doubts()
    action = start(
        "corrective-action", "wangfang", "3540001", "检定室湿度记录缺一次", source="internal", found_on="2026-11-20",
        fact="11 月 18 日下午未记录温湿度。", clause="JJF 1069 环境条件", severity="general",
    )  # fmt: skip
    do(
        action, "gaoyan", cause="交接班时无人负责。", correction="补充说明并复核当日记录。",
        measures=[{"matter": "温湿度计接入自动采集", "owner": "高岩", "due_on": "2026-12-20"}],
    )  # fmt: skip
    do(action, "liujing", opinion="agree", reason="同意。")


def doubts() -> None:
    """Three doubted meters: one to be checked on site, one found wrong, one for arbitration."""
    today = timezone.localdate()
    for key, fee in (("single", "0.00"), ("three", "60.00")):
        setting_change(
            key=f"fieldwork.doubt_fee_{key}", value=fee, valid_from=date(today.year, 1, 1),
            reason="省发改委核定的检验费", actor=acting("luoming"),
        )  # fmt: skip

    def request(customer: str, days_ago: int, kind: str = "customer_request", **more: str) -> Any:
        return start(
            "meter-doubt", "fengjun", "3540001", f"{customer}申请校验", kind=kind, customer=customer,
            fee="60.00", taken_on=str(today - timedelta(days=days_ago)), **more,
        )  # fmt: skip

    def on_site(one: ProcessInstance, on: date) -> None:
        do(one, "gaoyan", way="site", on=str(on), leader="秦岭", second="薛涛", witness="yes")

    waits = request(
        "清河水泥有限公司", 1, customer_no="3540100128", phone="0523-88000000", device="354000290000",
        reason="10 月电量较上月增加一倍。",
    )  # fmt: skip
    on_site(waits, today + timedelta(days=2))
    wrong = request(
        "东坪灌区管理处", 4, customer_no="3540200457", phone="0523-88000001", device="354000290004",
        reason="停泵期间表仍走字。",
    )  # fmt: skip
    on_site(wrong, today)
    check_record(
        task=FieldTask.objects.get(origin=wrong.document),
        raw={**ON_SITE, **THREE_WIRE, "error_1": "3.14", "error_2": "3.10", "signer": "何水生"},
        done_at=max(wrong.started_at, timezone.now() - timedelta(hours=2)),
        calibrator_no=CALIBRATOR, actor=acting("xuetao"),
    )  # fmt: skip
    do(wrong, "zhangwei", seals="yes", damaged="no")
    do(wrong, "chenqiang", opinion="agree", reason="超差属实。")  # begins a metering fault
    disputed = request(
        "云山商业集团", 2, "arbitration", customer_no="3540200031", phone="0523-88000002",
        device="354000290003", reason="不认可现场检验结果，申请仲裁检定。",
    )  # fmt: skip
    do(disputed, "gaoyan", way="laboratory", on=str(today + timedelta(days=3)), witness="yes")


def acceptances() -> None:
    """Joint acceptances: one stored, one that waits for the materials department, one refused."""

    def sign(one: ProcessInstance, step: str, who: str, **data: Any) -> None:
        task_complete(task=one.tasks.filter(task=step).latest("pk"), data=data, actor=acting(who))

    good = {"as_ordered": "yes", "tested": "pass", "certificates": "none"}
    whole = {"counted": "yes", "whole": "yes", "papers": "yes"}
    boxes = start(
        "acceptance", "zhoumin", "3540001", "智能周转箱 200 只", kind="box", supplier="科源标准设备有限公司",
        contract="HT2026-106", arrived_on="2026-11-16", place="一级库待验区", is_damaged="no",
        goods=[{
            "name": "智能周转箱", "model": "ZZX-15", "maker": "科源", "serials": "ZZX26110001～0200", "quantity": "200",
            "papers": "合格证、出厂检验报告",
        }],
    )  # fmt: skip
    sign(boxes, "materials", "zhaolei", opinion="agree", warranty_through="2029-11-15", **whole)
    sign(
        boxes,
        "metering",
        "sunli",
        opinion="agree",
        reason="抽 10 只试装、扫码、入位均正常。",
        **good,
    )
    sign(boxes, "confirm", "liujing", opinion="agree", reason="同意入库。")
    sign(
        boxes, "put", "zhoumin", put_on=str(timezone.localdate()), where="store", store="一级库 周转箱区", keeper="周敏"
    )  # fmt: skip
    tools = start(
        "acceptance", "zhoumin", "3540001", "现场作业工器具一批", kind="tool", supplier="金电互感器有限公司",
        contract="HT2026-118", arrived_on="2026-11-27", place="一级库待验区", is_damaged="no",
        goods=[
            {"name": "绝缘螺丝刀", "model": "VDE 6×150", "maker": "金电", "quantity": "24", "papers": "合格证"},
            {"name": "低压验电器", "model": "0.4 kV", "maker": "金电", "serials": "YD2611-01～12", "quantity": "12", "papers": "合格证、耐压试验报告"},
        ],
    )  # fmt: skip
    sign(tools, "metering", "sunli", opinion="agree", **good | {"certificates": "valid"})
    meters = start(
        "acceptance", "zhoumin", "3540001", "钳形相位表 2 台", kind="instrument", supplier="南陵仪表有限公司",
        contract="HT2026-097", arrived_on="2026-11-20", place="仪器室", is_damaged="no",
        goods=[{
            "name": "钳形相位表", "model": "XW-3A", "maker": "南陵", "serials": "XW2611-07、08", "quantity": "2",
            "papers": "合格证、说明书",
        }],
    )  # fmt: skip
    sign(meters, "metering", "sunli", opinion="back", reason="缺校准证书，请厂家补齐。")
    again = {
        name: value for name, value in content_of(meters)["arrive"].items() if name != "quantity"
    }
    sign(meters, "arrive", "zhoumin", **again | {"remark": "校准证书已补，附后。"})
    sign(
        meters, "metering", "sunli", opinion="reject", as_ordered="yes", tested="fail", certificates="valid",
        reason="2 台相位误差 3.2°、2.9°，超过允许的 ±2°。",
    )  # fmt: skip
    sign(meters, "materials", "zhaolei", opinion="agree", **whole)
