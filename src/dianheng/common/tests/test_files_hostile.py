"""Lists from outside: cut off, swollen, forged or in another encoding; refused in words or read."""

import io
import struct
import time
import tracemalloc
import zipfile

import pytest

from dianheng.common.files import Unreadable, find_head, open_table
from dianheng.common.files.xlsx import FREELY_UNPACKED

ROWS = [
    ["条形码", "出厂编号"],
    ["4130001000000000000015", "2608000001"],
    ["4130001000000000000022", "甲"],
]
TYPES = "application/vnd.openxmlformats"
SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINKS = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
BOOK = (
    f'<workbook {SPACE} {LINKS}><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
)
SHEET = "xl/worksheets/sheet1.xml"


def sheet_of(rows: str) -> str:
    return f"<worksheet {SPACE}><sheetData>{rows}</sheetData></worksheet>"


def cells(rows):
    """Rows with their text inside the cells."""
    return "".join(
        f'<row r="{no}">'
        + "".join(
            f'<c r="{chr(65 + place)}{no}" t="inlineStr"><is><t>{cell}</t></is></c>'
            for place, cell in enumerate(row)
        )
        + "</row>"
        for no, row in enumerate(rows, start=1)
    )


def workbook(path, sheet, **parts):
    """A workbook with this sheet; `parts` by name with _ for / are put beside it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/workbook.xml", BOOK)
        book.writestr("xl/_rels/workbook.xml.rels", RELATIONS)
        book.writestr(SHEET, sheet)
        for name, content in parts.items():
            book.writestr(f"xl/{name}.xml", content)
    return path


def read(path):
    return [row for _no, row in open_table(path).rows() if any(row)]


def reason(path):
    with pytest.raises(Unreadable) as refused:
        read(path)
    return refused.value.reason


def test_a_workbook_is_read(tmp_path):
    assert read(workbook(tmp_path / "a.xlsx", sheet_of(cells(ROWS)))) == ROWS


def test_a_workbook_cut_off_anywhere_is_refused_in_words(tmp_path):
    whole = workbook(tmp_path / "a.xlsx", sheet_of(cells(ROWS * 50))).read_bytes()
    path = tmp_path / "cut.xlsx"
    for length in range(4, len(whole) - 1, max(1, len(whole) // 60)):
        path.write_bytes(whole[:length])
        assert reason(path) == "broken", length


def test_a_changed_byte_gives_rows_or_words_never_a_crash(tmp_path):
    whole = workbook(tmp_path / "a.xlsx", sheet_of(cells(ROWS))).read_bytes()
    path = tmp_path / "b.xlsx"
    for place in range(4, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            read(path)
        except Unreadable as refused:
            assert str(refused.refusal.text)


def test_a_zip_bomb_is_weighed_and_not_opened(tmp_path):
    path = workbook(tmp_path / "a.xlsx", sheet_of(cells(ROWS)))
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book,
        book.open("xl/media/big.bin", "w") as part,
    ):
        for _number in range((FREELY_UNPACKED >> 20) + 1):
            part.write(bytes(1 << 20))
    tracemalloc.start()
    assert reason(path) == "bomb"
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_a_part_that_lies_about_its_size_is_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx", sheet_of(cells(ROWS) + " " * 10_000))
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        size = book.getinfo(SHEET).file_size
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(SHEET.encode()))
    assert struct.unpack_from("<L", content, at + 24) == (size,)
    struct.pack_into("<L", content, at + 24, 300)
    path.write_bytes(content)
    assert reason(path) == "broken"


def test_a_million_empty_rows_are_passed_over(tmp_path):
    styled = "".join(f'<row r="{no}"><c r="A{no}" s="1"/></row>' for no in range(4, 300_004))
    empty = "".join(f'<row r="{no}"/>' for no in range(300_004, 1_048_577))
    path = workbook(tmp_path / "a.xlsx", sheet_of(cells(ROWS) + styled + empty))
    began = time.process_time()
    assert read(path) == ROWS
    assert time.process_time() - began < 60  # no reading that grows with the square


def test_a_formula_stays_a_formula_and_its_kept_value_is_not_believed(tmp_path):
    row = '<row r="2"><c r="A2"><f>HYPERLINK("http://x",B2)</f><v>4130001000000000000015</v></c></row>'
    path = workbook(tmp_path / "a.xlsx", sheet_of(cells(ROWS[:1]) + row))
    _heads, (found,) = read(path)
    assert found.startswith("=HYPERLINK(")


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
    ],
    ids=["entities that swell", "a file of the server"],
)
def test_a_workbook_with_definitions_is_not_read(tmp_path, head):
    bad = head + sheet_of('<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row>')
    assert reason(workbook(tmp_path / "a.xlsx", bad)) == "doctype"
    texts = f"{head}<sst {SPACE}><si><t>&b;</t></si></sst>"
    path = workbook(tmp_path / "b.xlsx", sheet_of(cells(ROWS)), sharedStrings=texts)
    assert reason(path) == "doctype"


def test_a_workbook_that_only_says_so_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("readme.txt", "no workbook")
    assert reason(path) == "kind"
    for start, wanted in (
        (b"", "empty"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "password"), (b"%PDF-1.7", "kind"),
    ):  # fmt: skip
        path.write_bytes(start)
        assert reason(path) == wanted


# -- encodings ------------------------------------------------------------------------------------

TEXT = "\r\n".join(",".join(row) for row in ROWS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_a_list_says_the_same_in_every_usual_encoding(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert read(path) == ROWS


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.replace(",", delimiter).encode("gbk"))
    assert read(path) == ROWS


def test_bytes_that_make_no_sense_in_any_encoding_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.encode("utf-8") + b"\xff\xff\x81")
    assert reason(path) == "encoding"


def test_a_quotation_mark_that_is_not_closed_is_named_with_its_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(TEXT + '\r\n"4130,1\r\n' + "x,y\r\n" * 60_000, encoding="utf-8")
    with pytest.raises(Unreadable) as refused:
        read(path)
    assert (refused.value.reason, refused.value.refusal.facts["row"]) == ("quotes", 4)


def test_two_columns_of_one_name_and_columns_without_name_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("条形码,条形码\r\n1,2\r\n", encoding="utf-8")
    with pytest.raises(Unreadable) as refused:
        find_head(open_table(path), lambda name: name if name in ROWS[0] else "")
    assert refused.value.reason == "head_twice"
    path.write_text("条形码,\r\n1,2\r\n", encoding="utf-8")
    with pytest.raises(Unreadable) as refused:
        find_head(open_table(path), lambda name: name if name in ROWS[0] else "")
    assert refused.value.reason == "head_empty"
