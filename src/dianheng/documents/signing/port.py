"""What a signer must offer. The key made here is one; a CA or an electronic seal is another.

Whoever takes its place implements `Signer`, sets `proves` to what its signature proves, and
is handed to `issue`. Everything else, the code on the paper included, stays as it is.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

INTEGRITY = "integrity"  # a key made here: unchanged since issue, nothing about the issuer
CA = "ca"  # a certification authority vouches for the issuer
ELECTRONIC_SEAL = "electronic_seal"  # an electronic-seal service, with its own terms


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key by its number, with the time it was in use and what it proves.

    `spki` is the SubjectPublicKeyInfo as DER (P-256), `certificate` the X.509 certificate as
    DER. `through_at` is empty while the key is in use.
    """

    key_no: str
    spki: bytes
    certificate: bytes
    from_at: datetime
    through_at: datetime | None = None
    proves: str = INTEGRITY


def key_number(spki: bytes) -> str:
    """Number of a key as it stands on paper: eight hexadecimal digits of its SHA-256."""
    return hashlib.sha256(spki).hexdigest()[:8].upper()


class Signer(Protocol):
    """Signs the text of codes and lists, and PDF files."""

    @property
    def key(self) -> PublicKey:
        """The key whose number is printed."""

    def sign_text(self, text: bytes) -> bytes:
        """ECDSA over SHA-256 with P-256, as r and s of 32 bytes each."""

    def sign_pdf(self, pdf: bytes) -> bytes:
        """The same file with a signature appended that covers all of it."""
