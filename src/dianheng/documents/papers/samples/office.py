"""Samples of the office: the plan of a month through its hands, a volume of the archive."""

from datetime import date

from dianheng.documents.papers.schema import (
    ApprovalSheet,
    ArchiveLine,
    ArchiveList,
    FileLine,
    FilledForm,
    StepLine,
)

from .parts import BODY, moment


def approval() -> ApprovalSheet:
    """The plan of a month, sent back once, approved."""
    return ApprovalSheet(
        number="YJ2026-000012",
        created_at=moment("2026-11-30T16:40:00"),
        body=BODY,
        process="月度工作计划",
        subject="2026 年 12 月工作计划",
        unit="计量中心",
        started_by="何晓雯",
        started_at=moment("2026-11-20T08:00:00"),
        state="办结",
        forms=(
            FilledForm(
                heading="汇总",
                fields=(("说明", "四个科室均已上报。"),),
                tables=(
                    (
                        "汇总计划",
                        ("科室", "工作内容", "责任人", "完成时间"),
                        (
                            ("检定", "2026-02 批次全检收尾", "沈国梁", "2026-12-12"),
                            ("库房", "一级库年末盘点", "吴桂芳", "2026-12-25"),
                        ),
                    ),
                ),
            ),
        ),
        files=(
            FileLine(
                name="年末盘点方案.pdf", size="182.4 KB", by="吴桂芳",
                at=moment("2026-11-22T10:05:00"), digest="c41d" * 16, text="一级库，分三组",
            ),
        ),
        steps=(
            StepLine(
                step="主任审核", name="钱文博", post="办公室主任", at=moment("2026-11-24T09:12:00"),
                opinion="退回", text="漏列资产科室的计划。",
            ),
            StepLine(
                step="主任审核", name="钱文博", post="办公室主任", at=moment("2026-11-25T10:02:00"),
                opinion="同意", digest="5b1d" * 16,
            ),
            StepLine(
                step="领导审核", name="沈国梁", post="计量中心主任", on_behalf_of="刘建平",
                at=moment("2026-11-26T15:31:00"), opinion="同意", text="请补充冬季现场安全检查。", digest="9c07" * 16,
            ),
        ),
    )  # fmt: skip


def volume(kind_has_title: bool = True) -> ArchiveList:
    """A volume of three records of a lot, closed and checked; without title: a catalogue."""
    return ArchiveList(
        number="Z012-ZY·2026-D30-0003" if kind_has_title else "Z012-ZY·2026-D30",
        created_at=moment("2026-11-30T17:00:00"), body=BODY, fonds="Z012 江州市供电公司",
        category="专业", year="2026", retention="30年", secrecy="内部",
        title="2026-02 批次电能表全检验收" if kind_has_title else "", shelf="B-03-2",
        lines=(
            ArchiveLine(
                number="Z012-ZY·2026-D30-0003-001", doc_no="CB3-2026-000004", responsible="江州市供电公司计量中心",
                title="2026-02 批次抽样检验报告", dated_on=date(2026, 10, 20), secrecy="内部", sheets=6,
            ),
            ArchiveLine(
                number="Z012-ZY·2026-D30-0003-002", responsible="技术专责", title="两部门验收意见",
                dated_on=date(2026, 10, 22), secrecy="内部", sheets=2, remark="附签字原件",
            ),
            ArchiveLine(
                number="Z012-ZY·2026-D30-0003-003", doc_no="PH3-2026-000002", responsible="检定班",
                title="批次检定汇总表", dated_on=date(2026, 11, 12), secrecy="内部",
            ),
        ),
        situation="共 3 件，原件齐全。第 2 件附签字原件一份。" if kind_has_title else "",
        made_by="韩雪", made_on=date(2026, 11, 28), checked_by="钱文博", checked_on=date(2026, 11, 30),
    )  # fmt: skip
