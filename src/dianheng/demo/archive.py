"""The archive of the centre: its fonds, a volume of an acceptance, single papers, an ended order."""

from datetime import date
from typing import Any

from django.utils import timezone

from dianheng.documents.contents import TEXT
from dianheng.documents.models import StoredFile
from dianheng.documents.services import file_store
from dianheng.office.rules import PieceFacts
from dianheng.office.services import (
    fonds_set,
    piece_file,
    process_archive,
    volume_check,
    volume_close,
    volume_open,
)
from dianheng.workflow.models import ProcessInstance

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
