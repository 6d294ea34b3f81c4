"""The text in the QR code: what a reader holds against the paper, signed.

    DH1~C~DN2026-0012347~4130001000000446529641~P~2026-11-18~2034-11-17~digest~key~signature

Ten parts with `~` between them: version; kind of paper; number; bar code of the device (or lot
number); conclusion; day of the test; last day (empty when there is none); SHA-256 of the
paper's canonical JSON; number of the key; ECDSA signature over all that stands before its `~`.
Digest and signature are base64url. `%`, `~`, blanks and control marks in a part are
written as %XX. An address may stand before, ended by `#`, so that a telephone opens the check
page; it is not signed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import unquote

from .canonical import from_base64url, to_base64url
from .keys import key_by_number, text_is_signed
from .port import PublicKey, Signer

VERSION = "DH1"
KINDS = {
    "verification_certificate": "C",
    "result_notice": "N",
    "sampling_report": "S",
    "original_record": "R",
}
CONCLUSIONS = {"pass": "P", "fail": "F", "accept": "A", "reject": "J", "not_judged": "U"}
_KIND_OF = {letter: kind for kind, letter in KINDS.items()}
_CONCLUSION_OF = {letter: word for word, letter in CONCLUSIONS.items()}
_ESCAPED = re.compile("[%~\\s\x00-\x1f\x7f]")


class CodeError(ValueError):
    """A text that is not one of our codes."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the code says about the paper."""

    kind: str
    number: str
    subject: str
    conclusion: str
    tested_on: date
    valid_through: date | None


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was read; nothing is proven before `code_is_genuine`."""

    facts: Facts
    digest: str
    key_no: str
    signature: bytes
    signed_text: bytes


def facts_of(kind: str, data: Mapping[str, Any]) -> Facts:
    """The facts of a paper's plain data.

    Raises:
        CodeError: this kind of paper carries no signed code.
    """
    if kind not in KINDS:
        raise CodeError(f"no signed code for the kind {kind}")
    if kind == "sampling_report":
        conclusion = {"pass": "accept", "fail": "reject"}.get(
            data["conclusion"], data["conclusion"]
        )
        return Facts(
            kind,
            data["number"],
            data["lot_no"],
            conclusion,
            date.fromisoformat(data["tested_until_on"]),
            None,
        )
    conclusion = {"verification_certificate": "pass", "result_notice": "fail"}.get(
        kind, data.get("conclusion", "")
    )
    tested = data["verified_on"] if "verified_on" in data else data["ended_at"][:10]
    through = data.get("valid_through")
    return Facts(
        kind,
        data["number"],
        data["device"]["bar_code"],
        conclusion if conclusion in CONCLUSIONS else "not_judged",
        date.fromisoformat(tested),
        date.fromisoformat(through) if through else None,
    )


def _escape(part: str) -> str:
    return _ESCAPED.sub(lambda c: "".join(f"%{b:02X}" for b in c.group().encode()), part)


def _unescape(part: str) -> str:
    raw = unquote(part, errors="strict")
    if _escape(raw) != part:
        raise CodeError("an escape that need not be")
    return raw


def write_code(facts: Facts, digest: str, signer: Signer, address: str = "") -> str:
    """Text of the QR code.

    Args:
        facts: what the reader compares with the paper.
        digest: SHA-256 of the canonical JSON, base64url.
        signer: signs all parts before the signature.
        address: of the check page, to be put before the text; ended by `#` if it is not.
    """
    text = "~".join(
        (
            VERSION,
            KINDS[facts.kind],
            _escape(facts.number),
            _escape(facts.subject),
            CONCLUSIONS[facts.conclusion],
            facts.tested_on.isoformat(),
            facts.valid_through.isoformat() if facts.valid_through else "",
            digest,
            signer.key.key_no,
        )
    )
    signature = to_base64url(signer.sign_text(text.encode()))
    if address and not address.endswith("#"):
        address += "#"
    return f"{address}{text}~{signature}"


def read_code(text: str) -> Code:
    """Read the text of a QR code.

    Raises:
        CodeError: not our text, a later version, or a part out of form.
    """
    start = text.find(f"{VERSION}~")
    if start < 0 or (start > 0 and text[start - 1] != "#"):
        raise CodeError("not a code of this program, or of a later version")
    text = text[start:].strip()
    parts = text.split("~")
    if len(parts) != 10:
        raise CodeError("the code is cut short or has too many parts")
    _, kind, number, subject, conclusion, tested, through, digest, key_no, signature = parts
    try:
        facts = Facts(
            _KIND_OF[kind],
            _unescape(number),
            _unescape(subject),
            _CONCLUSION_OF[conclusion],
            date.fromisoformat(tested),
            date.fromisoformat(through) if through else None,
        )
        raw = from_base64url(signature)
        if len(from_base64url(digest)) != 32 or len(raw) != 64:
            raise CodeError("digest or signature has the wrong length")
    except (KeyError, ValueError) as error:
        raise CodeError("a part of the code is out of form") from error
    return Code(facts, digest, key_no, raw, text[: -len(signature) - 1].encode())


def code_is_genuine(code: Code, keys: Sequence[PublicKey]) -> bool | None:
    """Whether a known key signed this code; None when its key is not on the list."""
    key = key_by_number(keys, code.key_no)
    return None if key is None else text_is_signed(code.signed_text, code.signature, key)
