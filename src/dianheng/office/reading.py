"""The text inside a file, taken out in a process of its own: a hostile file harms nothing else.

`python -m dianheng.office.reading PATH MEDIA_TYPE` writes the text in UTF-8.
"""

import os
import re
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from dianheng.documents import contents

SECONDS = 10  # of one file
MEMORY = 1 << 30
LONGEST = 400_000  # signs of one file that are searched
UNPACKED = 64 << 20  # bytes of one part of an office file

_PARTS = {
    contents.DOCX: re.compile(r"word/(document|header\d*|footer\d*|footnotes)\.xml"),
    contents.XLSX: re.compile(r"xl/(sharedStrings|worksheets/sheet\d+)\.xml"),
    contents.PPTX: re.compile(r"ppt/slides/slide\d+\.xml"),
    contents.OFD: re.compile(r".*/Pages/Page_\d+/Content\.xml"),
}
READABLE = (contents.PDF, contents.TEXT, *_PARTS)
_ENDS = {"p", "si", "row", "TextObject"}  # a line ends with them


class Unreadable(Exception):  # noqa: N818  told beside the name of the file
    """No text could be taken out: protected, damaged, too long to read."""


def text_in_file(path: Path, media_type: str, seconds: float = SECONDS) -> str:
    """The text of a file; empty where its kind has none.

    Raises:
        Unreadable: nobody can say what stands in it.
    """
    if media_type not in READABLE:
        if media_type == contents.OLE:
            raise Unreadable
        return ""
    ways = [part for part in sys.path if part]
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "dianheng.office.reading", str(path), media_type],
            capture_output=True, timeout=seconds, check=False, cwd=path.parent,
            env={"PYTHONPATH": os.pathsep.join(ways), "PYTHONUTF8": "1"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unreadable from None
    if done.returncode:
        raise Unreadable
    return done.stdout.decode("utf-8", "replace")


def _pdf(path: Path) -> Iterator[str]:
    from pypdf import PdfReader

    reader = PdfReader(path)
    if reader.is_encrypted and not reader.decrypt(""):
        raise Unreadable
    for page in reader.pages:
        yield page.extract_text() + "\n"


def _plain(path: Path) -> Iterator[str]:
    text = contents.text_of(path.read_bytes())
    if text is None:
        raise Unreadable
    yield text


def _open_xml(path: Path, media_type: str) -> Iterator[str]:
    from lxml import etree

    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not _PARTS[media_type].fullmatch(info.filename):
                continue
            if info.file_size > UNPACKED:
                raise Unreadable
            with archive.open(info) as part:
                parsed = etree.iterparse(
                    part, events=("end",), resolve_entities=False, no_network=True, load_dtd=False
                )
                for _event, element in parsed:
                    name = etree.QName(element).localname if isinstance(element.tag, str) else ""
                    if name in ("t", "TextCode"):
                        yield element.text or ""
                    elif name in _ENDS:
                        yield "\n"
                    element.clear()
                if parsed.root is not None and parsed.root.getroottree().docinfo.doctype:
                    raise Unreadable


def main(path: str, media_type: str) -> int:
    """Write the text; 1 where there is none to be had."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    file = Path(path)
    if media_type == contents.PDF:
        parts = _pdf(file)
    elif media_type == contents.TEXT:
        parts = _plain(file)
    else:
        parts = _open_xml(file, media_type)
    left = LONGEST
    try:
        for part in parts:
            sys.stdout.write(part[:left])
            left -= len(part)
            if left <= 0:
                break
    except Exception:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
