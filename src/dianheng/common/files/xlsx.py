"""Workbooks, read as a stream: no formula is worked out, nothing is unpacked before it is weighed.

A reader of our own, since the common ones hold a sheet in memory: 10⁶ rows of 16 columns are
1.4 GB there, and 0.3 GB here (the shared texts), whatever a workbook claims about itself.
"""

import re
import weakref
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from xml.parsers import expat

from dianheng.common.texts import gettext_lazy as _

from .errors import Unreadable
from .table import MOST_COLUMNS

CHUNK = 1 << 18
LARGEST_UNPACKED = 6 << 30  # bytes of all parts that are read
FREELY_UNPACKED = 64 << 20  # below this no ratio is asked for
HIGHEST_RATIO = 200  # real lists unpack to 5 to 30 times their size
LARGEST_TEXTS = 2 << 30  # bytes of the shared texts
LONGEST_CELL = 32_767
MOST_SHEETS = 20
# What a damaged archive or document makes its readers raise.
DAMAGED = (
    expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError,
    NotImplementedError,
)  # fmt: skip
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_ILLEGAL = re.compile(r"_x([0-9A-Fa-f]{4})_")


class XlsxTable:
    """The sheet of a workbook that holds the list."""

    kind = "xlsx"
    encoding = ""
    delimiter = ","

    def __init__(self, path: Path, sheet: int | None = None):
        self.path = path
        try:
            self.book = zipfile.ZipFile(path)
            self._weigh()
            self.sheets = self._find_sheets()
            self._dates, self._is_1904 = self._find_dates()
        except DAMAGED:
            raise _broken() from None
        self._texts: _Texts | None = None
        self.sheet = 0 if sheet is None else sheet

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows by their number in the sheet; rows without any cell are left out."""
        if self._texts is None:
            self._texts = _Texts()
            if "xl/sharedStrings.xml" in self._names:
                self._stream("xl/sharedStrings.xml", self._texts)
        reader = _Sheet(self._texts, self._dates, self._is_1904)
        try:
            with self.book.open(self.sheets[self.sheet]) as part:
                for chunk in iter(lambda: part.read(CHUNK), b""):
                    reader.feed(chunk)
                    yield from reader.take()
                reader.end()
                yield from reader.take()
        except DAMAGED:
            raise _broken() from None

    def _weigh(self) -> None:
        """Refuse what would unpack to more than a list can be."""
        parts = self.book.infolist()
        self._names = {part.filename for part in parts}
        if any(part.flag_bits & 1 for part in parts):
            raise Unreadable(
                "password", _("The workbook is protected by a password. Save it without one.")
            )
        if any(p.compress_type not in PACKED or p.header_offset < 0 for p in parts):
            raise _broken()  # no spreadsheet writes this, and its errors are of another kind
        if "xl/workbook.xml" not in self._names:
            raise Unreadable("kind", _("This is no workbook. Send the list as .xlsx or .csv."))
        unpacked = sum(part.file_size for part in parts)
        packed = max(1, self.path.stat().st_size)
        if unpacked > LARGEST_UNPACKED or (
            unpacked > FREELY_UNPACKED and unpacked > HIGHEST_RATIO * packed
        ):
            raise Unreadable(
                "bomb",
                _(
                    "The file unpacks to %(times)s times its size (%(size)s MB): that is no list. It was not opened."
                )
                % {"times": unpacked // packed, "size": unpacked >> 20},
            )
        texts = next((p.file_size for p in parts if p.filename == "xl/sharedStrings.xml"), 0)
        if texts > LARGEST_TEXTS:
            raise Unreadable("bomb", _("The workbook holds more text than a list can have."))

    def _stream(self, name: str, handler: "_Handler") -> None:
        try:
            with self.book.open(name) as part:
                for chunk in iter(lambda: part.read(CHUNK), b""):
                    handler.feed(chunk)
                handler.end()
        except DAMAGED:
            raise _broken() from None

    def _find_sheets(self) -> list[str]:
        """Names of the visible sheets' parts, in order."""
        book, links = _Tags("sheet", "workbookPr"), _Tags("Relationship")
        self._stream("xl/workbook.xml", book)
        self._stream("xl/_rels/workbook.xml.rels", links)
        targets = {
            link["Id"]: link["Target"] for link in links.found["Relationship"] if "Id" in link
        }
        names = []
        for sheet in book.found["sheet"]:
            if sheet.get("state", "visible") != "visible":
                continue
            key = next((v for k, v in sheet.items() if k.split(":")[-1] == "id"), "")
            target = targets.get(key, "")
            name = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if name in self._names:
                names.append(name)
        if not names:
            raise Unreadable("no_sheet", _("The workbook has no sheet that can be seen."))
        self._book_properties = next(iter(book.found["workbookPr"]), {})
        return names[:MOST_SHEETS]

    def _find_dates(self) -> tuple[frozenset[str], bool]:
        """Styles that show a number as a date, and whether days count from 1904."""
        styles = _Styles()
        if "xl/styles.xml" in self._names:
            self._stream("xl/styles.xml", styles)
        is_1904 = self._book_properties.get("date1904", "0") in ("1", "true")
        return frozenset(styles.dates()), is_1904


