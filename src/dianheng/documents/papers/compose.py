"""Data in, PDF out.

Text reaches the layout as data (a JSON file), never as markup, so no character in a name can
change the page. The same data, languages files, fonts and Typst release give the same bytes.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from dianheng.documents.signing.canonical import plain

from .codes import qr_svg
from .fonts import drawable, font_folder
from .press import TEMPLATES, compile_document, forget_jobs
from .schema import LABELS, PAPERS, Paper
from .schema.reading import PaperDataError, read

LANGUAGES = ("zh", "en")
RUN_SIZE = 200  # papers in one file of a print run: 0.7 GB while certificates are made


def _edition() -> str:
    found = hashlib.sha256()
    for file in sorted(TEMPLATES.rglob("*")):
        if file.suffix in {".typ", ".toml"}:
            found.update(file.read_bytes())
    return found.hexdigest()[:12]


EDITION = _edition()  # of layout and words; stands in every PDF, so that a page can be compared

PRINT_COPY = "print"  # an unsigned print; says so at the foot of each page

_UNBROKEN = re.compile(r"[!-~]{25,}")  # longer than a bar code, whose copy must stay clean
_PART = re.compile(r".{4}(?=.)")
_REPLACEMENT = "〓"  # what printers set where a character is missing
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}  # would reorder or hide what stands beside them
_SUPERSCRIPT = re.compile("[⁰¹²³⁴-⁹⁺⁻]+")
_NEGATIVE = re.compile(r"(?<![\w-])-(?=\d+(?:\.\d+)?(?:$|[^\w-]))")


@dataclass(frozen=True, slots=True)
class Print:
    """One paper of a print run with the text of its QR code (empty: its number)."""

    data: Paper | Mapping[str, Any]
    code: str = ""


@cache
def _glyphs(character: str, folder: Path) -> str:
    """What stands on the page for one character: itself, a plainer form, or 〓."""
    if character == "\n":
        return character
    if unicodedata.category(character) not in _UNSEEN:
        if ord(character) in drawable(folder):
            return character
        plainer = unicodedata.normalize("NFKC", character)
        if plainer != character and all(ord(c) in drawable(folder) for c in plainer):
            return plainer
    return _REPLACEMENT


def _shown(text: str, folder: Path) -> str:
    """Text as the page shows it.

    Superscripts the fonts lack become ^−8, characters without any form become 〓, the hyphen
    before a figure becomes a minus, and long runs without a space may break.
    """
    if not text.isascii() or not text.isprintable():
        text = _SUPERSCRIPT.sub(lambda run: _raised(run.group(), folder), text)
        text = "".join(_glyphs(c, folder) for c in text)
    if "-" in text:
        text = _NEGATIVE.sub("−", text)
    if len(text) > 25:
        text = _UNBROKEN.sub(lambda run: _PART.sub("\\g<0>\u200b", run.group()), text)
    return text


def _raised(run: str, folder: Path) -> str:
    if all(ord(c) in drawable(folder) for c in run):
        return run
    return "^" + unicodedata.normalize("NFKC", run)


def for_page(value: Any, folder: Path | None = None) -> Any:
    """Data as the page shows them; see `_shown`."""
    folder = folder or font_folder()
    if isinstance(value, str):
        return _shown(value, folder)
    if isinstance(value, dict):
        return {name: for_page(part, folder) for name, part in value.items()}
    if isinstance(value, list):
        return [for_page(part, folder) for part in value]
    return value


def known_language(lang: str) -> None:
    """Refuse a language without words.

    Raises:
        PaperDataError: there is no such language file.
    """
    if lang not in LANGUAGES:
        raise PaperDataError(f"no words in the language {lang!r}")


def paper_data(kind: str, data: Paper | Mapping[str, Any]) -> dict[str, Any]:
    """Plain data of a paper, complete and of the right types.

    Raises:
        PaperDataError: the kind is unknown or the data do not fit it.
    """
    if kind not in PAPERS:
        raise PaperDataError(f"unknown kind of paper: {kind}")
    if isinstance(data, Mapping):
        data = read(PAPERS[kind], plain(data))
    elif not isinstance(data, PAPERS[kind]):
        raise PaperDataError(f"{kind} is made from {PAPERS[kind].__name__}")
    result: dict[str, Any] = plain(data)
    return result


def job_of(
    kind: str, papers: list[dict[str, Any]], codes: list[str], lang: str, marking: str
) -> dict[str, Any]:
    """What the main template is given: texts made fit for the page, codes drawn.

    The evidence stands in the attached data only.
    """
    known_language(lang)
    folder = font_folder()
    return {
        "kind": kind,
        "lang": lang,
        "marking": marking,
        "duplex": False,
        "edition": EDITION,
        "papers": [for_page({**paper, "evidence": None}, folder) for paper in papers],
        "codes": [qr_svg(code) for code in codes],
    }


def compose(
    kind: str,
    data: Paper | Mapping[str, Any],
    lang: str = "zh",
    *,
    code: str = "",
    attached: bytes = b"",
    marking: str = "",
    tags: bool = True,
) -> bytes:
    """Make one paper as a PDF/A-3 with tags.

    Args:
        kind: a name in `schema.PAPERS`.
        data: the dataclass of that kind, or the same as plain data.
        lang: "zh" or "en".
        code: text of the QR code; the paper's number when empty.
        attached: canonical JSON to stand inside the PDF as its associated file, with the
            code's text beside it.
        marking: print, copy, void, test or empty; stands at the foot of each page.
        tags: write the tags that screen readers use; without them a file is a third smaller.

    Raises:
        PaperDataError: the data do not fit the kind.
        FontsMissingError: see `fonts.font_folder`.
    """
    paper = paper_data(kind, data)
    code = code or paper["number"]
    job = job_of(kind, [paper], [code], lang, marking)
    if attached:
        job["data"] = attached.decode("utf-8")
        job["code"] = code
    return compile_document("main.typ", job, datetime.fromisoformat(paper["created_at"]), tags=tags)


def compose_run(
    kind: str,
    papers: Iterable[Print | Paper | Mapping[str, Any]],
    lang: str = "zh",
    *,
    marking: str = PRINT_COPY,
    duplex: bool = False,
    size: int = RUN_SIZE,
) -> Iterator[bytes]:
    """Print run: unsigned PDFs of up to `size` papers each, made one after the other.

    Memory is bounded by `size`, whatever the length of the run. With `duplex` every paper
    begins on the front of a sheet.
    """
    waiting = iter(papers)
    while chunk := list(islice(waiting, size)):
        prints = [one if isinstance(one, Print) else Print(one) for one in chunk]
        ready = [paper_data(kind, one.data) for one in prints]
        codes = [one.code or paper["number"] for one, paper in zip(prints, ready, strict=True)]
        job = job_of(kind, ready, codes, lang, marking)
        job["duplex"] = duplex
        moment = datetime.fromisoformat(ready[0]["created_at"])
        yield compile_document("main.typ", job, moment, archive=False, tags=False)
        forget_jobs()


__all__ = [
    "LABELS",
    "PAPERS",
    "PaperDataError",
    "Print",
    "compose",
    "compose_run",
    "paper_data",
]
