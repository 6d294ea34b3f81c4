"""The structure of all rows, and a file that `COPY … CSV` reads without a look at single rows.

A clean CSV goes to the database byte for byte (or transcoded). Whatever else is written anew
once, by loops in C: quotation marks where PostgreSQL reads them otherwise than spreadsheets,
blank rows, rows that are too short or too long, workbooks.
"""

import codecs
import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import methodcaller
from pathlib import Path
from typing import TextIO

from dianheng.common.texts import gettext_lazy as _

from .delimited import DelimitedTable, chunks
from .errors import Unreadable
from .head import Head
from .table import Table

FAULTS_KEPT = 100_000
CHUNK = 1 << 20


@dataclass
class Prepared:
    """What goes to COPY.

    `has_row_no` says that the first column is the row's number; without it rows follow each
    other from `first_row` on. `faults` are (row, "13 of 15").
    """

    path: Path
    rows: int
    delimiter: str
    first_row: int
    has_row_no: bool
    encoding: str = "utf-8"
    start: int = 0  # bytes before the first row
    faults: list[tuple[int, str]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes that will be sent."""
        return self.path.stat().st_size - self.start

    def parts(self) -> Iterator[bytes]:
        """UTF-8 for COPY."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            if self.encoding == "utf-8":
                yield from chunks(file)
                return
            decoder = codecs.getincrementaldecoder(self.encoding)("strict")
            for part in chunks(file):
                yield decoder.decode(part).encode()
            yield decoder.decode(b"", final=True).encode()


def prepare(
    table: Table, head: Head, scratch: Path, tell: Callable[[int], None] = lambda rows: None
) -> Prepared:
    """Check the widths of all rows; `scratch` is written when the file cannot go as it is."""
    if isinstance(table, DelimitedTable) and (direct := _direct(table, head)) is not None:
        return direct
    return _rewrite(table, head, scratch, tell)


def _direct(table: DelimitedTable, head: Head) -> Prepared | None:
    """The file as it is, when spreadsheets and PostgreSQL read it alike and all rows fit."""
    if table.encoding not in ("utf-8", "gb18030") or not _is_clean(table.path):
        return None
    with table.path.open("rb") as file:
        for _line in range(head.row_no):
            file.readline()
        start = file.tell()
        # No byte of a GBK sign is a delimiter or a line end, so bytes can be counted.
        widths = Counter(map(methodcaller("count", table.delimiter.encode()), file))
    rows = sum(widths.values())
    if set(widths) - {len(head.names) - 1} or len(head.names) < 2:
        return None
    return Prepared(
        table.path, rows, table.delimiter, head.row_no + 1, False, table.encoding, start
    )


def _is_clean(path: Path) -> bool:
    """No quotation mark, no backslash, one kind of line end, a line end after the last row."""
    returns = pairs = lines = 0
    last = b""
    with path.open("rb") as file:
        for part in chunks(file):
            if b'"' in part or b"\\" in part:
                return False
            returns += part.count(b"\r")
            lines += part.count(b"\n")
            pairs += part.count(b"\r\n") + (last == b"\r" and part[:1] == b"\n")
            last = part[-1:]
    return returns == pairs and pairs in (0, lines)


def _rewrite(table: Table, head: Head, scratch: Path, tell: Callable[[int], None]) -> Prepared:
    with scratch.open("w", encoding="utf-8", newline="") as out:
        return _write_rows(table, head, out, scratch, tell)


def _write_rows(
    table: Table, head: Head, out: TextIO, path: Path, tell: Callable[[int], None]
) -> Prepared:
    width = len(head.names)
    write = csv.writer(out, lineterminator="\n").writerow
    faults: list[tuple[int, str]] = []
    rows = 0
    for no, row in table.rows():
        if no <= head.row_no or not any(map(str.strip, row)):
            continue
        if len(row) != width:
            extra = [cell for cell in row[width:] if cell.strip()]
            if (extra or (table.kind == "csv" and len(row) < width)) and len(faults) < FAULTS_KEPT:
                faults.append((no, f"{len(row)} / {width}"))
            row = (row + [""] * (width - len(row)))[:width]
        write([no, *row])
        rows += 1
        if rows % 20_000 == 0:
            tell(rows)
    return Prepared(path, rows, ",", 0, True, faults=faults)


def without_nul(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The parts; a NUL, which no text of the database can hold, is refused."""
    for part in parts:
        if b"\0" in part:
            raise Unreadable(
                "nul",
                _("The file holds signs that no table has. It is damaged or of another kind."),
            )
        yield part