class _Handler:
    """A parser that refuses document types, so that no entity can grow."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._first
        self.parser.EndElementHandler = self.close
        self.parser.CharacterDataHandler = self.text

    def _first(self, name: str, attributes: dict[str, str]) -> None:
        """Some writers put a prefix before every name; only then is it taken off."""
        self.parser.StartElementHandler = self.start
        if ":" in name:
            self.parser.StartElementHandler = lambda n, a: self.start(n.split(":")[-1], a)
            self.parser.EndElementHandler = lambda n: self.close(n.split(":")[-1])
        self.parser.StartElementHandler(name, attributes)

    def feed(self, chunk: bytes) -> None:
        self.parser.Parse(chunk, False)

    def end(self) -> None:
        self.parser.Parse(b"", True)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def close(self, name: str) -> None:
        """An element ends."""

    def text(self, data: str) -> None:
        """Text inside an element."""

    def _doctype(self, *_args: Any) -> None:
        raise Unreadable(
            "doctype", _("The workbook holds definitions that lists do not have. It was not read.")
        )


class _Tags(_Handler):
    """Attributes of some elements."""

    def __init__(self, *names: str):
        super().__init__()
        self.found: dict[str, list[dict[str, str]]] = {name: [] for name in names}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in self.found and len(self.found[name]) < 10_000:
            self.found[name].append(attributes)


class _Styles(_Handler):
    """Cell styles in their order, and number formats of the workbook."""

    def __init__(self) -> None:
        super().__init__()
        self.own: set[int] = set()
        self.formats: list[int] = []
        self.is_inside = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            code = _QUOTED.sub("", attributes.get("formatCode", "")).lower()
            if any(sign in code for sign in "ymdhs") and "general" not in code:
                self.own.add(int(attributes.get("numFmtId", 0)))
        elif name == "cellXfs":
            self.is_inside = True
        elif name == "xf" and self.is_inside:
            self.formats.append(int(attributes.get("numFmtId", 0)))

    def close(self, name: str) -> None:
        if name == "cellXfs":
            self.is_inside = False

    def dates(self) -> Iterator[str]:
        for place, number in enumerate(self.formats):
            if number in _DATE_FORMATS or number in self.own:
                yield str(place)


class _Texts(_Handler):
    """The shared texts: one temporary file and the place of each, not a list in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.file: BinaryIO = TemporaryFile()  # noqa: SIM115  lives as long as the table
        weakref.finalize(self, self.file.close)
        self.ends = array("Q", [0])
        self.parts: list[str] = []
        self.is_text = self.is_reading_aid = False
        self.kept: dict[int, str] = {}
        self.waiting: list[bytes] = []
        self.length = 0
        self.view: Any = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "t":
            self.is_text = not self.is_reading_aid
        elif name == "si":
            self.parts = []
        elif name == "rPh":
            self.is_reading_aid = True

    def close(self, name: str) -> None:
        if name == "t":
            self.is_text = False
        elif name == "rPh":
            self.is_reading_aid = False
        elif name == "si":
            raw = _plain("".join(self.parts)).encode("utf-8", "replace")
            self.waiting.append(raw)
            self.length += len(raw)
            self.ends.append(self.length)
            if len(self.waiting) > 10_000:
                self._write()

    def text(self, data: str) -> None:
        if self.is_text:
            self.parts.append(data)

    def _write(self) -> None:
        self.file.write(b"".join(self.waiting))
        self.waiting = []

    def end(self) -> None:
        super().end()
        self._write()
        self.file.flush()
        if self.length:
            import mmap

            self.view = mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_READ)

    def at(self, place: int) -> str:
        """The text with this number; the frequent ones come from memory."""
        text = self.kept.get(place)
        if text is None:
            if not 0 <= place < len(self.ends) - 1:
                raise ValueError("no such text")
            text = self.view[self.ends[place] : self.ends[place + 1]].decode() if self.view else ""
            if len(self.kept) < 20_000:
                self.kept[place] = text
        return text


