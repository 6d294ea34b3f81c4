"""Spreadsheets out: streamed, numbers as numbers, text never taken for a formula."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

import xlsxwriter
from django.utils import timezone

ROWS_OF_A_SHEET = 1_048_575  # below the head; a further sheet begins after them
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_FORBIDDEN_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def write_workbook(
    file: BinaryIO, title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Write rows in constant memory; returns how many.

    Text stays text: a bar code keeps its zeros, and what begins like a formula carries
    Excel's own quote mark, so that it is no formula after editing or saving as CSV either.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    book = xlsxwriter.Workbook(file, options)
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        "quoted": book.add_format({"quote_prefix": True}),
    }
    written, sheet, line = 0, None, ROWS_OF_A_SHEET
    for row in rows:
        if line >= ROWS_OF_A_SHEET:
            sheet, line = _sheet(book, title, heads, formats), 0
        line += 1
        for column, value in enumerate(row):
            _write(sheet, line, column, value, formats)
        written += 1
    if sheet is None:
        _sheet(book, title, heads, formats)
    book.close()
    return written


def _sheet(book: Any, title: str, heads: Sequence[str], formats: dict[str, Any]) -> Any:
    number = len(book.worksheets()) + 1
    name = title.translate(_FORBIDDEN_IN_NAMES).strip()[:25] or "Sheet"
    sheet = book.add_worksheet(name if number == 1 else f"{name} {number}")
    sheet.freeze_panes(1, 1)
    for column, head in enumerate(heads):
        sheet.set_column(column, column, max(10, min(40, 2 + 2 * len(head))))
    for column, head in enumerate(heads):
        sheet.write_string(0, column, head, formats["head"])
    return sheet


def _write(sheet: Any, line: int, column: int, value: Any, formats: dict[str, Any]) -> None:
    if value is None or value == "":
        return
    if isinstance(value, datetime):
        if timezone.is_aware(value):
            value = timezone.localtime(value).replace(tzinfo=None)
        sheet.write_datetime(line, column, value, formats["moment"])
    elif isinstance(value, date):
        sheet.write_datetime(line, column, value, formats["date"])
    elif isinstance(value, bool):
        sheet.write_boolean(line, column, value)
    elif isinstance(value, int | Decimal | float) and abs(value) < 10**15:
        sheet.write_number(line, column, value)
    else:
        text = str(value)[:32767]
        sheet.write_string(
            line, column, text, formats["quoted"] if text.startswith(FORMULA_STARTS) else None
        )


def plain_csv_text(text: str) -> str:
    """Text for a CSV cell: what begins like a formula gets a leading apostrophe.

    >>> plain_csv_text("=1+1")
    "'=1+1"
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
