"""The signature inside the PDF: PAdES baseline B, written by pyHanko, read strictly here.

A file from this program is one compiled PDF followed by one signature that covers every byte.
`read_signature` insists on exactly that form, so that any changed byte is found, those in the
signature's own container too, which the signature itself cannot cover.
"""

import hashlib
import io
import re
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .port import PublicKey, key_number

FIELD = "DianhengSignature"
_OID_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_OID_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
_RESERVED = 4096  # hexadecimal digits; the container has about 2,200

# Parts of the container as DER: names (OBJECT IDENTIFIER), algorithms, the version.
_CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_SIGNING_CERTIFICATE = bytes.fromhex("060b2a864886f70d010910022f")
_DATA = bytes.fromhex("06092a864886f70d010701")
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_SHA256 = bytes.fromhex("300d06096086480165030402010500")
_ECDSA = bytes.fromhex("300a06082a8648ce3d040302")
_ONE = bytes.fromhex("020101")

_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_MOMENT = re.compile(rb"/M\s*\((D[^)]*)\)")
_OCTAL = re.compile(rb"\\([0-7]{3})")
_SIGNED_AT = re.compile(r"D:(\d{14})(?:Z|([+-]\d{2})'(\d{2})'?)")


@dataclass(frozen=True, slots=True)
class FoundSignature:
    """What the signature of a file says.

    `is_intact`: every byte is as it was signed. `certificate` and `key_no` are those the file
    carries; whether they are ours is for the caller to compare. `signed_part` is the length of
    the compiled PDF before the signature. `why` names the first thing that is wrong.
    """

    is_intact: bool
    key_no: str
    certificate: bytes
    signed_at: str
    why: str = ""


class NoSignatureError(ValueError):
    """The file carries no signature that could be read."""


