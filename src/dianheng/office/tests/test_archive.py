"""Filing, volumes, versions, and the door of the archive."""

from datetime import date

import pytest

from dianheng.common.errors import BadInput, Refused
from dianheng.documents.models import StoredFile
from dianheng.documents.services import file_read
from dianheng.documents.tests.sent import PNG, docx, sent
from dianheng.identity.tests.factories import PASSWORD, metering_centre
from dianheng.office import services
from dianheng.office.models import ArchiveDoor, ArchivePiece, PieceFile
from dianheng.office.selectors import current_files, pieces_seen, search_pieces, with_keyword
from dianheng.office.services import files_add
from dianheng.workflow.services import instance_start, task_complete
from dianheng.workflow.tests.factories import head, holder, verifier, work_order
from dianheng.workflow.tests.test_services import APPLY

from .factories import entry, filed, fonds, keeper, open_volume, reader

pytestmark = pytest.mark.django_db


def codes(refused):
    return [(error["field"], error["code"]) for error in refused.value.refusal.errors]


def test_pieces_are_numbered_by_fonds_category_year_and_retention():
    numbers = [filed().number, filed().number, filed(retention="Y").number, filed(year=2025).number]
    assert numbers == [
        "Z012-WS·2026-D30-0001", "Z012-WS·2026-D30-0002", "Z012-WS·2026-Y-0001", "Z012-WS·2025-D30-0001",
    ]  # fmt: skip
    assert filed().ends_on == date(2056, 12, 31) and filed(retention="Y").ends_on is None


def test_a_repeated_request_files_once():
    given = {"fonds": fonds(), "facts": entry(), "actor": keeper(), "request_key": "k1"}
    first = services.piece_file(sent=[sent("a.png", PNG)], **given)
    again = services.piece_file(sent=[sent("a.png", PNG)], **given)
    assert first.pk == again.pk and ArchivePiece.objects.count() == PieceFile.objects.count() == 1


def test_entry_and_files_are_faulted_together_and_nothing_is_kept():
    with pytest.raises(BadInput) as refused:
        services.piece_file(
            fonds=fonds(), facts=entry(title=" ", category="XX", year=1900), actor=keeper(),
            sent=[sent("a.exe", b"MZ\x90\0")],
        )  # fmt: skip
    assert codes(refused) == [
        ("category", "unknown"), ("title", "missing"), ("year", "year"), ("files", "unknown"),
    ]  # fmt: skip
    assert ArchivePiece.objects.count() == StoredFile.objects.count() == 0


def test_a_piece_without_a_file_is_none():
    with pytest.raises(BadInput) as refused:
        services.piece_file(fonds=fonds(), facts=entry(), actor=keeper())
    assert codes(refused) == [("files", "missing")]


@pytest.mark.parametrize(
    ("facts", "texts"),
    [({"secrecy": "state"}, ("正文",)), ({"title": "通知 机密★1年"}, ("正文",)), ({}, ("秘密 ★ 5年", "正文"))],
    ids=["said to be one", "mark in the title", "mark on the paper"],
)  # fmt: skip
def test_a_state_secret_never_reaches_the_disk(facts, texts, tmp_path):
    with pytest.raises(Refused) as refused:
        filed(*texts, **facts)
    assert refused.value.refusal.code == "state_secret"
    assert ArchivePiece.objects.count() == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_business_secret_may_bear_its_own_mark():
    assert filed("商业秘密★3年", secrecy="business").secrecy == "business"


def test_who_only_reads_files_nothing():
    with pytest.raises(Refused) as refused:
        services.piece_file(fonds=fonds(), facts=entry(), actor=reader(), sent=[sent("a.png", PNG)])
    assert refused.value.refusal.code == "no_right" and ArchivePiece.objects.count() == 0


# -- volumes ---------------------------------------------------------------------------------------


def test_pieces_of_a_volume_take_its_number_class_and_term():
    volume = open_volume()
    first, second = filed(volume=volume), filed(volume=volume, retention="Y", year=1990)
    assert volume.number == "Z012-ZY·2026-D10-0001"
    assert [(one.number, one.place, one.retention) for one in (first, second)] == [
        ("Z012-ZY·2026-D10-0001-001", 1, "D10"), ("Z012-ZY·2026-D10-0001-002", 2, "D10"),
    ]  # fmt: skip
    assert open_volume().number == "Z012-ZY·2026-D10-0002"


