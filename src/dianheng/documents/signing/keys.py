"""The key made on first start, kept in the data folder; keys of the past stay readable.

    keys/current             number of the key in use
    keys/<number>.key.pem    private key, only for the key in use, readable by its owner alone
    keys/<number>.crt.pem    certificate of every key there ever was
    keys/<number>.json       since when, until when

A new key takes over in one rename; the private key before it is then removed, so that nothing
can be signed with it any more. Its certificate stays: papers signed with it remain checkable.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.x509.oid import NameOID

from .canonical import canonical_json, from_base64url, read_canonical, to_base64url
from .port import INTEGRITY, PublicKey, key_number
from .texts import said

FORMAT = "dianheng-keys"
YEARS = 30  # papers are kept long; the key is rotated far earlier
_SIZE = 32


class KeysError(RuntimeError):
    """Keys are missing or cannot be read; the text says which and what to do.

    `code` names the text in words.toml, `facts` fill its places.
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        return said(self.code, **self.facts)


def _spki(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def text_is_signed(text: bytes, signature: bytes, key: PublicKey) -> bool:
    """Whether `signature` (r and s, 32 bytes each) over `text` was made with this key."""
    if len(signature) != 2 * _SIZE:
        return False
    public = serialization.load_der_public_key(key.spki)
    if not isinstance(public, ec.EllipticCurvePublicKey):
        return False
    r, s = (int.from_bytes(part) for part in (signature[:_SIZE], signature[_SIZE:]))
    try:
        public.verify(encode_dss_signature(r, s), text, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True)
class KeySigner:
    """Signer with the key of the data folder."""

    key: PublicKey
    private: ec.EllipticCurvePrivateKey = field(repr=False)

    def sign_text(self, text: bytes) -> bytes:
        """See `port.Signer`; the same text gives the same signature (RFC 6979)."""
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(self.private.sign(text, algorithm))
        return r.to_bytes(_SIZE) + s.to_bytes(_SIZE)

    def sign_pdf(self, pdf: bytes) -> bytes:
        """See `port.Signer`."""
        from .pades import sign_with_key  # slow to import, and only signing needs it

        return sign_with_key(pdf, self.private, self.key)


def _certificate(private: ec.EllipticCurvePrivateKey, number: str, made_at: datetime) -> bytes:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"Dianheng {number}"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "仅证明文件未被改动"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Proves integrity only"),
        ]
    )
    public = private.public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(made_at - timedelta(minutes=5))
        .not_valid_after(made_at + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=True,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(private, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write(file: Path, content: bytes, mode: int = 0o644) -> None:
    """Write whole or not at all: beside the file, then rename."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    beside.rename(file)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time makes or changes keys."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(folder: Path, made_at: datetime) -> str:
    private = ec.generate_private_key(ec.SECP256R1())
    number = key_number(_spki(private.public_key()))
    _write(folder / f"{number}.crt.pem", _certificate(private, number, made_at))
    _write(
        folder / f"{number}.json",
        canonical_json({"from": made_at, "proves": INTEGRITY, "through": None}),
    )
    _write(
        folder / f"{number}.key.pem",
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        0o600,
    )
    _write(folder / "current", number.encode())
    return number


def open_signer(folder: Path, now: datetime | None = None) -> KeySigner:
    """The signer of a key folder; the first call makes the key.

    Raises:
        KeysError: the folder names a key whose private part is not there.
    """
    current = folder / "current"
    if not current.exists():
        with _alone(folder):
            if not current.exists():
                _make(folder, now or datetime.now(UTC))
    number = current.read_text().strip()
    try:
        secret = (folder / f"{number}.key.pem").read_bytes()
    except OSError as error:
        raise KeysError("keys_private_missing", key=number, folder=folder) from error
    private = serialization.load_pem_private_key(secret, password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise KeysError("keys_not_p256", key=number)
    return KeySigner(_read_key(folder, number), private)


def rotate_key(folder: Path, now: datetime | None = None) -> PublicKey:
    """Make a new key and retire the one in use; its private part is removed.

    Returns the new key.
    """
    moment = now or datetime.now(UTC)
    with _alone(folder):
        current = folder / "current"
        before = current.read_text().strip() if current.exists() else ""
        number = _make(folder, moment)
        if before:
            facts = json.loads((folder / f"{before}.json").read_bytes())
            _write(folder / f"{before}.json", canonical_json({**facts, "through": moment}))
            (folder / f"{before}.key.pem").unlink(missing_ok=True)
    return _read_key(folder, number)


def _read_key(folder: Path, number: str) -> PublicKey:
    certificate = x509.load_pem_x509_certificate((folder / f"{number}.crt.pem").read_bytes())
    facts = json.loads((folder / f"{number}.json").read_bytes())
    return _public(certificate.public_bytes(serialization.Encoding.DER), facts)


def _public(certificate: bytes, facts: dict[str, Any]) -> PublicKey:
    public = x509.load_der_x509_certificate(certificate).public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name != "secp256r1":
        raise KeysError("keys_not_p256", key="")
    spki = _spki(public)
    through = facts["through"]
    return PublicKey(
        key_no=key_number(spki),
        spki=spki,
        certificate=certificate,
        from_at=datetime.fromisoformat(facts["from"]),
        through_at=datetime.fromisoformat(through) if through else None,
        proves=facts["proves"],
    )


def public_keys(folder: Path) -> tuple[PublicKey, ...]:
    """Every key the folder ever used, the oldest first; empty when there is none."""
    numbers = [file.name.removesuffix(".crt.pem") for file in folder.glob("*.crt.pem")]
    keys = [_read_key(folder, number) for number in numbers]
    return tuple(sorted(keys, key=lambda key: (key.from_at, key.key_no)))


def write_keys(keys: Sequence[PublicKey]) -> bytes:
    """Public keys as a file to give away (canonical JSON)."""
    return canonical_json(
        {
            "format": FORMAT,
            "version": 1,
            "keys": [
                {
                    "certificate": to_base64url(key.certificate),
                    "from": key.from_at,
                    "key_no": key.key_no,
                    "proves": key.proves,
                    "public": to_base64url(key.spki),
                    "through": key.through_at,
                }
                for key in keys
            ],
        }
    )


def read_keys(text: bytes) -> tuple[PublicKey, ...]:
    """Read a file of public keys; each must carry the number its key gives.

    Raises:
        KeysError: not such a file, or a number that does not belong to its key.
    """
    try:
        value = read_canonical(text.strip())
        if value["format"] != FORMAT or value["version"] != 1:
            raise KeysError("keys_no_file")
        keys = []
        for facts in value["keys"]:
            key = _public(from_base64url(facts["certificate"]), facts)
            if key.key_no != facts["key_no"] or to_base64url(key.spki) != facts["public"]:
                raise KeysError("keys_false_number", key=facts["key_no"])
            keys.append(key)
    except (ValueError, KeyError, TypeError) as error:
        raise KeysError("keys_no_file") from error
    return tuple(keys)


def key_by_number(keys: Sequence[PublicKey], number: str) -> PublicKey | None:
    """The key with this number, or None."""
    return next((key for key in keys if key.key_no == number), None)
