"""An archive by situation."""

from datetime import date

from dianheng.common.actor import Actor
from dianheng.documents.tests.sent import docx, sent
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import actor_with, city_company, metering_centre
from dianheng.office.models import ArchivePiece, ArchiveVolume, Fonds
from dianheng.office.rules import PieceFacts
from dianheng.office.services import fonds_set, piece_file, volume_open


def keeper(login: str = "hanxue", name: str = "韩雪") -> Actor:
    """Keeps the archive of the centre; reads no business secrets."""
    return actor_with("archives.view", "archives.file", login=login, name=name)


def reader(*more: str, login: str = "tang", name: str = "唐慧") -> Actor:
    """Reads the archive over the whole company."""
    return actor_with("archives.view", *more, login=login, name=name, unit=city_company())


def fonds() -> Fonds:
    """The centre's own fonds."""
    return fonds_set(
        number="Z012", name="计量中心", unit_id=metering_centre().pk, actor=system_actor()
    )


def entry(**other) -> PieceFacts:
    """An internal paper of this year."""
    facts = {
        "title": "2026 年周期检定计划", "responsible": "计量中心", "dated_on": date(2026, 1, 15),
        "secrecy": "internal", "category": "WS", "year": 2026, "retention": "D30", "doc_no": "计量〔2026〕3 号",
        "keywords": ("计划", "检定"), "sheets": 12,
    }  # fmt: skip
    return PieceFacts(**facts | other)


def filed(*texts: str, volume: ArchiveVolume | None = None, **other) -> ArchivePiece:
    """A piece with one Word file of these paragraphs."""
    return piece_file(
        fonds=fonds(), facts=entry(**other), actor=keeper(), volume=volume,
        sent=[sent("正文.docx", docx(*(texts or ("标准装置建标",))))],
    )  # fmt: skip


def open_volume(**other) -> ArchiveVolume:
    """A volume of trade records, kept ten years."""
    facts = {
        "title": "抽检批次 2026-02",
        "category": "ZY",
        "year": 2026,
        "retention": "D10",
        "secrecy": "internal",
    }
    return volume_open(fonds=fonds(), actor=keeper(), **facts | other)
