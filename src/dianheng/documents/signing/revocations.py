"""The dated, signed list of papers that no longer hold, for readers without our server."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from .canonical import canonical_json, from_base64url, plain, read_canonical, to_base64url
from .keys import key_by_number, text_is_signed
from .port import PublicKey, Signer
from .texts import said

FORMAT = "dianheng-revocations"

SUPERSEDED = "superseded"  # another paper took its place
REVOKED = "revoked"  # withdrawn, nothing took its place


class ListError(ValueError):
    """Not a list of revocations, or not one that is signed by a known key."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        return said(self.code, **self.facts)


@dataclass(frozen=True, slots=True)
class Revocation:
    """A paper that no longer holds; `replaced_by` is the number of the one that does."""

    number: str
    status: str
    on: date
    replaced_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A list as read: what it says, and as of when."""

    issued_at: datetime
    key_no: str
    entries: tuple[Revocation, ...]

    def of(self, number: str) -> Revocation | None:
        """The entry of a paper, or None."""
        return next((entry for entry in self.entries if entry.number == number), None)


def revocation_list(entries: Sequence[Revocation], issued_at: datetime, signer: Signer) -> bytes:
    """The list as canonical JSON with its signature.

    The signature is over the canonical JSON of the part `list`.
    """
    listed = plain(
        {
            "format": FORMAT,
            "version": 1,
            "issued_at": issued_at,
            "key_no": signer.key.key_no,
            "entries": sorted(entries, key=lambda entry: entry.number),
        }
    )
    signature = signer.sign_text(canonical_json(listed))
    return canonical_json({"list": listed, "signature": to_base64url(signature)})


def read_revocations(text: bytes, keys: Sequence[PublicKey]) -> RevocationList:
    """Read a list and check its signature.

    Raises:
        ListError: not a list, or not signed by a known key.
    """
    try:
        value: Any = read_canonical(text.strip())
        listed = value["list"]
        if listed["format"] != FORMAT or listed["version"] != 1:
            raise ListError("revocations_no_list")
        key = key_by_number(keys, listed["key_no"])
        signature = from_base64url(value["signature"])
        entries = tuple(
            Revocation(
                number=entry["number"],
                status=entry["status"],
                on=date.fromisoformat(entry["on"]),
                replaced_by=entry["replaced_by"],
                reason=entry["reason"],
            )
            for entry in listed["entries"]
        )
        issued_at = datetime.fromisoformat(listed["issued_at"])
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, ListError):
            raise
        raise ListError("revocations_no_list") from error
    if key is None:
        raise ListError("revocations_unknown_key", key=listed["key_no"])
    if not text_is_signed(canonical_json(listed), signature, key):
        raise ListError("revocations_changed")
    return RevocationList(issued_at, key.key_no, entries)
