"""Regulations of the centre: some of the trade and two of its own, what carries their clauses out.

The clauses say in our own words what the regulations ask; nothing is copied from them.
"""

from datetime import date
from typing import Any, NamedTuple

from dianheng.office.clauses import slug_of
from dianheng.office.models import ArchivePiece, Clause, Regulation, RegulationEdition
from dianheng.office.services import control_tie, edition_enter, regulation_enter

from .company import acting, unit
from .processes import do, start

KEEPER = "hanxue"
Ties = dict[str, list[tuple[str, str]]]  # clause -> kind and key of what carries it out


class Told(NamedTuple):
    """A regulation with its edition in force."""

    code: str
    title: str
    kind: str
    edition: str
    in_force_from: date
    text: str
    ties: Ties
    record: str = ""  # its full text in the archive


TRADE = (
    Told(
        "计量法", "中华人民共和国计量法", "law", "2018", date(2018, 10, 26),
        "第八条 单位自用的最高计量标准器具，由政府计量行政部门主持考核，合格后才能使用。\n"
        "第九条 贸易结算用的计量器具列入强制检定目录的，须经强制检定，未检定或检定不合格的不得使用。\n"
        "第十条 检定按国家计量检定系统表和计量检定规程进行。",
        {"第八条": [("page", "laboratory")],
         "第九条": [("paper", "verification_certificate"), ("paper", "qualification_mark")],
         "第十条": [("page", "rule_sets")]},
    ),
    Told(
        "供电营业规则", "供电营业规则", "department", "2024", date(2024, 6, 1),
        "第六章 用电计量与电费计收：计费电能表由供电企业按周期检验、轮换；用户认为不准，可以申请检验；误差超出允许范围的，退补电量。",
        {"第六章": [("process", "meter-doubt"), ("process", "metering-fault")]},
    ),
    Told(
        "JJG 596", "电子式交流电能表检定规程", "verification", "2012", date(2013, 4, 8),
        "4.1 基本误差：参比条件下，各负载点的相对误差不超过所属等级的误差限。\n"
        "6.4.3 潜动试验：加 115% 参比电压，电流线路无电流，规定时间内输出脉冲不多于一个。\n"
        "6.4.4 起动试验：通以起动电流，在规定时间内应起动并连续记录。\n"
        "6.5 检定周期：0.2S 级、0.5S 级一般不超过 6 年，1 级、2 级一般不超过 8 年。",
        {"4.1": [("limit", "JJG 596-2012/limits"), ("limit", "JJG 596-2012/load_points")],
         "6.4.3": [("limit", "JJG 596-2012/creep")],
         "6.4.4": [("limit", "JJG 596-2012/start_current_ratio")],
         "6.5": [("limit", "JJG 596-2012/periods")]},
    ),
    Told(
        "JJF 1033", "计量标准考核规范", "verification", "2023", date(2023, 9, 15),
        "4.3 环境条件及设施：环境条件满足检定规程要求，并有监控记录。\n"
        "4.5 文件集：每项计量标准有一套文件集，内容完整、及时更新。\n"
        "5.1 申请：有效期届满前六个月申请复查考核。",
        {"4.3": [("process", "corrective-action")],
         "4.5": [("page", "archive")],
         "5.1": [("limit", "JJF 1033-2023/measurement_standard_certificate"), ("limit", "JJF 1033-2023/periods")]},
    ),
    Told(
        "DL/T 448", "电能计量装置技术管理规程", "industry", "2016", date(2017, 5, 1),
        "6.1 分类：电能计量装置按电压等级和机组容量分为五类。\n"
        "8.3 现场检验：新投运的高压电能计量装置在带负荷运行一个月内首次检验；以后Ⅰ类六个月、Ⅱ类一年、Ⅲ类两年。",
        {"8.3": [("limit", "DL/T 448-2016/periods")]},
    ),
    Told(
        "Q/LJDL 107", "计量业务办理规范", "company", "2025", date(2025, 7, 1),
        "4.1 客户申校自受理起五个工作日内给出结论，通知客户。\n"
        "4.2 受理时登记户号、联系电话、表号和客户所述情况。\n"
        "4.3 现场检验双方在场，记录误差、封印和结论。\n"
        "5.1 车辆、会议室、仪器的借用先预约，出借与归还当面点清。",
        {"4.1": [("setting", "workflow.meter_doubt_days")],
         "4.2": [("form", "meter-doubt/request")],
         "4.3": [("form", "meter-doubt/test")],
         "5.1": [("process", "resource-booking")]},
    ),
)  # fmt: skip

