"""Processes in each stage: orders, the plan of the month, scrapping, a doubt, a corrective action."""

from typing import Any

from dianheng.identity.services import system_actor
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.services import instance_start, pack_load, task_complete, task_send_back

from .company import acting, unit


def _begin(who: str, unit_code: str, **apply: Any) -> ProcessInstance:
    return _start("work-order", who, unit_code, apply["subject"], **apply)


def _start(code: str, who: str, unit_code: str, title: str, **first: Any) -> ProcessInstance:
    made = instance_start(code=code, unit=unit(unit_code), title=title, actor=acting(who))
    _do(made, who, **first)
    return made


def _do(order: ProcessInstance, who: str, **data: Any) -> None:
    task_complete(task=order.tasks.latest("pk"), data=data, actor=acting(who))


def all_processes() -> None:
    """Bring the packs that ship into force, and begin some of each kind."""
    for folder in shipped_folders():
        pack_load(folder=folder, actor=system_actor("command"))
    work_orders()
    office_month()
    other_processes()


def work_orders() -> None:
    """Four orders: one ended, one at work, one to be decided, one sent back."""
    done = _begin(
        "zhoumin", "3540001", subject="更换周转箱标签", kind="repair",
        content="KF1 货架 20 只周转箱标签磨损，扫码困难，需重新打印粘贴。", wanted_by="2026-11-20",
    )  # fmt: skip
    _do(done, "liujing", opinion="agree", reason="同意，本周内完成。")
    _do(
        done,
        "zhoumin",
        began_on="2026-11-17",
        done_on="2026-11-18",
        people="周敏、李娜",
        hours="4",
        result="20 只周转箱标签已更换，扫码正常。",
    )
    _do(done, "liujing", opinion="agree")
    working = _begin(
        "zhangwei", "3540001", subject="2 号检定台第 17 表位接触不良", kind="fault",
        content="第 17 表位误差持续偏高，疑电流接线端子接触不良，请检修并复核。",
    )  # fmt: skip
    _do(working, "liujing", opinion="agree", reason="先停用该表位，检修后用标准表复核。")
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


def office_month() -> None:
    """The plan of December is with the head of the office; it was sent back once."""
    plan = _start(
        "plan-month", "hanxue", "3540001", "2026 年 12 月工作计划", month="2026-12",
        due_on="2026-12-02", focus="年末库存盘点、到货批次全检、冬季现场安全。",
    )  # fmt: skip
    for who, matter, owner, due in (
        ("gaoyan", "2026-02 批次全检收尾并出具检定汇总", "高岩", "2026-12-12"),
        ("sunli", "抽检不合格批次与厂家约谈", "孙丽", "2026-12-10"),
        ("zhoumin", "一级库年末盘点", "周敏", "2026-12-25"),
    ):
        item = {"matter": matter, "owner": owner, "due_on": due}
        _do(plan, who, items=[item], last_month="上月计划均已完成。")
    _do(
        plan, "zhaolei", items=[{"matter": "超期库存复检计划", "owner": "赵磊", "due_on": "2026-12-15"}]
    )  # fmt: skip
    merged = [
        {"department": "检定", "matter": "2026-02 批次全检收尾", "owner": "高岩", "due_on": "2026-12-12"},
        {"department": "技术", "matter": "与厂家约谈", "owner": "孙丽", "due_on": "2026-12-10"},
        {"department": "库房", "matter": "一级库年末盘点", "owner": "周敏", "due_on": "2026-12-25"},
        {"department": "资产", "matter": "超期库存复检计划", "owner": "赵磊", "due_on": "2026-12-15"},
    ]  # fmt: skip
    _do(plan, "hanxue", items=merged[:3], summary="四个科室均已上报。")
    task_send_back(
        task=plan.tasks.latest("pk"), reason="漏列资产科室的计划。", actor=acting("qianwen")
    )
    _do(plan, "hanxue", items=merged, summary="已补充资产科室计划。")


def other_processes() -> None:
    """A scrapping to be approved, a doubt being tested, a corrective action at work."""
    scrap = _start(
        "scrap", "zhoumin", "3540001", "2015 年机械式电能表 36 只报废", reason="已淘汰型号，拆回后无利用价值。",
        value="0.00", devices=[{"model": "DD862-4", "years": "11", "reason": "型号淘汰"}],
    )  # fmt: skip
    _do(
        scrap, "sunli", conclusion="scrap", basis="机械式电能表已停用，误差超差。", appraised_on="2026-11-25"
    )  # fmt: skip
    doubt = _start(
        "meter-doubt", "fengjun", "3540001", "王建国申请校验", customer_no="3540100128", customer="王建国",
        phone="0523-88000000", device="3540001000202506000011", reason="10 月电量较上月增加一倍。", fee="0.00", taken_on="2026-11-26",
    )  # fmt: skip
    _do(doubt, "gaoyan", way="site", on="2026-11-30", witness="yes")
    action = _start(
        "corrective-action", "wangfang", "3540001", "检定室湿度记录缺一次", source="internal", found_on="2026-11-20",
        fact="11 月 18 日下午未记录温湿度。", clause="JJF 1069 环境条件", severity="general",
    )  # fmt: skip
    _do(
        action, "gaoyan", cause="交接班时无人负责。", correction="补充说明并复核当日记录。",
        measures=[{"matter": "温湿度计接入自动采集", "owner": "高岩", "due_on": "2026-12-20"}],
    )  # fmt: skip
    _do(action, "liujing", opinion="agree", reason="同意。")
