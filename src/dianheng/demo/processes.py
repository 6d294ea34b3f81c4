"""Work orders in each stage: written, decided, sent back, done."""

from typing import Any

from dianheng.identity.services import system_actor
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.services import instance_start, pack_load, task_complete, task_send_back

from .company import acting, unit


def _begin(who: str, unit_code: str, **apply: Any) -> ProcessInstance:
    made = instance_start(
        code="work-order", unit=unit(unit_code), title=apply["subject"], actor=acting(who)
    )
    _do(made, who, **apply)
    return made


def _do(order: ProcessInstance, who: str, **data: Any) -> None:
    task_complete(task=order.tasks.latest("pk"), data=data, actor=acting(who))


def work_orders() -> None:
    """Four orders: one ended, one at work, one to be decided, one sent back."""
    for folder in shipped_folders():
        pack_load(folder=folder, actor=system_actor("command"))
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
