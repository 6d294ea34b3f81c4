"""Chapter 1: the company, its people, posts and authorisations. All names are invented."""

from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatch

from django.utils import timezone

from dianheng.documents.services import issuing_body_set
from dianheng.identity.models import Person, Unit
from dianheng.identity.registry import all_rights
from dianheng.identity.selectors import person_by_login, unit_by_code
from dianheng.identity.services import (
    actor_for_person,
    delegation_make,
    person_make,
    post_define,
    post_hold,
    qualification_grant,
    system_actor,
    unit_make,
    use_note,
)

UNITS = [
    # code, name, kind, code of the unit above
    ("35400", "临江市供电公司", "city", ""),
    ("3540001", "计量中心", "centre", "35400"),
    ("354000101", "检定一班", "team", "3540001"),
    ("3540002", "物资部", "department", "35400"),
    ("3540010", "清河县供电公司", "county", "35400"),
    ("354001001", "城关供电所", "station", "3540010"),
    ("354001002", "柳林供电所", "station", "3540010"),
    ("3540020", "云山县供电公司", "county", "35400"),
    ("354002001", "东坪供电所", "station", "3540020"),
    ("354002002", "南湾供电所", "station", "3540020"),
]
POSTS = {
    # code: (name, patterns of rights)
    "ADMIN": ("系统管理员", ["identity.*", "audit.*", "jobs.*", "assets.view", "assets.master", "documents.body", "workflow.packs"]),
    "HEAD": ("计量中心主任", ["*.view*", "identity.except", "identity.delegate", "documents.*", "verification.approve*", "supply.resume", "audit.view", "workflow.manage"]),
    "METROLOGIST": ("计量师", ["*.view*", "verification.plan", "verification.laboratory", "verification.confirm_rules", "analysis.*", "supply.inspect", "identity.qualify", "assets.master", "documents.print"]),
    "VERIFIER": ("检定员", ["assets.view", "warehouse.receive", "verification.view", "verification.test", "verification.upload", "seals.*", "documents.view", "documents.print", "warehouse.view", "supply.view"]),
    "CHECKER": ("核验员", ["assets.view", "verification.view", "verification.review", "documents.view", "documents.print", "seals.view", "supply.view"]),
    "SIGNATORY": ("授权签字人", ["assets.view", "verification.view", "verification.review", "verification.approve", "documents.*", "seals.view", "supply.view"]),
    "TECHNICAL": ("技术专责", ["assets.*", "supply.view", "supply.decide_technical", "supply.resume", "verification.view*", "documents.view", "documents.print", "documents.issue", "warehouse.view"]),
    "ASSETS": ("资产专责", ["assets.*", "supply.view", "supply.order", "supply.deliver", "supply.decide_asset", "supply.return", "verification.view*", "warehouse.view", "seals.*", "documents.view", "documents.print", "documents.issue"]),
    "KEEPER": ("库房管理员", ["assets.view", "assets.enrol", "warehouse.*", "seals.*", "supply.view", "supply.receive", "documents.view", "documents.print"]),
    "FITTER": ("装表接电工", ["assets.view", "assets.install", "customers.view", "warehouse.view", "warehouse.receive", "seals.view"]),
    "FIELD": ("现场检验员", ["assets.view", "assets.install", "customers.*", "fieldwork.*", "seals.view", "documents.view", "documents.print"]),
    "OFFICE": ("办公室专责", ["archives.*", "planning.*", "regulations.*"]),
    "OFFICE_HEAD": ("办公室主任", ["archives.*", "planning.*", "regulations.*"]),
    "MARKETING": ("营销专责", ["assets.view", "documents.view"]),
    "DEPUTY": ("分管副经理", ["*.view*"]),
    "AUDITOR": ("审计监督", ["*.view*", "audit.view", "identity.view"]),
}  # fmt: skip
# Rights of their posts that these people have not used in four months.
NOT_USED = {("machao", "seals.view"), ("lina", "verification.upload"), ("yanming", "audit.view")}
EVERYBODY = ["workflow.view", "workflow.start", "planning.view"]


@dataclass(frozen=True)
class Role:
    """A person of the story, with the post held."""

    login: str
    name: str
    unit: str
    post: str
    post_unit: str


