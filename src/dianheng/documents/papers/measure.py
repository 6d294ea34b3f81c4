"""What a certificate costs, for the bench: the product, bare Typst, and the peer's page.

Every round makes other data (number, bar code, figures), so that no cache answers for the
work. Times are seconds for all rounds, of this process's CPU.
"""

import json
import shutil
import tempfile
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from html import escape
from pathlib import Path
from typing import cast

import typst

from .codes import qr_svg
from .compose import compose, job_of, paper_data
from .fonts import font_folder
from .press import TEMPLATES
from .samples import certificate
from .samples.parts import bar_code
from .schema import Certificate

KIND = "verification_certificate"


def certificates(count: int) -> list[Certificate]:
    """Certificates that differ in number, device and figures."""
    model = certificate()
    return [
        replace(
            model,
            number=f"DN2026-{i:07d}",
            device=replace(model.device, bar_code=bar_code(i), serial_no=f"{i:010d}"),
            points=tuple(
                replace(point, rounded_pct=f"{(i + n) % 9 / 10:+.1f}")
                for n, point in enumerate(model.points)
            ),
        )
        for i in range(count)
    ]


def _code(paper: Certificate) -> str:
    return f"DH1~C~{paper.number}~{paper.device.bar_code}~P~2026-11-18~2034-11-17~{'x' * 140}"


def product(papers: list[Certificate]) -> list[bytes]:
    """What issuing does before the signature: data checked and made plain, code, page."""
    return [compose(KIND, paper, code=_code(paper)) for paper in papers]


def bare(papers: list[Certificate]) -> Callable[[], list[bytes]]:
    """Typst alone on the same templates: every job stands ready as text before the clock."""
    jobs = [
        (json.dumps(job_of(KIND, [paper_data(KIND, paper)], [_code(paper)], "zh", "")), paper)
        for paper in papers
    ]
    folder = Path(tempfile.mkdtemp())
    shutil.copytree(TEMPLATES, folder, dirs_exist_ok=True)
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[font_folder()]
    )
    compiler = typst.Compiler(root=folder, font_paths=fonts, ignore_system_fonts=True)

    def one(job: str, moment: datetime) -> bytes:
        (folder / "job.json").write_text(job, encoding="ascii")
        made = compiler.compile(input=folder / "main.typ", timestamp=moment, pdf_standards=["a-3b"])
        return cast(bytes, made)

    def run() -> list[bytes]:
        made = [one(job, paper.created_at) for job, paper in jobs]
        shutil.rmtree(folder)
        return made

    one(*(jobs[0][0], papers[0].created_at))  # fonts are read
    return run