SEALS = "Q/LJDL 112"
FILED = "计量〔2026〕11 号"  # the edition in force, in the archive
SEALS_OLD = (
    "第一条 封印一封一号，按号登记。\n"
    "第二条 领用封印填写纸质领用单，由库管员登记。\n"
    "第三条 每只电能表检定合格后加检定封印。\n"
    "第四条 旧封印每半年集中销毁一次。"
)
SEALS_NEW = (
    "第一条 封印一封一号，按号登记。\n"
    "第二条 领用封印逐枚扫码，由系统登记到人。\n"
    "第三条 每只电能表检定合格后加检定封印。\n"
    "第四条 旧封印每季度集中销毁一次，两人监销。\n"
    "第五条 封印丢失的，当日报告。"
)


def _regulation(told: Told) -> Regulation:
    keeper: Any = acting(KEEPER)
    made = regulation_enter(
        code=told.code, title=told.title, kind=told.kind, unit_id=unit("3540001").pk, actor=keeper
    )
    edition = edition_enter(
        regulation=made, edition=told.edition, in_force_from=told.in_force_from, text=told.text,
        record=told.record, actor=keeper,
    )  # fmt: skip
    _tie(edition, told.ties)
    return made


def _tie(edition: RegulationEdition, ties: Ties) -> None:
    keeper: Any = acting(KEEPER)
    clauses = {clause.number: clause for clause in edition.clauses.all()}
    for number, things in ties.items():
        for kind, key in things:
            control_tie(clause=clauses[number], kind=kind, key=key, actor=keeper)


def the_regulations() -> None:
    """What the office keeps; the rule on seals has a coming edition that leaves ties to settle."""
    for told in TRADE:
        _regulation(told)
    filed = ArchivePiece.objects.filter(doc_no=FILED).values_list("number", flat=True).first()
    rule = _regulation(
        Told(
            SEALS, "封印领用与销毁管理办法", "rule", "2026", date(2026, 4, 1), SEALS_OLD,
            {"第一条": [("page", "seals"), ("setting", "seals.register_unknown")],
             "第三条": [("setting", "seals.per_meter")],
             "第四条": [("process", "scrap")]},
            filed or "",
        )
    )  # fmt: skip
    keeper: Any = acting(KEEPER)
    form = Clause.objects.get(edition__regulation=rule, number="第二条")
    control_tie(clause=form, name="封印领用单（纸质）", actor=keeper)
    edition_enter(
        regulation=rule, edition="2027", in_force_from=date(2027, 1, 1), text=SEALS_NEW, actor=keeper
    )  # fmt: skip
    reading_of_the_rule()


def reading_of_the_rule() -> None:
    """A revision is issued; two have confirmed that they read it, the others have not."""
    revision = start(
        "regulation-revision", KEEPER, "3540001", "封印领用与销毁管理办法修订", f"regulation:{slug_of(SEALS)}", title="封印领用与销毁管理办法",
        number=SEALS, why="封印改为扫码领用，纸质领用单停用。", source="field",
        changes=[
            {"clause": "第二条", "before": "填写纸质领用单", "after": "逐枚扫码，登记到人"},
            {"clause": "第四条", "before": "每半年销毁一次", "after": "每季度销毁一次，两人监销"},
        ],
        applies="封印台账、旧封印销毁流程。",
    )  # fmt: skip
    for who in ("sunli", "gaoyan", "zhaolei"):
        do(revision, who, opinion="agree")
    do(revision, "liujing", opinion="agree", reason="同意发布。")
    do(revision, KEEPER, issued_on="2026-11-27", in_force_from="2027-01-01", number=f"{SEALS}-2027")
    for who in ("wangfang", "zhangwei"):
        do(revision, who, confirmed="yes")
