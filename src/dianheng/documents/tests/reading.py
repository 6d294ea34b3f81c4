"""PDFs looked into by tests."""

import io
import re
import subprocess
from pathlib import Path
from typing import Any

import zxingcpp
from pypdf import PdfReader


def reader(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def pages(pdf: bytes) -> list[str]:
    """Text of each page without blanks."""
    return [
        re.sub(r"[\s\u200b]+", "", page.extract_text(extraction_mode="plain"))
        for page in reader(pdf).pages
    ]


def text(pdf: bytes) -> str:
    return "".join(pages(pdf))


def attachments(pdf: bytes) -> dict[str, bytes]:
    return {name: contents[0] for name, contents in reader(pdf).attachments.items()}


def photographed(pdf: bytes, folder: Path, dpi: int, page: int = 1) -> Any:
    """A page as grey picture, as a scanner would see it."""
    source = folder / "page.pdf"
    source.write_bytes(pdf)
    subprocess.run(
        ["pdftoppm", "-gray", "-r", str(dpi), "-f", str(page), "-l", str(page), "-singlefile",
         str(source), str(folder / "page")],
        check=True,
    )  # fmt: skip
    content = (folder / "page.pgm").read_bytes()
    found = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", content)
    assert found
    width, height = int(found[1]), int(found[2])
    return memoryview(bytearray(content[found.end() :])).cast("B", (height, width))


def scanned(picture: Any) -> list[tuple[str, str]]:
    return [(str(code.format), code.text) for code in zxingcpp.read_barcodes(picture)]
