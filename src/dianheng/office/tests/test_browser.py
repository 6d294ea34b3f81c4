"""Pages of the office in a browser: accessible, wide and narrow, in both languages."""

from datetime import date

import pytest
from playwright.sync_api import expect

from dianheng.documents.tests.sent import PNG, docx, sent
from dianheng.identity.models import Person
from dianheng.identity.tests.factories import metering_centre, person_with
from dianheng.office.services import control_tie, files_add
from dianheng.workflow.services import instance_start
from dianheng.workflow.tests.factories import verifier, work_order

from .factories import filed, open_volume
from .test_regulations import SECOND, editor, entered, rule

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = [
    "archive/", "archive/new/", "archive/fonds/", "archive/retention/", "archive/catalogue/", "archive/volumes/",
    "archive/volumes/new/", "archive/volumes/{volume}/", "archive/volumes/{volume}/close/", "archive/pieces/{piece}/",
    "archive/pieces/{piece}/correct/", "archive/pieces/{piece}/files/{file}/version/", "processes/{process}/",
    "regulations/", "regulations/new/", "regulations/controls/", "regulations/{rule}/?edition=2026",
    "regulations/{rule}/editions/new/", "regulations/{rule}/clauses/{clause}/", "processes/packs/work-order/",
    "rule-sets/JJG%20596-2012/", "admin-settings/seals.per_meter/",
]  # fmt: skip


@pytest.fixture
def keeper(live_server):
    """Who may do everything in the archive."""
    return person_with("*", login="all", name="全能")


@pytest.fixture
def names(live_server):
    """A volume with a piece that has gone, a process with a photo and a paper."""
    volume = open_volume()
    piece = filed("正文", volume=volume, title="一个相当长的题名" * 6)
    work_order()
    one = instance_start(
        code="work-order", unit=metering_centre(), title="表箱进水", actor=verifier()
    )
    photos = [sent("箱门" * 20 + ".png", PNG), sent("说明.docx", docx("进水"))]
    files_add(instance=one, sent=photos, text="箱门关不上", actor=verifier())
    new = rule_with_a_new_edition()
    return {
        "volume": volume.number, "piece": piece.number, "file": piece.files.get().pk, "process": one.number,
        "rule": new.regulation.slug, "clause": new.clauses.first().pk,
    }  # fmt: skip


def rule_with_a_new_edition():
    """One clause is unchanged and tied to a setting, one waits to be looked at."""
    one = rule()
    old = entered(one)
    for number, thing in (
        ("第一条", {"kind": "setting", "key": "seals.per_meter"}),
        ("第二条", {"kind": "limit", "key": "JJG 596-2012/limits"}),
        ("第三条", {"name": "一本名称相当长的纸质登记簿" * 4}),
    ):
        control_tie(clause=old.clauses.get(number=number), actor=editor(), **thing)
    return entered(one, "2026", date(2026, 7, 1), SECOND)


def test_one_searches_while_typing_and_ties_with_a_click(visit, keeper, names):
    page = visit(keeper, "/regulations/{rule}/clauses/{clause}/".format(**names))
    field = page.get_by_label("在系统中查找")
    field.fill("基本误差")
    expect(page.get_by_text("JJG 596-2012 · 误差限")).to_have_count(0)
    field.fill("误差限")
    expect(page.locator("#things").get_by_text("JJG 596-2012 · 误差限")).to_be_visible()
    assert page.locator("#things").count() == 1 and page.locator("#found li").count() == 0
    page.get_by_label("类别").select_option("setting")
    expect(page.get_by_text("JJG 596-2012 · 误差限")).to_have_count(0)
    field.fill("库存超期")
    page.get_by_role("button", name="库存超期复检所依据的 DL/T 448 版本").click()
    expect(page.get_by_text("已关联到条款")).to_be_visible()
    page.get_by_role("link", name="库存超期复检所依据的 DL/T 448 版本").click()
    expect(page.get_by_role("link", name="第一条")).to_be_visible()


def test_pages_are_accessible_and_fit(look_at, keeper, names):
    assert look_at(keeper, ["/" + path.format(**names) for path in PAGES]) == []


def test_photos_are_sent_and_shown_on_the_page(visit, keeper, names):
    person = Person.objects.get(login="zhang")
    page = visit(person, f"/processes/{names['process']}/")
    field = page.locator("#files-sent")
    field.set_input_files([{"name": "现场.png", "mimeType": "image/png", "buffer": PNG + b"\0"}])
    page.locator("#files-text").fill("现场")
    page.get_by_role("button", name="新增").click()
    expect(page.get_by_role("link", name="现场.png")).to_be_visible()
    page.locator("details summary", has_text="查看图片").last.click()
    picture = page.locator("img.picture").last
    expect(picture).to_be_visible()
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") == 1
