"""Pages of the archive: the combined query, filing, the door, papers."""

import pytest
from django.urls import reverse

from dianheng.documents.tests.reading import pages, text
from dianheng.documents.tests.sent import PNG, sent
from dianheng.identity.models import Person
from dianheng.identity.services import system_actor, unit_make
from dianheng.identity.tests.factories import actor_with, city_company
from dianheng.office.models import ArchiveDoor, ArchivePiece, ArchiveVolume, Fonds
from dianheng.office.selectors import current_files
from dianheng.office.services import volume_close

from .factories import filed, fonds, keeper, open_volume, reader

pytestmark = pytest.mark.django_db


def login(client, actor):
    client.force_login(Person.objects.get(pk=actor.person_id))


def listed(client, **query):
    answer = client.get(reverse("archive"), query)
    assert answer.status_code == 200
    shown = answer.content.decode()
    return [one.title for one in ArchivePiece.objects.order_by("pk") if f">{one.title}<" in shown]


@pytest.fixture
def three(client):
    """A plan, a record in a volume, a business secret; the reader looks."""
    filed("标准装置", title="甲", keywords=("计划",), doc_no="计量〔2026〕3 号")
    filed("误差超差", title="乙", volume=open_volume(), keywords=("抽检",), doc_no="")
    filed("报价", title="丙", secrecy="business", retention="Y", doc_no="商〔2026〕1 号")
    login(client, reader("archives.secret"))


@pytest.mark.parametrize(
    ("query", "titles"),
    [({}, ["甲", "乙", "丙"]), ({"doc_no": "〔2026〕3"}, ["甲"]), ({"volume": "D10-0001"}, ["乙"]),
     ({"keyword": "抽检"}, ["乙"]), ({"keyword": "抽"}, []), ({"secrecy": "business"}, ["丙"]),
     ({"filed_from": "t", "secrecy": "internal"}, ["甲", "乙"]), ({"filed_to": "t-1"}, []),
     ({"retention": "Y"}, ["丙"]), ({"year_from": "2026", "q": "误差"}, ["乙"]),
     ({"doc_no": "2026", "keyword": "计划", "secrecy": "internal", "filed_from": "t", "q": "装置"}, ["甲"])],
    ids=["all", "file number", "volume", "keyword", "part of a keyword", "class", "filed today", "filed before",
         "retention", "words of a file", "all together"],
)  # fmt: skip
def test_the_combined_query(client, three, query, titles):
    assert listed(client, **query) == titles


def test_the_list_offers_its_search_whose_words_reach_into_the_files(client, three):
    assert 'name="q"' in client.get(reverse("archive")).content.decode()
    assert listed(client, q="误差") == ["乙"]


def test_the_catalogue_says_what_there_is_to_print(client, three):
    client.force_login(Person.objects.get(pk=reader(login="lin", name="林一").person_id))
    page = client.get(reverse("archive_catalogue")).content.decode()
    assert "文书 2026 年（30年）目录" in page and "专业 2026 年（10年）目录" in page
    assert (
        "2026 年（永久）目录" not in page
    )  # the business secret is not counted for who may not read it


def test_business_secrets_are_listed_for_who_may_read_them(client, three):
    login(client, reader(login="lin", name="林一"))
    assert listed(client) == ["甲", "乙"] and listed(client, q="报价") == []


def test_another_station_sees_nothing_of_the_centre(client, three):
    station = unit_make(
        code="ST", name="城关所", kind="station", parent=city_company(), actor=system_actor()
    )
    stranger = actor_with("archives.view", "archives.file", login="yu", name="于芳", unit=station)
    login(client, stranger)
    assert listed(client) == []
    piece, volume = ArchivePiece.objects.get(title="甲"), ArchiveVolume.objects.get()
    (file,) = current_files(piece)
    for address in (
        reverse("archive_piece", args=[piece.number]), reverse("archive_file", args=[piece.number, file.pk]),
        reverse("archive_correct", args=[piece.number]), reverse("archive_volume", args=[volume.number]),
        reverse("archive_volume_paper", args=[volume.number, "volume_index"]),
        reverse("archive_volume_close", args=[volume.number]),
    ):  # fmt: skip
        assert client.get(address).status_code == 403, address
    assert ArchiveDoor.objects.filter(kind="refused", person=stranger.person_id).count() == 3


def test_a_piece_is_filed_on_the_page_and_given_out_to_be_saved(client):
    login(client, keeper())
    own = fonds()
    given = {
        "fonds": own.pk, "title": "收发制度", "responsible": "计量中心", "dated_on": "20260301", "category": "WS",
        "year": "２０２６", "retention": "D30", "secrecy": "internal", "keywords": "制度，收发", "request_key": "k",
        "files": [sent("制度.png", PNG)],
    }  # fmt: skip
    answer = client.post(reverse("archive_new"), given, follow=True)
    assert "Z012-WS·2026-D30-0001" in answer.content.decode()
    piece = ArchivePiece.objects.get()
    assert (piece.keywords, piece.year) == (["制度", "收发"], 2026)
    (file,) = current_files(piece)
    given = client.get(reverse("archive_file", args=[piece.number, file.pk]))
    assert given.content == PNG and given["Content-Disposition"].startswith("attachment;")
    assert ArchiveDoor.objects.get().kind == "taken"