def peer_html(paper: Certificate) -> str:
    """The same certificate as HTML for a peer that makes PDFs from it: same words and cells."""
    data = paper_data(KIND, paper)
    words = tomllib.loads((TEMPLATES / "texts/zh.toml").read_text(encoding="utf-8"))
    form, body, device = words["form"], data["body"], data["device"]

    def table(head: list[str], rows: list[list[object]]) -> str:
        names = "".join(f"<th>{escape(name)}</th>" for name in head)
        cells = "".join(
            "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
            for row in rows
        )
        return f"<table><thead><tr>{names}</tr></thead>{cells}</table>"

    def heads(section: str, *names: str) -> list[str]:
        return [words[section][name] for name in names]

    rating = f"{device['model']} {device['voltage']} {device['current']}"
    cover = {
        "client": data["client"], "instrument": device["kind_name"], "model": rating,
        "serial_no": device["serial_no"], "bar_code": device["bar_code"], "maker": device["maker"],
        "basis": data["regulations"][0]["title"], "conclusion": form["conforms"],
        "verified_on": data["verified_on"], "valid_through": data["valid_through"],
    }  # fmt: skip
    signers = {role: data[role]["name"] for role in ("approver", "checker", "verifier")}
    standards = [
        [s["name"], s["model"], s["serial_no"], s["measuring_range"], s["accuracy"],
         s["certificate_no"] + " " + s["issued_by"], s["valid_through"]]
        for s in data["standards"]
    ]  # fmt: skip
    assessments = [
        [a["name"], a["measuring_range"], a["accuracy"], a["certificate_no"], a["valid_through"]]
        for a in data["assessments"]
    ]
    items = [
        [i, words["item"][it["item"]], it["conditions"], it["requirement"],
         it["result"] + it["unit"], words["conclusion"][it["conclusion"]]]
        for i, it in enumerate(data["items"], 1)
    ]  # fmt: skip
    points = {(p["current"], p["power_factor"]): p for p in data["points"]}
    matrix: list[list[object]] = []
    for current in dict.fromkeys(current for current, _ in points):
        row: list[object] = [words["load"]["balanced"], current]
        for factor in dict.fromkeys(factor for _, factor in points):
            point = points.get((current, factor))
            row += [point["rounded_pct"], "±" + point["limit_pct"]] if point else ["", ""]
        matrix.append(row)
    environment = data["environment"]
    return f"""<!doctype html><html lang="zh"><meta charset="utf-8"><style>
@page {{ size: A4; margin: 24mm 22mm; }}
@page {{ @bottom-center {{ content: counter(page) "/" counter(pages) }} }}
@page {{ @top-right {{ content: "{escape(data["number"])}" }} }}
body {{ font-family: "Noto Serif SC", "Noto Sans SC"; font-size: 8.5pt }}
h1, h2, th {{ font-family: "Noto Sans SC" }} h1 {{ text-align: center }} h2 {{ font-size: 10pt }}
table {{ border-collapse: collapse; width: 100%; margin: 2mm 0 }}
td, th {{ border: .4pt solid; padding: .4mm 1mm; text-align: center }}
.lines td {{ border: 0; border-bottom: .4pt solid; font-size: 12pt }}
.inner {{ break-before: page }} svg {{ width: 25mm }}</style>
<h1>{escape(body["name"])}</h1><p>{escape(body["name_en"])}</p>
<h1>{words["title"][KIND]}</h1><p>{escape(data["number"])}</p>
<div class="lines">{table([], [[words["cover"][n], v] for n, v in cover.items()])}
{table([], [[words["role"][n], v] for n, v in signers.items()])}</div>
<p>{words["label"]["authorisation_no"]} {escape(body["authorisation_no"])}</p>
<p>{escape(body["address"])} {escape(body["phone"])} {escape(body["email"])}</p>
<p>{form["signed-by"]} {words["proves"]["integrity"]} {form["how-to-check"]}</p>
{qr_svg(_code(paper))}
<div class="inner"><h2>{words["section"]["authorisation"]}</h2>
<p>{form["authorisation-words"]} {escape(body["authorisation_scope"])}</p>
<p>{form["note-copy"]}<br>{form["note-only-this"]}<br>{form["note-rounded"]}</p>
<h2>{words["section"]["environment"]}</h2>
{
        table(
            [],
            [
                [
                    words["environment"]["temperature"],
                    environment["temperature_start_c"],
                    words["environment"]["humidity"],
                    environment["humidity_start_pct"],
                ],
                [
                    words["environment"]["place"],
                    environment["place"],
                    words["environment"]["other"],
                    environment["other"],
                ],
            ],
        )
    }
<h2>{words["section"]["assessments"]}</h2>
{table(list(words["assessment"].values()), assessments)}
<h2>{words["section"]["standards"]}</h2>
{table(list(words["standard"].values()), standards)}
<h2>{words["section"]["results"]}</h2>
{
        table(
            heads(
                "item-head", "serial", "item", "conditions", "requirement", "result", "conclusion"
            ),
            items,
        )
    }
{table([words["point"]["load"], words["point"]["current"], "1.0", "", "0.5L", ""], matrix)}
<p>{escape(", ".join(s["seal_no"] for s in data["seals"]))}</p>
<p>{form["blank-below"]}</p></div></html>"""


def compose_times(count: int = 100) -> dict[str, float]:
    """Seconds of CPU for `count` certificates, product and bare Typst, warmed up."""
    papers = certificates(count + 5)
    product(papers[:5])
    bare_run = bare(papers[5:])
    started = time.process_time()
    made = product(papers[5:])
    middle = time.process_time()
    alone = bare_run()
    ended = time.process_time()
    if made != alone:
        raise AssertionError("product and bare Typst made different pages")
    return {"papers": count, "product": middle - started, "bare": ended - middle}
