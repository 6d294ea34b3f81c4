"""Files that are sent in: judged by content, kept once, hostile ones named and refused."""

import io

import pytest

from dianheng.common.errors import BadInput
from dianheng.documents import contents
from dianheng.documents.contents import NotTaken, clean_name, given_name, media_type_of
from dianheng.documents.models import StoredFile
from dianheng.documents.services import file_read, upload_keep, uploads_judge
from dianheng.identity.services import system_actor

from .sent import PNG, docx, sent, zipped

TAKEN = {
    "pdf": (b"%PDF-1.7\n", contents.PDF),
    "png": (PNG, "image/png"),
    "jpeg": (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
    "webp": (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    "docx": (docx("检定"), contents.DOCX),
    "xlsx": (zipped({"xl/workbook.xml": "<x/>"}), contents.XLSX),
    "pptx": (zipped({"ppt/presentation.xml": "<x/>"}), contents.PPTX),
    "ofd": (zipped({"OFD.xml": "<x/>"}), contents.OFD),
    "doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, contents.OLE),
    "text in UTF-8": ("第一行\r\n二\t三\n".encode(), contents.TEXT),
    "text in GB 18030": ("计量检定规程，第一行\n".encode("gb18030"), contents.TEXT),
}
REFUSED = {
    "empty": (b"", "empty"),
    "program": (b"MZ\x90\x00\x03\x00", "unknown"),
    "page": (b"<!DOCTYPE html><script>1</script>", "unknown"),
    "page after spaces and a mark": (b"\xef\xbb\xbf \n<HTML>", "unknown"),
    "drawing with script": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unknown"),
    "script of a shell": (b"#!/bin/sh\nrm -rf /\n", "unknown"),
    "archive": (zipped({"a.exe": b"MZ"}), "unknown"),
    "archive of two kinds": (zipped({"word/document.xml": "", "OFD.xml": ""}), "unknown"),
    "broken archive": (b"PK\x03\x04" + b"\xff" * 50, "damaged"),
    "docx with macros": (docx("x", **{"word/vbaProject.bin": b"1"}), "macros"),
    "doc with macros": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "_VBA_PROJECT".encode("utf-16-le"), "macros",
    ),
    "noise": (bytes(range(256)), "unknown"),
    "signs that hide text": ("a\u202eb".encode(), "unknown"),
}  # fmt: skip


@pytest.mark.parametrize("case", TAKEN)
def test_a_file_is_what_its_content_says(case):
    content, kind = TAKEN[case]
    assert media_type_of(io.BytesIO(content)) == kind


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_be_executed_or_read_by_nobody_is_not_taken(case):
    content, reason = REFUSED[case]
    with pytest.raises(NotTaken) as refused:
        media_type_of(io.BytesIO(content))
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("name", "clean"),
    [("../../etc/passwd", "passwd"), ("C:\\x\\现场.jpg", "现场.jpg"), ("a\r\nb.pdf", "ab.pdf"), ("...", "file"),
     ("x" * 300 + ".pdf", "x" * 116 + ".pdf")],
    ids=["path", "path of Windows", "line breaks", "only dots", "long"],
)  # fmt: skip
def test_a_name_is_made_clean(name, clean):
    assert clean_name(name) == clean


def test_a_name_does_not_say_what_the_file_is_not():
    assert given_name("付款.pdf.exe", contents.PDF) == "付款.pdf.exe.pdf"
    assert given_name("报告.PDF", contents.PDF) == "报告.PDF"


@pytest.mark.django_db
def test_all_that_is_wrong_with_several_files_is_said_at_once(monkeypatch):
    monkeypatch.setattr("dianheng.documents.services.uploads.setting", lambda key: 1)
    with pytest.raises(BadInput) as refused:
        uploads_judge(
            [sent("好.png", PNG), sent("run.exe", b"MZ\x90\x00"), sent("大.txt", b"a" * 1_000_001)]
        )
    assert [(e["field"], e["code"]) for e in refused.value.refusal.errors] == [
        ("files", "unknown"), ("files", "too_large"),
    ]  # fmt: skip
    assert "run.exe" in str(refused.value.refusal.errors[0]["text"])
    assert StoredFile.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(("count", "code"), [(0, "missing"), (21, "too_many")])
def test_none_or_too_many_are_refused(count, code):
    with pytest.raises(BadInput) as refused:
        uploads_judge([sent("a.png", PNG)] * count)
    assert [e["code"] for e in refused.value.refusal.errors] == [code]


@pytest.mark.django_db
def test_the_same_content_under_two_names_is_kept_once(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    one, two = uploads_judge([sent("一.png", PNG), sent("二.png", PNG, "text/html")])
    kept = [upload_keep(upload=each, actor=system_actor()) for each in (one, two)]
    assert kept[0].pk == kept[1].pk and kept[0].media_type == "image/png"
    assert file_read(kept[0]) == PNG
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