def test_a_state_secret_is_refused_on_the_page_and_nothing_typed_is_lost(client):
    login(client, keeper())
    given = {
        "fonds": fonds().pk, "title": "涉密通知", "responsible": "保密办", "dated_on": "2026-03-01",
        "category": "WS", "year": "2026", "retention": "D30", "secrecy": "state", "files": [sent("a.png", PNG)],
    }  # fmt: skip
    shown = client.post(reverse("archive_new"), given).content.decode()
    assert "非涉密" in shown and "涉密通知" in shown and ArchivePiece.objects.count() == 0


def test_every_fault_of_a_filing_stands_on_the_page(client):
    login(client, keeper())
    given = {
        "fonds": fonds().pk, "title": "x", "responsible": "y", "dated_on": "2026-03-01", "year": "1900",
        "secrecy": "internal", "files": [sent("a.exe", b"MZ\x90\0")],
    }  # fmt: skip
    shown = client.post(reverse("archive_new"), given).content.decode()
    for part in ("a.exe", "1949", "请从列表中选择"):
        assert part in shown, part


def test_who_only_reads_is_not_let_in_to_file(client, three):
    assert client.get(reverse("archive_new")).status_code == 403
    assert client.get(reverse("archive_volume_new")).status_code == 403
    assert client.get(reverse("archive_fonds")).status_code == 403
    login(client, actor_with("assets.view", login="nobody", name="无权"))
    for page in ("archive", "archive_volumes", "archive_retention", "archive_catalogue"):
        assert client.get(reverse(page)).status_code == 403, page


def test_a_fonds_is_entered_once_for_its_unit(client):
    clerk = actor_with(
        "archives.fonds", "archives.view", login="luo", name="罗明", unit=city_company()
    )
    login(client, clerk)
    given = {"number": "Z001", "name": "某市供电公司", "unit": city_company().pk}
    assert client.post(reverse("archive_fonds"), given).status_code == 302
    assert str(Fonds.objects.get()) == "Z001 某市供电公司"
    shown = client.post(reverse("archive_fonds"), given | {"number": "Z-1"}).content.decode()
    assert "字母和数字" in shown and Fonds.objects.count() == 1


def test_the_papers_of_a_volume_say_what_is_in_it(client):
    volume = open_volume()
    filed(title="抽检报告", volume=volume, sheets=6)
    filed(title="报价底稿", volume=volume, sheets=2)
    volume_close(volume=volume, remark="原件齐全，第 2 件为复印件", actor=keeper())
    login(client, keeper())
    wanted = {
        "volume_index": ("卷内文件目录", "抽检报告", "报价底稿", "Z012-ZY·2026-D10-0001"),
        "volume_spine": ("案卷脊背", "抽检批次", "10年"),
        "volume_remarks": ("卷内备考表", "原件齐全", "韩雪", "件数2", "页数8"),
    }
    for kind, parts in wanted.items():
        answer = client.get(reverse("archive_volume_paper", args=[volume.number, kind]))
        assert answer["Content-Type"] == "application/pdf"
        said = text(answer.content)
        for part in parts:
            assert part in said, (kind, part)
    assert (
        client.get(reverse("archive_volume_paper", args=[volume.number, "other"])).status_code
        == 404
    )


def test_the_catalogue_holds_the_pieces_of_its_year_and_term(client, three):
    given = {"fonds": fonds().pk, "category": "WS", "year": "2026", "retention": "D30"}
    (page,) = pages(client.post(reverse("archive_catalogue"), given).content)
    assert "归档文件目录" in page and "甲" in page and "丙" not in page


def test_the_retention_calendar_leads_to_what_runs_out(client, three):
    filed(title="丁", year=2010, retention="D10")
    shown = client.get(reverse("archive_retention")).content.decode()
    assert "2020-12-31" in shown and "已到期" in shown and "2036-12-31" in shown
    assert listed(client, ends_from="2020-12-31", ends_to="2020-12-31", retention="D10") == ["丁"]


def test_search_over_everything_and_a_whole_number_lead_to_the_piece(client, three):
    shown = client.get(reverse("find"), {"q": "误差"}).content.decode()
    assert "乙" in shown
    number = ArchivePiece.objects.get(title="甲").number
    answer = client.get(reverse("find_code"), {"code": number})
    assert answer.status_code == 302 and answer.url == reverse("archive_piece", args=[number])
