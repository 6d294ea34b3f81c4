"""What a sent file is, judged by its content; the name decides nothing.

Taken are papers, tables, pictures and plain text. What a browser or an office program would
execute (pages, programs, macros) is not.
"""

import zipfile
from collections.abc import Mapping
from typing import BinaryIO

PDF, OFD, TEXT = "application/pdf", "application/ofd", "text/plain"
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
DOCX = _OPEN_XML + "wordprocessingml.document"
XLSX = _OPEN_XML + "spreadsheetml.sheet"
PPTX = _OPEN_XML + "presentationml.presentation"
OLE = "application/x-ole-storage"  # .doc, .xls, .wps, .et as the older programs write them
PICTURES = ("image/jpeg", "image/png", "image/webp")

# Ending under which a file is given out, so that its name does not say what it is not.
ENDINGS: Mapping[str, tuple[str, ...]] = {
    PDF: (".pdf",),
    OFD: (".ofd",),
    DOCX: (".docx",),
    XLSX: (".xlsx",),
    PPTX: (".pptx",),
    OLE: (".doc", ".xls", ".ppt", ".wps", ".et", ".dps"),
    TEXT: (".txt", ".csv"),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
}
_PARTS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, "ppt/presentation.xml": PPTX, "OFD.xml": OFD}  # fmt: skip
_PIECE = 1 << 20
_MACROS = "_VBA_PROJECT".encode("utf-16-le")  # the stream in which older files keep macros
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<svg", b"<script", b"#!")


class NotTaken(ValueError):  # noqa: N818  turned into words where it is refused
    """`reason`: empty, macros, damaged, unknown."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


def media_type_of(content: BinaryIO) -> str:
    """The media type of a file that may be kept.

    Raises:
        NotTaken: with the reason.
    """
    content.seek(0)
    head = content.read(_PIECE)
    if not head:
        raise NotTaken("empty")
    if head[:1024].lstrip().startswith(b"%PDF-"):
        return PDF
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"PK\x03\x04"):
        return _in_archive(content)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if _holds(content, _MACROS):
            raise NotTaken("macros")
        return OLE
    if _is_text(content):
        return TEXT
    raise NotTaken("unknown")


def _in_archive(content: BinaryIO) -> str:
    try:
        content.seek(0)
        with zipfile.ZipFile(content) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
        raise NotTaken("damaged") from None
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise NotTaken("macros")
    found = [kind for part, kind in _PARTS.items() if part in names]
    if len(found) != 1:
        raise NotTaken("unknown")
    return found[0]


def _holds(content: BinaryIO, wanted: bytes) -> bool:
    content.seek(0)
    kept = b""
    while piece := content.read(_PIECE):
        if wanted in kept + piece:
            return True
        kept = piece[-len(wanted) :]
    return False


def _is_text(content: BinaryIO) -> bool:
    content.seek(0)
    whole = content.read(8 * _PIECE)
    if b"\0" in whole or whole.lstrip(b"\xef\xbb\xbf \t\r\n")[:16].lower().startswith(_MARKUP):
        return False
    return text_of(whole) is not None


def text_of(content: bytes) -> str | None:
    """Plain text in UTF-8 or GB 18030; None when it is neither."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        is_plain = all(sign.isprintable() or sign in "\r\n\t\f\ufeff\u3000" for sign in text[:4000])
        return text if is_plain else None
    return None


def clean_name(name: str) -> str:
    """A file's name without path and control signs.

    >>> clean_name("../x/现场.exe ")
    '现场.exe'
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(sign for sign in last if sign.isprintable()).strip(" .")[-120:] or "file"


def given_name(name: str, media_type: str) -> str:
    """Its clean name with an ending that says what the file is.

    >>> given_name("现场.exe", "image/png")
    '现场.exe.png'
    """
    clean = clean_name(name)
    endings = ENDINGS[media_type]
    return clean if clean.lower().endswith(endings) else clean + endings[0]