def test_a_piece_is_no_more_secret_than_its_volume():
    with pytest.raises(Refused) as refused:
        filed(volume=open_volume(), secrecy="business")
    assert refused.value.refusal.code == "secrecy_rank" and ArchivePiece.objects.count() == 0


def test_a_volume_is_closed_with_remarks_and_checked_by_another_person():
    volume = open_volume()
    with pytest.raises(Refused) as refused:
        services.volume_close(volume=volume, remark="", actor=keeper())
    assert refused.value.refusal.code == "volume_empty"
    filed(volume=volume)
    services.volume_close(volume=volume, remark="原件齐全", actor=keeper())
    with pytest.raises(Refused) as refused:
        filed(volume=volume)
    assert refused.value.refusal.code == "volume_closed"
    with pytest.raises(Refused) as refused:
        services.volume_check(volume=volume, actor=keeper())
    assert refused.value.refusal.code == "same_person"
    services.volume_check(volume=volume, actor=keeper("qian", "钱文"))
    volume.refresh_from_db()
    assert (volume.state, volume.remark, volume.closed_by.name, volume.checked_by.name) == (
        "checked", "原件齐全", "韩雪", "钱文",
    )  # fmt: skip


# -- search and versions ---------------------------------------------------------------------------


def found(text):
    return [one.title for one in search_pieces(pieces_seen([]), text).order_by("pk")]


def test_words_of_the_files_and_of_the_entry_are_found_two_signs_too():
    filed("本批 电能表\u3000误差超差 3 只", title="甲")
    filed("终端采集成功率", title="乙", abstract="抄表 JJG 596")
    assert found("误差") == ["甲"] and found("电能表误差") == ["甲"]
    assert found("采集") == ["乙"] and found("jjg") == ["乙"] and found("ＪＪＧ　596") == ["乙"]
    assert found("终端 抄表") == ["乙"] and found("误差 抄表") == []
    assert found("表") == ["甲", "乙"] and found("%") == [] and found("_") == []


def test_a_new_version_is_found_and_the_earlier_one_stays_to_be_read():
    piece = filed("旧的内容")
    (old,) = current_files(piece)
    new = services.piece_version(
        old=old, sent=[sent("正文.docx", docx("新的内容"))], reason="数据更正", actor=keeper()
    )
    assert (new.version, new.replaces_id) == (2, old.pk)
    assert current_files(piece) == [new] and found("新的") and not found("旧的")
    assert b"word/document.xml" in file_read(old.file)
    with pytest.raises(Refused) as refused:
        services.piece_version(
            old=PieceFile.objects.get(pk=old.pk),
            sent=[sent("a.png", PNG)],
            reason="再改",
            actor=keeper(),
        )
    assert refused.value.refusal.code == "not_current" and PieceFile.objects.count() == 2


def test_an_entry_is_corrected_with_a_reason_and_keeps_its_number():
    piece = filed("正文")
    with pytest.raises(BadInput) as refused:
        services.piece_correct(piece=piece, facts=entry(title=""), reason="", actor=keeper())
    assert codes(refused) == [("title", "missing"), ("reason", "missing")]
    services.piece_correct(
        piece=piece,
        facts=entry(title="改后题名", retention="Y", year=2020),
        reason="题名录错",
        actor=keeper(),
    )
    piece.refresh_from_db()
    assert (piece.title, piece.retention, piece.year) == ("改后题名", "D30", 2026)
    assert found("改后题名 正文") == ["改后题名"] and found("周期检定") == []


def test_who_may_not_read_a_business_secret_does_not_change_it():
    piece = filed("正文", secrecy="business")
    (old,) = current_files(piece)
    with pytest.raises(Refused) as refused:
        services.piece_correct(
            piece=piece, facts=entry(secrecy="public"), reason="降密", actor=keeper()
        )
    assert refused.value.refusal.facts["right"] == "archives.secret"
    with pytest.raises(Refused):
        services.piece_version(old=old, sent=[sent("a.png", PNG)], reason="x", actor=keeper())
    piece.refresh_from_db()
    assert piece.secrecy == "business" and PieceFile.objects.count() == 1


