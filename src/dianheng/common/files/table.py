"""What kind of file it is, judged by its first bytes, never by its name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from dianheng.common.texts import gettext_lazy as _

from .errors import Unreadable

LARGEST_FILE = 1 << 30  # bytes as received
MOST_COLUMNS = 200


class Table(Protocol):
    """Rows of a file."""

    path: Path
    kind: str  # xlsx or csv
    encoding: str
    delimiter: str

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Number of the row as the person sees it, from 1, and its cells; blank rows too."""


def open_table(path: Path) -> Table:
    """The table in a file; raises Unreadable in words."""
    from .delimited import DelimitedTable
    from .xlsx import XlsxTable

    size = path.stat().st_size
    if size == 0:
        raise Unreadable("empty", _("The file is empty."))
    if size > LARGEST_FILE:
        raise Unreadable(
            "too_large",
            _("The file has %(size)s MB; at most %(most)s MB are taken. Split it.")
            % {"size": size >> 20, "most": LARGEST_FILE >> 20},
        )
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PK"):
        return XlsxTable(path)
    if start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise Unreadable(
            "password",
            _(
                "The workbook is protected by a password or in the old .xls form. Save it as .xlsx without password."
            ),
        )
    if start.startswith(
        (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")
    ):
        raise Unreadable("kind", _("This is no table. Send the list as .xlsx or .csv."))
    return DelimitedTable(path)
