"""The archive of the centre: its fonds, volumes, single papers, an ended order, what has run out."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils import timezone

from dianheng.documents.contents import TEXT
from dianheng.documents.models import StoredFile
from dianheng.documents.services import file_store
from dianheng.office.models import ArchivePiece, Fonds
from dianheng.office.rules import PieceFacts
from dianheng.office.services import (
    destruction_apply,
    destruction_carry,
    fonds_set,
    piece_file,
    process_archive,
    volume_check,
    volume_close,
    volume_open,
)
from dianheng.workflow.models import FormDraft, ProcessInstance
from dianheng.workflow.services import task_complete

from .company import acting, unit

KEEPER = "hanxue"


def _text(name: str, text: str) -> tuple[StoredFile, str, str]:
    actor: Any = acting(KEEPER)
    kept = file_store(chunks=[text.encode()], name=name, media_type=TEXT, actor=actor)
    return kept, name, TEXT


def the_archive() -> None:
    """What the office of the centre has filed so far."""
    keeper: Any = acting(KEEPER)
    second: Any = acting("qianwen")
    own = fonds_set(
        number="Z012", name="临江市供电公司计量中心", unit_id=unit("3540001").pk, actor=keeper
    )
    for title, doc_no, dated_on, keywords, secrecy, text in (
        ("2026 年周期检定计划", "计量〔2026〕3 号", date(2026, 1, 15), ("计划", "周期检定"), "internal",
         "全年周期检定电能表 42000 只，互感器 1800 台，按月均衡安排。"),
        ("封印领用与销毁管理办法", "计量〔2026〕11 号", date(2026, 3, 2), ("制度", "封印"), "public",
         "封印实行一封一号，领用、施封、拆封、销毁全过程登记。"),
        ("2026 年电能表招标技术评分底稿", "计量商〔2026〕2 号", date(2026, 5, 20), ("招标",), "business",
         "商业秘密★3年\n各投标人技术评分与评审意见。"),
    ):  # fmt: skip
        facts = PieceFacts(
            title=title, responsible="临江市供电公司计量中心", dated_on=dated_on, secrecy=secrecy, category="WS",
            year=2026, retention="D30", doc_no=doc_no, keywords=keywords, sheets=4,
        )  # fmt: skip
        piece_file(fonds=own, facts=facts, actor=keeper, kept=[_text(f"{title}.txt", text)])
    volume = volume_open(
        fonds=own, title="2026-01 批次电能表到货验收", category="ZY", year=2026, retention="D10",
        secrecy="internal", shelf="B-03-2", actor=keeper,
    )  # fmt: skip
    for title, dated_on, text in (
        ("到货验收单", date(2026, 9, 8), "到货数量与装箱清单一致，外包装完好。"),
        ("抽样检验报告", date(2026, 9, 15), "抽检样本 80 只，基本误差、潜动、起动全部合格，建议接收。"),
        ("两部门验收意见", date(2026, 9, 16), "技术部门、资产部门一致同意接收。"),
    ):  # fmt: skip
        facts = PieceFacts(
            title=title, responsible="临江市供电公司计量中心", dated_on=dated_on, secrecy="internal",
            keywords=("验收",), sheets=2,
        )  # fmt: skip
        kept = [_text(f"{title}.txt", text)]
        piece_file(fonds=own, facts=facts, actor=keeper, kept=kept, volume=volume)
    volume_close(volume=volume, remark="本卷共 3 件，原件齐全。", actor=keeper)
    volume_check(volume=volume, actor=second)
    ended = ProcessInstance.objects.filter(state="done").order_by("pk").first()
    if ended is not None and ended.ended_at is not None:
        facts = PieceFacts(
            title=ended.title, responsible=ended.unit.name, dated_on=timezone.localdate(ended.ended_at), secrecy="internal",
            category="WS", year=ended.ended_at.year, retention="D10", doc_no=ended.number, keywords=("工单",),
        )  # fmt: skip
        process_archive(instance=ended, fonds=own, facts=facts, actor=keeper)
    run_out(own)


def run_out(own: Fonds) -> None:
    """Old papers, entered when the cellar was looked through, whose ten years are over.

    Those of 2013 and 2014 were destroyed by approval, those of 2015 wait for the decision, one of
    2015 was found afterwards.
    """
    keeper: Any = acting(KEEPER)
    today = timezone.localdate().isoformat()

    def old(title: str, day: date, sheets: int, volume: Any = None) -> ArchivePiece:
        facts = PieceFacts(
            title=title, responsible="临江市供电公司计量中心", dated_on=day, secrecy="internal", category="WS",
            year=day.year, retention="D10", sheets=sheets, remark="2026 年清点库房时补录",
        )  # fmt: skip
        text = f"{title}（扫描件文字），共 {sheets} 页。"
        return piece_file(
            fonds=own, facts=facts, actor=keeper, kept=[_text(f"{title}.txt", text)], volume=volume
        )

    bound = volume_open(
        fonds=own, title="2014 年度检定室值班与温湿度记录", category="WS", year=2014, retention="D10",
        secrecy="internal", shelf="D-01-4", actor=keeper,
    )  # fmt: skip
    gone = [
        old("2013 年度车辆使用登记", date(2013, 12, 31), 62),
        old("2013 年度会议室使用登记", date(2013, 12, 31), 18),
        old("2014 年度值班记录", date(2014, 12, 31), 240, bound),
        old("2014 年度检定室温湿度记录", date(2014, 12, 31), 365, bound),
    ]
    volume_close(volume=bound, remark="本卷共 2 件。", actor=keeper)
    volume_check(volume=bound, actor=acting("qianwen"))
    due = [
        old("2015 年度周转箱进出登记", date(2015, 12, 31), 96),
        old("2015 年度办公用品领用登记", date(2015, 12, 31), 44),
    ]
    old("2015 年度来访登记", date(2015, 12, 31), 30)
    ended = _destroy(gone, (
        ("apply", KEEPER, {"reason": "保管期限已满 10 年，无继续利用记录。"}),
        ("appraise", "sunli", {
            "conclusion": "destroy", "basis": "均为日常事务记录，检定原始记录另行保存，无保存价值。", "appraised_on": today,
        }),
        ("review", "qianwen", {"opinion": "agree", "reason": "清册与实物核对一致。"}),
        ("approve", "liujing", {"opinion": "agree", "reason": "同意销毁。"}),
        ("carry", KEEPER, {
            "method": "pulp", "destroyed_on": today, "place": "临江市造纸厂化浆车间", "remark": "两名监销人全程押运。",
        }),
        ("witness_1", "gaoyan", {"witnessed": "yes"}),
        ("witness_2", "tanghui", {"witnessed": "yes", "remark": "销毁过程照片已存。"}),
    ))  # fmt: skip
    destruction_carry(instance=ended, actor=keeper)
    _destroy(due, (
        ("apply", KEEPER, {"reason": "保管期限已满 10 年。"}),
        ("appraise", "sunli", {"conclusion": "destroy", "basis": "无保存价值。", "appraised_on": today}),
    ))  # fmt: skip


def _destroy(
    pieces: list[ArchivePiece], steps: Sequence[tuple[str, str, dict[str, str]]]
) -> ProcessInstance:
    """Ask for the destruction of these pieces, and let people do the first steps."""
    made = destruction_apply(pieces=pieces, actor=acting(KEEPER))
    for step, who, data in steps:
        task = made.tasks.get(task=step)
        drafts = FormDraft.objects.filter(task=task).values_list("data", flat=True)
        task_complete(task=task, data={**(drafts.first() or {}), **data}, actor=acting(who))
    made.refresh_from_db()
    return made