def test_a_file_whose_text_cannot_be_had_is_kept_and_named():
    piece = services.piece_file(
        fonds=fonds(), facts=entry(), actor=keeper(), sent=[sent("坏.pdf", b"%PDF-1.4\nx")]
    )
    assert piece.search.unread == ["坏.pdf"]


# -- the door --------------------------------------------------------------------------------------


def test_what_is_taken_and_who_is_refused_stands_at_the_door():
    open_one, secret = filed(), filed(secrecy="business")
    (file,) = current_files(open_one)
    services.piece_take(number=open_one.number, key=file.pk, actor=reader())
    with pytest.raises(Refused) as refused:
        services.piece_open(number=secret.number, actor=reader())
    assert refused.value.refusal.code == "no_right"
    services.piece_open(
        number=secret.number, actor=reader("archives.secret", login="yan", name="严明")
    )
    doors = ArchiveDoor.objects.order_by("pk").values_list(
        "piece__number", "person__name", "kind", "code"
    )
    assert list(doors) == [
        (open_one.number, "唐慧", "taken", ""), (secret.number, "唐慧", "refused", "archives.secret"),
        (secret.number, "严明", "read", ""),
    ]  # fmt: skip


def test_secrets_are_neither_listed_nor_found_without_the_right():
    filed("报价底稿", title="机要", secrecy="business")
    assert found("报价底稿") == []
    assert pieces_seen([metering_centre().path]).count() == 1


# -- from a process --------------------------------------------------------------------------------


@pytest.fixture
def ended():
    """A work order with a photo, done and agreed to."""
    work_order()
    one = instance_start(
        code="work-order", unit=metering_centre(), title="三楼表箱进水", actor=verifier()
    )
    files_add(instance=one, sent=[sent("箱门.png", PNG)], actor=verifier())

    def do(actor, password=None, **data):
        task_complete(task=one.tasks.latest("pk"), data=data, actor=actor, password=password)

    do(verifier(), **APPLY)
    do(head(), password=PASSWORD, opinion="agree")
    do(
        verifier(),
        began_on="2026-11-17",
        done_on="2026-11-18",
        people="张伟",
        hours="4",
        result="已更换密封条",
    )
    do(head(), password=PASSWORD, opinion="agree")
    one.refresh_from_db()
    assert one.state == "done"
    return one


def filer():
    """Keeps the archive and sees processes."""
    rights = ["workflow.view", "archives.view", "archives.file"]
    from dianheng.identity.services import actor_for_person

    return actor_for_person(holder("hanxue", "韩雪", "OFFICE", metering_centre(), rights))


def test_an_ended_process_is_filed_with_its_sheet_and_files_once(ended):
    given = {
        "instance": ended,
        "fonds": fonds(),
        "facts": entry(title=ended.title),
        "actor": filer(),
    }
    piece = services.process_archive(**given)
    assert piece.process == ended.number
    assert [one.name for one in current_files(piece)] == [f"{ended.number}.pdf", "箱门.png"]
    assert found("已更换密封条") == ["三楼表箱进水"], "the text of the sheet is searched"
    with pytest.raises(Refused) as refused:
        services.process_archive(**given)
    assert refused.value.refusal.code == "filed_already" and ArchivePiece.objects.count() == 1


def test_a_process_under_way_is_not_filed():
    work_order()
    one = instance_start(code="work-order", unit=metering_centre(), title="x", actor=verifier())
    with pytest.raises(Refused) as refused:
        services.process_archive(instance=one, fonds=fonds(), facts=entry(), actor=filer())
    assert refused.value.refusal.code == "process_open" and ArchivePiece.objects.count() == 0


@pytest.mark.parametrize("word", ["检定", "周期检定", "JJG 596", "Ａ类"])
def test_a_piece_is_found_by_a_whole_keyword_of_any_length(word):
    one = filed(keywords=(word, "其他"))
    filed(title=f"{word}在题名中", keywords=("别的",))
    assert list(ArchivePiece.objects.filter(with_keyword(word))) == [one]
