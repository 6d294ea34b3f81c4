"""CSV: UTF-8 with or without mark, UTF-16 with mark, GBK; comma, semicolon or tab."""

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dianheng.common.texts import gettext_lazy as _

from .errors import Unreadable
from .table import MOST_COLUMNS

CHUNK = 1 << 20
LONGEST_LINE = 100_000  # characters looked at when the delimiter is sought
DELIMITERS = (",", "\t", ";")


class DelimitedTable:
    """A text file of delimited rows. The encoding is proved on every byte when it is opened."""

    kind = "csv"

    def __init__(self, path: Path):
        self.path = path
        self.encoding, self.mark = _encoding(path)
        self.delimiter = self._find_delimiter()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows by the line they begin on."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            if self.mark and self.encoding == "utf-8":
                file.read(1)
            reader = csv.reader(file, delimiter=self.delimiter)
            line = 0
            try:
                for row in reader:
                    yield line + 1, row
                    line = reader.line_num
            except csv.Error:
                raise Unreadable(
                    "quotes",
                    _("From line %(line)s on a quotation mark is not closed.") % {"line": line + 1},
                    row=line + 1,
                ) from None

    def _find_delimiter(self) -> str:
        counts = dict.fromkeys(DELIMITERS, 0)
        with self.path.open(encoding=self.encoding, newline="") as file:
            for _number in range(20):
                line = file.readline(LONGEST_LINE)
                for sign in DELIMITERS:
                    counts[sign] = max(counts[sign], line.count(sign))
        found = max(DELIMITERS, key=lambda sign: counts[sign])
        if counts[found] >= MOST_COLUMNS:
            raise Unreadable(
                "too_wide", _("The table has more than %(most)s columns.") % {"most": MOST_COLUMNS}
            )
        return found


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """The file in parts."""
    while part := file.read(CHUNK):
        yield part


def _encoding(path: Path) -> tuple[str, bool]:
    """The encoding in which every byte of the file makes sense, and whether it has a mark."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(codecs.BOM_UTF8):
        _prove(path, "utf-8")
        return "utf-8", True
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        _prove(path, "utf-16")
        return "utf-16", True
    with path.open("rb") as file:
        row = 1
        for part in chunks(file):
            if (place := part.find(b"\0")) >= 0:
                row += part.count(b"\n", 0, place)
                raise Unreadable(
                    "nul",
                    _(
                        "Row %(row)s holds signs that no table has. The file is damaged or of another kind."
                    )
                    % {"row": row},
                    row=row,
                )
            row += part.count(b"\n")
    try:
        _prove(path, "utf-8")
    except Unreadable:
        _prove(path, "gb18030")
        return "gb18030", False
    return "utf-8", False


def _prove(path: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    row = 1
    with path.open("rb") as file:
        try:
            for part in chunks(file):
                decoder.decode(part)
                row += part.count(b"\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as fault:
            row += part.count(b"\n", 0, max(fault.start, 0))
            raise Unreadable(
                "encoding",
                _(
                    "About row %(row)s the file is neither UTF-8 nor GBK. Save it again as “CSV UTF-8”."
                )
                % {"row": row},
                row=row,
            ) from None
