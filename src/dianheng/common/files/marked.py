"""A copy of a list in which every finding stands at its row."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import xlsxwriter
from django.utils.translation import gettext as _

from .table import Table


@dataclass(frozen=True)
class Mark:
    """One finding: its row (0: the file as a whole), field, words, and whether it only warns."""

    row_no: int
    field: str
    text: str
    is_warning: bool


def write_marked(
    table: Table, head_row: int, fields: Sequence[str], marks: Iterable[Mark]
) -> BinaryIO:
    """The list as a workbook with a column of findings before its own; rows stream through.

    `marks` come in the order of rows. The cells at fault are coloured; findings of the file as
    a whole stand on top.
    """
    out = tempfile.TemporaryFile()  # noqa: SIM115  the answer closes it
    book = xlsxwriter.Workbook(
        out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet()
    bad = book.add_format({"bg_color": "#F8D7DA", "font_color": "#842029"})
    warn = book.add_format({"bg_color": "#FFF3CD", "font_color": "#664D03"})
    bold = book.add_format({"bold": True})
    place_of = {field: n for n, field in enumerate(fields, start=1)}
    left = iter(marks)
    pending = next(left, None)
    line = 0
    while pending is not None and pending.row_no == 0:
        sheet.write_string(line, 0, pending.text, bad)
        line, pending = line + 1, next(left, None)
    for no, cells in table.rows():
        mine, marked = [], {}
        while pending is not None and pending.row_no <= no:
            mine.append(pending.text)
            if pending.field in place_of and not (pending.is_warning and pending.field in marked):
                marked[place_of[pending.field]] = warn if pending.is_warning else bad
            pending = next(left, None)
        if no == head_row:
            sheet.write_string(line, 0, _("Faults"), bold)
        elif mine:
            sheet.write_string(line, 0, "\n".join(mine), bad)
        for n, cell in enumerate(cells, start=1):
            style = marked.get(n) or (bold if no == head_row else None)
            if cell or style:
                sheet.write_string(line, n, cell, style)
        line += 1
    sheet.set_column(0, 0, 48)
    book.close()
    out.seek(0)
    return out