def sign_with_key(
    pdf: bytes,
    private: ec.EllipticCurvePrivateKey,
    key: PublicKey,
    signed_at: datetime | None = None,
) -> bytes:
    """Append a PAdES signature, certifying: no later change is allowed.

    pyHanko writes field, dictionary and references; the container is built here, from the
    same function that reading compares with.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
    from pyhanko.sign.signers import cms_embedder
    from pyhanko.sign.signers.pdf_byterange import SignatureObject

    steps = cms_embedder.PdfCMSEmbedder().write_cms(
        FIELD, IncrementalPdfFileWriter(io.BytesIO(pdf))
    )
    next(steps)
    placeholder = SignatureObject(
        timestamp=signed_at or datetime.now().astimezone(),
        subfilter=SigSeedSubFilter.PADES,
        bytes_reserved=_RESERVED,
    )
    changes = cms_embedder.SigMDPSetup(
        md_algorithm="sha256", certify=True, docmdp_perms=MDPPerm.NO_CHANGES
    )
    steps.send(cms_embedder.SigObjSetup(placeholder, mdp_setup=changes))
    prepared, output = steps.send(cms_embedder.SigIOSetup("sha256", in_place=True))
    attributes = _attributes(prepared.document_digest, key.certificate)
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    signature = private.sign(_der(0x31, attributes), algorithm)
    steps.send(_expected(key.certificate, attributes, signature))
    return cast(bytes, output.getvalue())


def _attributes(digest: bytes, certificate: bytes) -> bytes:
    """What is signed: kind of content, digest of the file, digest of the certificate."""
    own = hashlib.sha256(certificate).digest()
    parts = (
        _der(0x30, _CONTENT_TYPE, _der(0x31, _DATA)),
        _der(0x30, _MESSAGE_DIGEST, _der(0x31, _der(0x04, digest))),
        _der(
            0x30,
            _SIGNING_CERTIFICATE,
            _der(0x31, _der(0x30, _der(0x30, _der(0x30, _der(0x04, own))))),
        ),
    )
    return b"".join(sorted(parts))  # a SET is written in the order of its bytes


def read_signature(pdf: bytes) -> FoundSignature:
    """Read the one signature of a file and check it against all its bytes.

    Raises:
        NoSignatureError: there is none, or what stands there is not a signature.
    """
    found = list(_RANGE.finditer(pdf))
    if not found:
        raise NoSignatureError("the file carries no signature")
    start, before, after, rest = (int(number) for number in found[-1].groups())
    if start or not before < after <= len(pdf):
        raise NoSignatureError("the signature's range does not fit the file")
    gap = pdf[before:after]
    try:
        container = _container(gap)
        signed = cms.ContentInfo.load(container)["content"]
        info = signed["signer_infos"][0]
        certificate = signed["certificates"][0].chosen.dump()
        public = x509.load_der_x509_certificate(certificate).public_key()
        attributes = {one["type"].dotted: one["values"][0] for one in info["signed_attrs"]}
        digest = attributes[_OID_MESSAGE_DIGEST].native
        bound = tsp.SigningCertificateV2.load(attributes[_OID_SIGNING_CERTIFICATE].dump())
        certificate_hash = bound["certs"][0]["cert_hash"].native
        signature = info["signature"].native
        stated = info["signed_attrs"].contents
        expected = _expected(certificate, stated, signature)
    except Exception as error:  # parsers raise what they like on hostile bytes
        raise NoSignatureError("what stands as signature cannot be read") from error
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise NoSignatureError("the signature is not of the kind this program makes")
    number = key_number(
        public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    why = ""
    if len(found) > 1 or after + rest != len(pdf):
        why = "changed_after_signing"
    elif hashlib.sha256(pdf[:before] + pdf[after:]).digest() != digest:
        why = "bytes_changed"
    elif hashlib.sha256(certificate).digest() != certificate_hash or not _verified(
        public, signature, _der(0x31, stated)
    ):
        why = "signature_changed"
    elif container != expected or not _is_upper_hex(gap):
        why = "container_changed"
    return FoundSignature(not why, number, certificate, _signed_at(pdf), why)


def _container(gap: bytes) -> bytes:
    """The CMS structure in the gap `<hex…000>`; only zeros may follow it."""
    if gap[:1] != b"<" or gap[-1:] != b">":
        raise ValueError("no hexadecimal string in the signature's place")
    raw = bytes.fromhex(gap[1:-1].decode("ascii"))
    if raw[:1] != b"\x30" or raw[1] != 0x82:
        raise ValueError("not a CMS structure")
    length = 4 + int.from_bytes(raw[2:4])
    if any(raw[length:]):
        raise ValueError("something stands behind the signature")
    return raw[:length]


def _is_upper_hex(gap: bytes) -> bool:
    return re.fullmatch(rb"<[0-9A-F]*>", gap) is not None


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + content


def _expected(certificate: bytes, attributes: bytes, signature: bytes) -> bytes:
    """The container (CMS, RFC 5652) around the parts that are proven.

    Version, algorithms and references stand outside the signature; building them anew finds a
    change that no digest covers.
    """
    tbs = asn1_x509.Certificate.load(certificate)["tbs_certificate"]
    info = _der(
        0x30,
        _ONE,
        _der(0x30, tbs["issuer"].dump(), tbs["serial_number"].dump()),
        _SHA256,
        _der(0xA0, attributes),
        _ECDSA,
        _der(0x04, signature),
    )
    signed = _der(
        0x30,
        _ONE,
        _der(0x31, _SHA256),
        _der(0x30, _DATA),
        _der(0xA0, certificate),
        _der(0x31, info),
    )
    return _der(0x30, _SIGNED_DATA, _der(0xA0, signed))


def _verified(public: ec.EllipticCurvePublicKey, signature: bytes, text: bytes) -> bool:
    try:
        public.verify(signature, text, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _signed_at(pdf: bytes) -> str:
    """Moment of signing as the file states it, ISO 8601; empty when it states none."""
    stated = _MOMENT.findall(pdf)
    if not stated:
        return ""
    text = _OCTAL.sub(lambda code: bytes((int(code[1], 8) & 0xFF,)), stated[-1])
    found = _SIGNED_AT.fullmatch(text.decode("latin-1"))
    if found is None:
        return ""
    digits, hours, minutes = found.groups()
    zone = f"{hours}:{minutes}" if hours else "+00:00"
    return (
        f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T"
        f"{digits[8:10]}:{digits[10:12]}:{digits[12:]}{zone}"
    )
