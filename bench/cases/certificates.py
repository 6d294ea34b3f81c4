"""Certificates of a batch: compiled, beside bare Typst and WeasyPrint; the signature apart."""

import html
import importlib.util
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.core import AtLeast, AtMost, Bench, Way, case

KIND = "verification_certificate"


@case("certificates", "Certificates of a batch", tiny=2, quick=20, default=200)
def certificates(bench: Bench) -> None:
    """One file per device, and one file for many to print, from the same data.

    WeasyPrint sets the same facts as tables of a plain page, on at most as many pages, and
    writes the same kind of file. Units are pages.
    """
    from dianheng.documents.papers.compose import compose, compose_run
    from dianheng.documents.papers.schema import Paper

    papers: list[Paper] = _papers(bench.size)
    pages = _pages(compose(KIND, papers[0], attached=b"{}")) * len(papers)

    def one_each(_state: object) -> list[bytes]:
        return [compose(KIND, paper, attached=b"{}") for paper in papers]

    product = Way("compose", one_each, units=pages, answer=_counts)
    limit = _bare_typst(papers, pages)
    peers = []
    if importlib.util.find_spec("weasyprint"):
        few = papers[: max(2, len(papers) // 20)]
        peers = [_weasyprint(few)]
    else:
        bench.quote("WeasyPrint", "certificates", "not installed: requirements/bench.txt")
    wanted = [AtMost(1.2, limit.name), *(AtLeast(10, peer.name) for peer in peers)]
    bench.race(
        "one signed file per device, before its signature",
        product=product, limits=[limit], peers=peers, wanted=wanted,
    )  # fmt: skip

    def run(_state: object) -> list[bytes]:
        return list(compose_run(KIND, papers))

    def all_pages(_state: object, files: list[bytes]) -> int:
        return sum(map(_pages, files))

    bench.race(
        "print run",
        product=Way("compose_run", run, units=pages, answer=all_pages),
        peers=[replace(peer, expected=peer.units) for peer in peers],
        wanted=[AtLeast(10, peer.name) for peer in peers],
    )
    _sign(bench, papers)


def _papers(count: int) -> list[Any]:
    """Certificates that differ in number, device and readings' place."""
    from dianheng.documents.papers.samples import SAMPLES

    sample = SAMPLES[KIND]
    return [replace(sample, number=f"{sample.number}-{n:05d}") for n in range(count)]


def _pages(pdf: bytes) -> int:
    from io import BytesIO

    from pyhanko.pdf_utils.reader import PdfFileReader

    return int(PdfFileReader(BytesIO(pdf)).root["/Pages"]["/Count"])


def _counts(_state: object, files: Sequence[bytes]) -> list[int]:
    """Pages of each file, said shortly: how many files have how many pages."""
    pages = sorted(map(_pages, files))
    return [len(files), pages[0], pages[-1]]


def _bare_typst(papers: Sequence[Any], pages: int) -> Way:
    """The compiler alone, on jobs that stand ready as text."""
    import typst

    from dianheng.documents.papers.compose import job_of, paper_data
    from dianheng.documents.papers.fonts import font_folder
    from dianheng.documents.papers.press import TEMPLATES

    def prepare() -> Any:
        import shutil

        folder = Path(tempfile.mkdtemp(prefix="dianheng-bench-typst-", dir="/dev/shm"))
        shutil.copytree(TEMPLATES, folder, dirs_exist_ok=True)
        faces = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[font_folder()]
        )
        compiler = typst.Compiler(root=folder, font_paths=faces, ignore_system_fonts=True)
        jobs = []
        for paper in papers:
            data = paper_data(KIND, paper)
            job = job_of(KIND, [data], [data["number"]], "zh", "")
            job |= {"data": "{}", "code": data["number"]}
            jobs.append((json.dumps(job), datetime.fromisoformat(data["created_at"])))
        return folder, compiler, jobs

    def run(state: Any) -> list[bytes]:
        folder, compiler, jobs = state
        made = []
        for job, moment in jobs:
            (folder / "job.json").write_text(job, encoding="ascii")
            made.append(
                compiler.compile(
                    input=folder / "main.typ",
                    timestamp=moment,
                    pdf_standards=["a-3b"],
                    pdf_tags=True,
                )
            )
        return made

    def finish(state: Any) -> None:
        import shutil

        shutil.rmtree(state[0], ignore_errors=True)

    return Way("bare Typst", run, units=pages, prepare=prepare, answer=_counts, finish=finish)


def _weasyprint(papers: Sequence[Any]) -> Way:
    """The peer: HTML and CSS to the same kind of PDF."""
    import weasyprint

    from dianheng.documents.papers.compose import paper_data
    from dianheng.documents.papers.fonts import font_folder

    config = weasyprint.text.fonts.FontConfiguration()
    faces = "".join(
        f"@font-face {{ font-family: Paper; src: url({path.as_uri()}); }}"
        for path in sorted(font_folder().glob("*Sans*"))[:1]
    )
    style = weasyprint.CSS(
        string=faces + "@page { size: A4; margin: 20mm } body { font: 9pt Paper, serif }"
        " table { border-collapse: collapse; width: 100% } td, th { border: .4pt solid }",
        font_config=config,
    )
    pages_of = [_html(paper_data(KIND, paper)) for paper in papers]

    def run(_state: object) -> list[bytes]:
        return [
            weasyprint.HTML(string=page).write_pdf(
                stylesheets=[style], font_config=config, pdf_variant="pdf/a-3b"
            )
            for page in pages_of
        ]

    made = [_pages(pdf) for pdf in run(None)]
    return Way(
        "WeasyPrint", run, units=sum(made),
        answer=lambda _state, files: sum(map(_pages, files)), expected=sum(made),
    )  # fmt: skip


def _html(data: Any) -> str:
    """The facts of a paper as tables."""
    return f"<!doctype html><html lang=zh><title>{data['number']}</title><body>{_table(data)}</body></html>"


def _table(value: Any) -> str:
    if isinstance(value, dict):
        rows = (f"<tr><th>{html.escape(k)}</th><td>{_table(v)}</td></tr>" for k, v in value.items())
        return f"<table>{''.join(rows)}</table>"
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            cells = (
                "<tr>" + "".join(f"<td>{_table(v)}</td>" for v in row.values()) + "</tr>"
                for row in value
            )
            return f"<table>{''.join(cells)}</table>"
        return " ".join(map(_table, value))
    return html.escape(str(value))


def _sign(bench: Bench, papers: Sequence[Any]) -> None:
    """What a signature adds to each file."""
    from dianheng.documents.papers.compose import compose
    from dianheng.documents.signing.keys import open_signer

    signer = open_signer(bench.folder / "keys")
    files = [compose(KIND, paper, attached=b"{}") for paper in papers[:50]]
    with bench.used() as usage:
        for file in files:
            signer.sign_pdf(file)
    bench.figure("signing, a file", usage.cpu_s / len(files) * 1000, "ms of CPU")
