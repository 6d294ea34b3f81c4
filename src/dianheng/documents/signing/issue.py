"""A signed paper: page, data, code and signature made in one go, so that they agree."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from dianheng.documents.papers.compose import compose
from dianheng.documents.papers.schema import PAPERS, Paper

from .canonical import canonical_json, digest_of, plain
from .codes import facts_of, write_code
from .keys import open_signer
from .port import Signer

FORMAT = "dianheng-paper"
VERSION = 1
_WINDOW = 256  # papers under way at once in a batch; bounds memory


@dataclass(frozen=True, slots=True)
class Issued:
    """What is kept of a signed paper.

    `data_json` is the canonical JSON that is attached to the PDF and can be had as a file;
    `digest` its SHA-256 and `code` the text of the QR code, both needed for a print run.
    """

    kind: str
    number: str
    pdf: bytes
    data_json: bytes
    digest: str
    code: str
    key_no: str


def envelope(kind: str, data: Any) -> bytes:
    """Canonical JSON of a paper: format, version, kind, data."""
    return canonical_json({"format": FORMAT, "version": VERSION, "kind": kind, "data": plain(data)})


def issue(
    kind: str, paper: Paper, signer: Signer, lang: str = "zh", *, address: str = ""
) -> Issued:
    """Compose and sign one paper.

    The key's number and what it proves are set into the data first: they stand on the page.

    Args:
        kind: a kind that carries a signed code (see `codes.KINDS`).
        paper: its data.
        signer: the key in use, or what takes its place.
        lang: language of the page; the data are the same in any.
        address: of the check page, put before the code's text.

    Raises:
        CodeError: this kind carries no signed code.
        PaperDataError: the data do not fit the kind.
    """
    paper = replace(paper, key_no=signer.key.key_no, key_proves=signer.key.proves)
    data_json = envelope(kind, paper)
    digest = digest_of(data_json)
    code = write_code(facts_of(kind, plain(paper)), digest, signer, address)
    pdf = compose(kind, paper, lang, code=code, attached=data_json)
    return Issued(
        kind, paper.number, signer.sign_pdf(pdf), data_json, digest, code, signer.key.key_no
    )


_signer: Signer | None = None  # of a worker process


def _start(folder: Path) -> None:
    global _signer
    _signer = open_signer(folder)


def _one(job: tuple[str, Paper, str, str]) -> Issued:
    kind, paper, lang, address = job
    if _signer is None:
        raise RuntimeError("worker without a key")
    return issue(kind, paper, _signer, lang, address=address)


def issue_many(
    kind: str,
    papers: Iterable[Paper],
    keys: Path,
    lang: str = "zh",
    *,
    address: str = "",
    processes: int = 2,
) -> Iterator[Issued]:
    """Compose and sign a batch in several processes; results come in the order given.

    Memory is bounded: no more than a few hundred papers are under way at once. The first
    paper that cannot be made raises and ends the batch.
    """
    if kind not in PAPERS:
        raise ValueError(f"unknown kind of paper: {kind}")
    waiting = iter(papers)
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_start, initargs=(keys,)
    ) as pool:
        while window := list(islice(waiting, _WINDOW)):
            jobs = [(kind, paper, lang, address) for paper in window]
            yield from pool.map(_one, jobs, chunksize=8)
