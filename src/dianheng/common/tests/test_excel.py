"""Spreadsheets: text stays text, and no text is a formula."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook

from dianheng.common import excel


def written(rows, heads=("A", "B", "C", "D", "E")):
    file = io.BytesIO()
    excel.write_workbook(file, "清单", heads, rows)
    return file


def test_values_keep_their_kind():
    row = [
        "0000413",
        Decimal("1.50"),
        date(2026, 11, 22),
        datetime(2026, 11, 22, 1, 30, tzinfo=UTC),
        None,
    ]
    file = written([row])
    file.seek(0)
    sheet = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0)
    assert sheet.name == "清单"
    head, line = sheet.to_python()
    assert head == ["A", "B", "C", "D", "E"]
    assert line == ["0000413", 1.5, date(2026, 11, 22), datetime(2026, 11, 22, 9, 30), ""]


def test_a_22_digit_bar_code_is_text():
    file = written([[4130001234567890123456, "4130001234567890123456"]])
    file.seek(0)
    assert (
        CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()[1][:2]
        == ["4130001234567890123456"] * 2
    )


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "\tx", "=cmd|' /C calc'!A0"]
)
def test_what_begins_like_a_formula_is_quoted_text(text):
    file = written([[text]], heads=("A",))
    with zipfile.ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        styles = book.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    assert 'quotePrefix="1"' in styles
    file.seek(0)
    assert CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()[1] == [text]
    assert excel.plain_csv_text(text) == f"'{text}"


def test_plain_text_is_not_touched():
    assert excel.plain_csv_text("A+B") == "A+B"
    with zipfile.ZipFile(written([["A=B"]], heads=("A",))) as book:
        line = book.read("xl/worksheets/sheet1.xml").decode().split("</row>")[1]
    assert ' s="' not in line


def test_rows_beyond_a_sheet_go_on_in_the_next(monkeypatch):
    monkeypatch.setattr(excel, "ROWS_OF_A_SHEET", 2)
    file = written([[n] for n in range(5)], heads=("N",))
    file.seek(0)
    book = CalamineWorkbook.from_filelike(file)
    assert book.sheet_names == ["清单", "清单 2", "清单 3"]
    assert [book.get_sheet_by_name(name).to_python()[1:] for name in book.sheet_names] == [
        [[0], [1]],
        [[2], [3]],
        [[4]],
    ]


def test_no_rows_still_give_the_heads():
    file = written([])
    file.seek(0)
    assert CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python() == [
        ["A", "B", "C", "D", "E"]
    ]
