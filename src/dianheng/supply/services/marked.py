"""A copy of the delivery file in which every fault stands at its row."""

import tempfile
from typing import BinaryIO

import xlsxwriter
from django.utils.translation import gettext as _

from dianheng.documents.services import file_path

from ..fields import FIELDS
from ..models import DeliveryFile
from ..rules import FINDINGS, finding_text
from .delivery import delivery_faults, table_of


def delivery_marked_copy(delivery: DeliveryFile) -> BinaryIO:
    """The file as a workbook with a column of faults before its own; rows stream through.

    The columns at fault are coloured in their row; faults of the file as a whole stand on top.
    """
    out = tempfile.TemporaryFile()  # noqa: SIM115  the answer closes it
    book = xlsxwriter.Workbook(
        out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet()
    bad = book.add_format({"bg_color": "#F8D7DA", "font_color": "#842029"})
    warn = book.add_format({"bg_color": "#FFF3CD", "font_color": "#664D03"})
    bold = book.add_format({"bold": True})
    place_of = {column["field"]: n for n, column in enumerate(delivery.columns, start=1)}
    faults = delivery_faults(delivery)
    pending = next(faults, None)
    line = 0
    while pending is not None and pending.row_no == 0:
        sheet.write_string(line, 0, str(_words(pending)), bad)
        line, pending = line + 1, next(faults, None)
    for no, cells in table_of(file_path(delivery.digest)).rows():
        mine, marked = [], {}
        while pending is not None and pending.row_no <= no:
            mine.append(str(_words(pending)))
            is_warning = FINDINGS[pending.code].is_warning
            if pending.field in place_of and not (is_warning and pending.field in marked):
                marked[place_of[pending.field]] = warn if is_warning else bad
            pending = next(faults, None)
        if no == delivery.head_row:
            sheet.write_string(line, 0, _("Faults"), bold)
        elif mine:
            sheet.write_string(line, 0, "\n".join(mine), bad)
        for n, cell in enumerate(cells, start=1):
            style = marked.get(n) or (bold if no == delivery.head_row else None)
            if cell or style:
                sheet.write_string(line, n, cell, style)
        line += 1
    sheet.set_column(0, 0, 48)
    book.close()
    out.seek(0)
    return out


def _words(fault):  # type: ignore[no-untyped-def]
    label = FIELDS[fault.field].label if fault.field in FIELDS else fault.field
    return finding_text(fault.code, label, fault.value, fault.facts)
