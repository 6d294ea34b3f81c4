"""The signature inside the PDF: PAdES baseline B, written by pyHanko, read strictly here.

A file from this program is one compiled PDF followed by one signature that covers every byte.
`read_signature` insists on exactly that form, so that any changed byte is found, those in the
signature's own container too, which the signature itself cannot cover.
"""

import hashlib
import io
import re
from dataclasses import dataclass

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .port import PublicKey, key_number

FIELD = "DianhengSignature"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_SIGNED_AT = re.compile(rb"/M\s*\(D(?::|\\072)(\d{14})(?:Z|([+-]\d{2})'(\d{2})'?)\)")


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


def sign_with_key(pdf: bytes, private: ec.EllipticCurvePrivateKey, key: PublicKey) -> bytes:
    """Append a PAdES signature, certifying: no later change is allowed."""
    from asn1crypto import keys as asn1_keys
    from asn1crypto import x509 as asn1_x509
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    signer = signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(key.certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(
            private.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        ),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    signed: io.BytesIO = signers.sign_pdf(writer, metadata, signer)
    return signed.getvalue()


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
        content = cms.ContentInfo.load(container)
        signed = content["content"]
        info = signed["signer_infos"][0]
        certificate = signed["certificates"][0].chosen.dump()
        public = x509.load_der_x509_certificate(certificate).public_key()
        attributes = {one["type"].dotted: one["values"][0] for one in info["signed_attrs"]}
        digest = attributes[_MESSAGE_DIGEST].native
        bound = tsp.SigningCertificateV2.load(attributes[_SIGNING_CERTIFICATE].dump())
        certificate_hash = bound["certs"][0]["cert_hash"].native
        signature = info["signature"].native
        to_verify = info["signed_attrs"].untag().dump()
        issued = signed["certificates"][0].chosen["tbs_certificate"]
        expected = _expected(
            certificate,
            issued["issuer"].dump(),
            issued["serial_number"].dump(),
            info["signed_attrs"].contents,
            signature,
        )
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
        public, signature, to_verify
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


def _expected(
    certificate: bytes, issuer: bytes, serial: bytes, attributes: bytes, signature: bytes
) -> bytes:
    """The container as this program's signer writes it, around the parts that are proven.

    Version, algorithms and references stand outside the signature; rebuilding them finds a
    change that no digest covers.
    """
    sha256 = _der(0x30, bytes.fromhex("06096086480165030402010500"))
    ecdsa = _der(0x30, bytes.fromhex("06082a8648ce3d040302"))
    data = _der(0x30, bytes.fromhex("06092a864886f70d010701"))
    one = bytes.fromhex("020101")
    info = _der(
        0x30,
        one,
        _der(0x30, issuer, serial),
        sha256,
        _der(0xA0, attributes),
        ecdsa,
        _der(0x04, signature),
    )
    signed = _der(0x30, one, _der(0x31, sha256), data, _der(0xA0, certificate), _der(0x31, info))
    return _der(0x30, bytes.fromhex("06092a864886f70d010702"), _der(0xA0, signed))


def _verified(public: ec.EllipticCurvePublicKey, signature: bytes, text: bytes) -> bool:
    try:
        public.verify(signature, text, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _signed_at(pdf: bytes) -> str:
    """Moment of signing as the file states it, ISO 8601; empty when it states none."""
    found = list(_SIGNED_AT.finditer(pdf))
    if not found:
        return ""
    digits, hours, minutes = ((part or b"").decode() for part in found[-1].groups())
    zone = f"{hours}:{minutes}" if hours else "+00:00"
    return (
        f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T"
        f"{digits[8:10]}:{digits[10:12]}:{digits[12:]}{zone}"
    )