PEOPLE = [
    Role("luoming", "罗明", "35400", "ADMIN", "35400"),
    Role("liujing", "刘静", "3540001", "HEAD", "35400"),
    Role("gaoyan", "高岩", "3540001", "METROLOGIST", "35400"),
    Role("zhangwei", "张伟", "354000101", "VERIFIER", "3540001"),
    Role("lina", "李娜", "354000101", "VERIFIER", "3540001"),
    Role("wangfang", "王芳", "3540001", "CHECKER", "3540001"),
    Role("chenqiang", "陈强", "3540001", "SIGNATORY", "3540001"),
    Role("sunli", "孙丽", "3540001", "TECHNICAL", "3540001"),
    Role("zhaolei", "赵磊", "3540002", "ASSETS", "35400"),
    Role("zhoumin", "周敏", "3540001", "KEEPER", "3540001"),
    Role("wubo", "吴波", "3540010", "KEEPER", "3540010"),
    Role("zhenghao", "郑浩", "3540020", "KEEPER", "3540020"),
    Role("hejie", "何洁", "354001001", "KEEPER", "354001001"),
    Role("machao", "马超", "354001001", "FITTER", "354001001"),
    Role("tanghui", "唐慧", "35400", "AUDITOR", "35400"),
    Role("hanxue", "韩雪", "3540001", "OFFICE", "3540001"),
    Role("qianwen", "钱文", "3540001", "OFFICE_HEAD", "3540001"),
    Role("fengjun", "冯军", "35400", "MARKETING", "35400"),
    Role("yanming", "严明", "35400", "DEPUTY", "35400"),
    Role("qinling", "秦岭", "3540001", "FIELD", "35400"),
    Role("xuetao", "薛涛", "3540001", "FIELD", "35400"),
]


def person(login: str) -> Person:
    """A person of the story."""
    return person_by_login(login)


def acting(login: str) -> object:
    """That person as an actor."""
    return actor_for_person(person_by_login(login), via="command")


def unit(code: str) -> Unit:
    """A unit of the story."""
    return unit_by_code(code)


def found_company(password: str) -> None:
    """Units, posts, people with one password, authorisations, a stand-in, the head of papers."""
    actor = system_actor("command")
    for code, name, kind, above in UNITS:
        unit_make(
            code=code, name=name, kind=kind, actor=actor, parent=unit(above) if above else None
        )
    for code, (name, patterns) in POSTS.items():
        wanted = [*patterns, *EVERYBODY]
        rights = [r for r in all_rights() if any(fnmatch(r, p) for p in wanted)]
        post_define(code=code, name=name, rights=rights, actor=actor)
    from dianheng.identity.models import Post

    posts = {post.code: post for post in Post.objects.all()}
    started = date(2024, 1, 1)
    for number, role in enumerate(PEOPLE, 1):
        made = person_make(
            login=role.login, person_no=f"LJ{number:04d}", name=role.name, unit=unit(role.unit),
            password=password, actor=actor, must_change_password=False,
        )  # fmt: skip
        post_hold(
            person=made,
            post=posts[role.post],
            unit=unit(role.post_unit),
            valid_from=started,
            actor=actor,
        )
    today = timezone.localdate()
    for role in PEOPLE:
        for right in posts[role.post].rights:
            if (role.login, right) not in NOT_USED:
                for day in (today - timedelta(days=120), today):
                    use_note(person_id=person(role.login).pk, right=right, on=day)
    for login, kind, number in (
        ("zhangwei", "verifier", "(苏)检员-2023-0417"),
        ("lina", "verifier", "(苏)检员-2024-0108"),
        ("wangfang", "verifier", "(苏)检员-2019-0066"),
        ("wangfang", "checker", "LJ-HY-2024-03"),
        ("chenqiang", "signatory", "LJ-QZ-2024-01"),
    ):
        qualification_grant(
            person=person(login), kind=kind, number=number, issuer="江东省市场监督管理局" if kind == "verifier" else "临江市计量中心",
            valid_from=date(2024, 1, 1), actor=actor,
            # One is due soon, so that whoever keeps qualifications has something to renew.
            valid_through=today + timedelta(days=45 if login == "lina" else 700),
        )  # fmt: skip
    delegation_make(
        from_person=person("chenqiang"), to_person=person("liujing"), valid_from=today,
        valid_through=today + timedelta(days=14), reason="外出参加量值比对", actor=actor,
    )  # fmt: skip
    issuing_body_set(
        unit_id=unit("35400").pk, name="临江市供电公司计量中心", name_en="Linjiang Power Supply Company Metering Centre",
        department="", address="江东省临江市滨河路 18 号", post_code="225300", phone="0523-8800 1234",
        email="jlzx@example.com", actor=actor,
    )  # fmt: skip
