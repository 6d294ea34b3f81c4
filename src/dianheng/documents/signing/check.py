"""What a reader can find out about a paper with the public keys alone: no database, no server.

A file is genuine when all of this holds: one known key signed every byte of it; the attached
data have the digest that stands in the code; the code is signed by the same key; and page,
data and code say the same. The page is compared with a page made anew from the attached data:
byte by byte where program and fonts are the same, else by its text; a page of another edition
of the layout is held against the facts of the code. Everything found is reported, in the
order in which a person would ask.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from dianheng.documents.papers.compose import EDITION, LANGUAGES, compose
from dianheng.documents.papers.schema import PAPERS, Result, Trace
from dianheng.documents.papers.schema.reading import PaperDataError, read

from .canonical import NotCanonicalError, digest_of, read_canonical
from .codes import Code, CodeError, Facts, code_is_genuine, facts_of, read_code
from .drawn import codes_of_pages
from .issue import FORMAT, VERSION
from .keys import key_by_number
from .pades import FoundSignature, NoSignatureError, read_signature
from .port import PublicKey
from .revocations import ListError, read_revocations
from .rework import EvidenceError, Line, rework

GENUINE = "genuine"
NOT_GENUINE = "not_genuine"
UNREADABLE = "unreadable"
EXIT = {GENUINE: 0, NOT_GENUINE: 1, UNREADABLE: 2}

DATA_FILE = "dianheng-data.json"
CODE_FILE = "dianheng-code.txt"
WHERE = "|"  # between the parts of a place in a finding


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `is_good` is None for what is told, not judged."""

    code: str
    is_good: bool | None
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found out about a file or a code."""

    verdict: str
    findings: tuple[Finding, ...]
    facts: Facts | None = None
    lines: tuple[Line, ...] = ()  # the conclusion as it was worked out again
    chain: tuple[Trace, ...] = ()  # of the standards, as the paper states it

    @property
    def exit_code(self) -> int:
        """0 genuine, 1 not genuine, 2 unreadable."""
        return EXIT[self.verdict]

    def has(self, code: str) -> bool:
        """Whether this was found."""
        return any(finding.code == code for finding in self.findings)

    def as_data(self) -> dict[str, Any]:
        """The report as plain data, for machines."""
        return asdict(self)


def _finish(
    findings: list[Finding],
    facts: Facts | None,
    evidence: tuple[tuple[Line, ...], tuple[Trace, ...]] = ((), ()),
) -> Report:
    bad = any(finding.is_good is False for finding in findings)
    return Report(NOT_GENUINE if bad else GENUINE, tuple(findings), facts, *evidence)


def _evidence(value: Any, findings: list[Finding]) -> tuple[tuple[Line, ...], tuple[Trace, ...]]:
    """Work the conclusion out again; what is found joins the findings."""
    kind = PAPERS[value["kind"]] if value is not None else None
    if kind is None or not issubclass(kind, Result):
        return (), ()
    try:
        paper = read(kind, value["data"])
        if paper.evidence is None:
            findings.append(Finding("evidence_absent", None))
            return (), ()
        done = rework(paper)
    except PaperDataError:
        findings.append(Finding("evidence_other_release", None))
        return (), ()
    except EvidenceError as error:
        findings.append(Finding("evidence_unreadable", False, {"reason": str(error)}))
        return (), ()
    differing = [
        Finding(
            "evidence_differs",
            False,
            {"item": line.item, "where": WHERE.join(line.where), **asdict(difference)},
        )
        for line in done.lines
        for difference in line.differences
    ]
    differing += [Finding("evidence_unnamed", False, {"item": i}) for i in done.failing_unnamed]
    differing += [
        Finding("evidence_unfounded", False, {"item": i}) for i in done.named_without_failure
    ]
    differing += [Finding("evidence_unjudged", False, {"item": i}) for i in done.unjudged]
    stated = sum(line.is_stated for line in done.lines)
    counts = {"worked": str(len(done.lines) - stated), "stated": str(stated)}
    findings += differing or [Finding("evidence_agrees", True, counts)]
    book = paper.evidence.rules
    facts = {"rules": f"{book.standard}-{book.edition}", "digest": book.digest[:12]}
    findings.append(
        Finding(f"tables_{done.tables}", True if done.tables == "same" else None, facts)
    )
    return done.lines, paper.evidence.chain


def _about_today(
    code: Code, keys: Sequence[PublicKey], revocations: bytes, today: date
) -> list[Finding]:
    """Whether the paper still holds: last day, and the dated list. Told, not judged."""
    findings = []
    through = code.facts.valid_through
    if through is None:
        findings.append(Finding("validity_none", None))
    else:
        word = "validity_expired" if through < today else "validity_in_force"
        findings.append(Finding(word, None, {"through": through.isoformat()}))
    if not revocations:
        return [*findings, Finding("list_absent", None)]
    try:
        listed = read_revocations(revocations, keys)
    except ListError as error:
        return [*findings, Finding("list_bad", None, {"reason": str(error)})]
    facts = {"as_of": listed.issued_at.isoformat()}
    entry = listed.of(code.facts.number)
    if entry is None:
        return [*findings, Finding("list_clear", None, facts)]
    facts |= {"on": entry.on.isoformat(), "by": entry.replaced_by, "reason": entry.reason}
    return [*findings, Finding(f"list_{entry.status}", None, facts)]


def _code_finding(code: Code, keys: Sequence[PublicKey]) -> Finding:
    genuine = code_is_genuine(code, keys)
    if genuine is None:
        return Finding("code_unknown_key", False, {"key": code.key_no})
    return Finding("code_genuine" if genuine else "code_forged", genuine, {"key": code.key_no})


def check_code(
    text: str,
    keys: Sequence[PublicKey],
    *,
    data: bytes = b"",
    revocations: bytes = b"",
    today: date | None = None,
) -> Report:
    """Check the text of a QR code and, when given, the data file against its digest."""
    try:
        code = read_code(text)
    except CodeError as error:
        return Report(UNREADABLE, (Finding("code_unreadable", None, {"reason": str(error)}),))
    findings, value = [_code_finding(code, keys)], None
    if data:
        told, value = _data_findings(data, code)
        findings += told
    evidence = _evidence(value, findings)
    if findings[0].is_good:
        findings += _about_today(code, keys, revocations, today or _today())
    return _finish(findings, code.facts, evidence)


def _today() -> date:
    return datetime.now().astimezone().date()


def _data_findings(data: bytes, code: Code) -> tuple[list[Finding], Any]:
    """Digest, form and facts of the attached data; the data when they can be read."""
    data = data.strip()
    matches = digest_of(data) == code.digest
    findings = [Finding("data_matches" if matches else "data_differs", matches)]
    try:
        value = read_canonical(data)
        if value["format"] != FORMAT or value["version"] != VERSION:
            raise NotCanonicalError("another format or version")
        stated = facts_of(value["kind"], value["data"])
    except (NotCanonicalError, CodeError, KeyError, TypeError, ValueError):
        return [*findings, Finding("data_unreadable", False)], None
    agree = stated == code.facts
    findings.append(Finding("facts_agree" if agree else "facts_differ", agree))
    return findings, value


def _attachments(reader: PdfReader) -> dict[str, bytes]:
    return {name: contents[0] for name, contents in reader.attachments.items() if contents}


def _text(reader: PdfReader) -> str:
    """Text of all pages without blanks, which layouts place as they like."""
    return re.sub(r"[\s\u200b]+", "", "".join(page.extract_text() for page in reader.pages))


def _language(reader: PdfReader) -> str:
    root: Any = reader.trailer["/Root"]
    stated = str(root.get("/Lang", ""))[:2]
    return stated if stated in LANGUAGES else LANGUAGES[0]


def _page_finding(pdf: bytes, reader: PdfReader, value: Any, data: bytes, code: str) -> Finding:
    """Compare the pages with pages made anew from the attached data."""
    lang = _language(reader)
    try:
        anew = compose(value["kind"], value["data"], lang, code=code, attached=data)
    except PaperDataError:
        anew = b""  # data of another release: the facts decide
    if anew and pdf.startswith(anew):
        return Finding("page_identical", True)
    shown = _text(reader)
    if anew and shown == _text(PdfReader(io.BytesIO(anew))):
        return Finding("page_same_text", True)
    if anew and EDITION in _keywords(reader):
        return Finding("page_other_text", False)
    missing = [fact for fact in _printed(value["kind"], value["data"]) if fact not in shown]
    if missing:
        return Finding("page_differs", False, {"missing": ", ".join(missing[:5])})
    return Finding("page_same_facts", True)


def _keywords(reader: PdfReader) -> str:
    return "" if reader.metadata is None else str(reader.metadata.keywords or "")


def _printed(kind: str, data: dict[str, Any]) -> list[str]:
    """Facts that every layout of this paper has printed, without blanks."""
    facts = facts_of(kind, data)
    printed = [facts.number, facts.subject]
    for day in (facts.tested_on, facts.valid_through):
        if day and kind in ("verification_certificate", "result_notice"):
            printed.append(f"{day:%Y}年{day:%m}月{day:%d}日")
        elif day:
            printed.append(day.isoformat())
    return [re.sub(r"\s+", "", fact) for fact in printed]


def _signature_findings(found: FoundSignature, keys: Sequence[PublicKey]) -> list[Finding]:
    facts = {"key": found.key_no, "at": found.signed_at}
    if not found.is_intact:
        return [Finding(f"signature_{found.why}", False, facts)]
    key = key_by_number(keys, found.key_no)
    if key is None or key.certificate != found.certificate:
        return [Finding("signature_unknown_key", False, facts)]
    findings = [Finding("signature_intact", True, facts), Finding(f"proves_{key.proves}", None)]
    if found.signed_at and key.through_at:
        if datetime.fromisoformat(found.signed_at) > key.through_at:
            return [Finding("signature_after_key", False, facts)]
        findings.append(Finding("key_retired", None, {"through": key.through_at.isoformat()}))
    return findings


def check_pdf(
    pdf: bytes | Path,
    keys: Sequence[PublicKey],
    *,
    revocations: bytes = b"",
    today: date | None = None,
) -> Report:
    """Check a PDF: signature, attached data, code, page, and whether it still holds.

    Args:
        pdf: the file or its bytes.
        keys: public keys to trust (`keys.read_keys`).
        revocations: a signed list, if there is one.
        today: the day for "still in force".
    """
    if isinstance(pdf, Path):
        pdf = pdf.read_bytes()
    try:
        signature = read_signature(pdf)
    except NoSignatureError:
        return _unsigned(pdf, keys)
    findings = _signature_findings(signature, keys)
    if not findings[0].is_good:
        return _finish(findings, None)
    try:
        reader = PdfReader(io.BytesIO(pdf))
        attached = _attachments(reader)
        data, text = attached.get(DATA_FILE, b""), attached.get(CODE_FILE, b"").decode()
        drawn = {code for _, code in codes_of_pages(pdf)}
    except Exception as error:  # the parser of a hostile file raises what it likes
        findings.append(Finding("file_unreadable", False, {"reason": str(error)}))
        return _finish(findings, None)
    if not data or not text:
        return _finish([*findings, Finding("data_missing", False)], None)
    try:
        code = read_code(text)
    except CodeError as error:
        return _finish([*findings, Finding("code_unreadable", False, {"reason": str(error)})], None)
    findings.append(_code_finding(code, keys))
    if code.key_no != signature.key_no:
        findings.append(Finding("code_other_key", False, {"key": code.key_no}))
    if drawn != {text}:
        findings.append(Finding("code_drawn_differs" if drawn else "code_not_drawn", False))
    told, value = _data_findings(data, code)
    findings += told
    if value is not None:
        findings.append(_page_finding(pdf, reader, value, data, text))
    evidence = _evidence(value, findings)
    findings += _about_today(code, keys, revocations, today or _today())
    return _finish(findings, code.facts, evidence)


def _unsigned(pdf: bytes, keys: Sequence[PublicKey]) -> Report:
    """A file without signature: nothing can be said of the file, only of the codes in it."""
    if pdf.lstrip()[:1] == b"{":
        return Report(UNREADABLE, (Finding("need_code", None),))
    findings = [Finding("signature_missing", None)]
    facts = None
    try:
        drawn = codes_of_pages(pdf) if pdf[:5] == b"%PDF-" else []
    except Exception:  # the parser of a hostile file raises what it likes
        return Report(UNREADABLE, (Finding("file_unreadable", None, {"reason": ""}),))
    for page, text in drawn:
        try:
            code = read_code(text)
        except CodeError:
            continue
        facts = facts or code.facts
        genuine = code_is_genuine(code, keys)
        word = "print_code_genuine" if genuine else "print_code_forged"
        findings.append(Finding(word, None, {"page": str(page), "number": code.facts.number}))
    return Report(UNREADABLE, tuple(findings), facts)