class _Sheet(_Handler):
    """Cells of a sheet into rows."""

    def __init__(self, texts: _Texts, dates: frozenset[str], is_1904: bool):
        self.done: list[tuple[int, list[str]]] = []
        self.cells: list[str] = []
        self.row_no = 0
        self.column = 0
        self.kind = ""
        self.style = ""
        self.value: list[str] = []
        self.formula: list[str] = []
        self.has_formula = False
        self.target: list[str] | None = None
        self.at = texts.at
        self.dates = dates
        self.first_day = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)  # noqa: DTZ001
        super().__init__()

    def take(self) -> list[tuple[int, list[str]]]:
        done, self.done = self.done, []
        return done

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            place = attributes.get("r")
            if place:
                column = 0
                for sign in place:
                    if sign.isdigit():
                        break
                    column = column * 26 + ord(sign) - 64
                self.column = column
            else:
                self.column += 1
            if self.column > MOST_COLUMNS:
                self.kind = "far"
            else:
                self.kind = attributes.get("t", "n")
            self.style = attributes.get("s", "")
            self.value, self.formula, self.has_formula = [], [], False
        elif name in ("v", "t"):
            self.target = self.value
        elif name == "f":
            self.has_formula = True
            self.target = self.formula
        elif name == "row":
            self.row_no = int(attributes.get("r", self.row_no + 1))
            self.cells, self.column = [], 0
        elif name == "rPh":
            self.kind = "far"

    def text(self, data: str) -> None:
        if self.target is not None:
            self.target.append(data)

    def close(self, name: str) -> None:
        if name in ("v", "t", "f"):
            self.target = None
        elif name == "c":
            if not self.value and not self.has_formula:
                return
            text = self._cell()
            if self.kind == "far":
                if text:
                    raise Unreadable(
                        "too_wide",
                        _("The table has more than %(most)s columns.") % {"most": MOST_COLUMNS},
                    )
                return
            missing = self.column - 1 - len(self.cells)
            if missing > 0:
                self.cells.extend([""] * missing)
            self.cells.append(text)
        elif name == "row" and self.cells:
            self.done.append((self.row_no, self.cells))

    def _cell(self) -> str:
        raw = "".join(self.value)
        if self.has_formula:
            return f"={''.join(self.formula) or raw}"[:LONGEST_CELL]
        if self.kind == "s":
            return self.at(int(raw))
        if self.kind == "n":
            return self._date(raw) if self.style in self.dates else raw
        if self.kind == "b":
            return "TRUE" if raw == "1" else "FALSE"
        return _plain(raw)[:LONGEST_CELL]

    def _date(self, raw: str) -> str:
        try:
            moment = self.first_day + timedelta(days=float(raw))
        except (ValueError, OverflowError):
            return raw
        return moment.date().isoformat()


def _plain(text: str) -> str:
    """Text with escaped signs resolved; what no table holds becomes a blank."""
    if "_x" in text:
        text = _ILLEGAL.sub(lambda found: chr(int(found[1], 16)), text)
    return (
        text
        if text.isprintable()
        else "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    )


def _broken() -> Unreadable:
    return Unreadable(
        "broken",
        _("The workbook is damaged or was cut off. Open it, save it again and send it once more."),
    )


def best_sheet(path: Path, score: Callable[[Iterator[tuple[int, list[str]]]], int]) -> XlsxTable:
    """The sheet whose first rows score highest: covers and explanations come before lists."""
    table = XlsxTable(path)
    if len(table.sheets) == 1:
        return table
    scores = []
    for number in range(len(table.sheets)):
        table.sheet = number
        scores.append(score(table.rows()))
    table.sheet = scores.index(max(scores))
    return table
