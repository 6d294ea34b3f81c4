"""Text is taken out of files; hostile ones end their own reader and nothing else."""

import io

import pytest
from pypdf import PdfReader, PdfWriter

from dianheng.documents import contents
from dianheng.documents.papers.compose import compose
from dianheng.documents.papers.samples import SAMPLES
from dianheng.documents.tests.sent import PNG, docx, zipped
from dianheng.office.reading import Unreadable, text_in_file
from dianheng.office.rules import searchable

_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def xlsx():
    strings = (
        f'<sst xmlns="{_S}"><si><t>资产编号</t></si><si><r><t>误</t></r><r><t>差</t></r></si></sst>'
    )
    return zipped({"xl/workbook.xml": "<x/>", "xl/sharedStrings.xml": strings})


def pptx():
    slide = f'<p xmlns:a="{_A}"><a:p><a:r><a:t>年度总结</a:t></a:r></a:p></p>'
    return zipped({"ppt/presentation.xml": "<x/>", "ppt/slides/slide1.xml": slide})


def ofd():
    page = '<ofd:Page xmlns:ofd="http://www.ofdspec.org/2016"><ofd:TextObject><ofd:TextCode>公文正文</ofd:TextCode></ofd:TextObject></ofd:Page>'
    return zipped({"OFD.xml": "<x/>", "Doc_0/Pages/Page_0/Content.xml": page})


def read(tmp_path, content, media_type, **more):
    path = tmp_path / "file"
    path.write_bytes(content)
    return searchable(text_in_file(path, media_type, **more))


@pytest.mark.parametrize(
    ("make", "media_type", "text"),
    [(lambda: docx("第一段", "检定 证书"), contents.DOCX, "第一段检定证书"), (xlsx, contents.XLSX, "资产编号误差"),
     (pptx, contents.PPTX, "年度总结"), (ofd, contents.OFD, "公文正文"),
     (lambda: "国标文本".encode("gb18030"), contents.TEXT, "国标文本"), (lambda: PNG, "image/png", "")],
    ids=["docx", "xlsx", "pptx", "ofd", "text", "picture"],
)  # fmt: skip
def test_the_text_of_a_file_is_taken_out(tmp_path, make, media_type, text):
    assert read(tmp_path, make(), media_type) == text


def test_the_text_of_a_pdf_is_taken_out(tmp_path):
    pdf = compose("approval_sheet", SAMPLES["approval_sheet"])
    assert "漏列资产科室的计划" in read(tmp_path, pdf, contents.PDF)


def locked_pdf():
    writer = PdfWriter(
        clone_from=PdfReader(io.BytesIO(compose("approval_sheet", SAMPLES["approval_sheet"])))
    )
    writer.encrypt("secret")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def bomb():
    """Ten levels of ten: 10^10 signs when the entities are followed."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    body = f'<!DOCTYPE x [<!ENTITY l0 "笑">{levels}]><x><t>&l9;</t></x>'
    return zipped({"word/document.xml": body})


def outside():
    body = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x><t>&f;</t></x>'
    return zipped({"word/document.xml": body})


@pytest.mark.parametrize(
    ("make", "media_type"),
    [(locked_pdf, contents.PDF), (lambda: b"%PDF-1.7\nnothing", contents.PDF), (bomb, contents.DOCX),
     (outside, contents.DOCX), (lambda: zipped({"word/document.xml": b"\0" * (65 << 20)}), contents.DOCX),
     (lambda: zipped({"word/document.xml": "<x><t>cut"}), contents.DOCX),
     (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, contents.OLE)],
    ids=["locked", "broken", "entities", "file of the server", "unpacks to 65 MB", "cut off", "old office file"],
)  # fmt: skip
def test_of_a_hostile_file_nothing_is_read(tmp_path, make, media_type):
    with pytest.raises(Unreadable):
        read(tmp_path, make(), media_type)


def test_reading_ends_with_its_time(tmp_path):
    with pytest.raises(Unreadable):
        read(tmp_path, "文".encode(), contents.TEXT, seconds=0.001)
