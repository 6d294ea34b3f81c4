"""The key of the first start: made once, kept close, rotated without losing the past."""

import stat
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from cryptography import x509

from dianheng.documents.signing.canonical import canonical_json, read_canonical
from dianheng.documents.signing.keys import (
    KeysError,
    open_signer,
    public_keys,
    read_keys,
    rotate_key,
    text_is_signed,
    write_keys,
)

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
LATER = datetime(2027, 6, 1, tzinfo=UTC)


def test_the_first_call_makes_a_key_and_the_next_finds_it(tmp_path):
    first = open_signer(tmp_path / "keys", FIRST)
    again = open_signer(tmp_path / "keys", LATER)
    assert first.key == again.key
    assert first.key.from_at == FIRST
    assert first.key.proves == "integrity"
    assert len(first.key.key_no) == 8


def test_only_the_owner_reads_the_private_key(tmp_path):
    signer = open_signer(tmp_path / "keys")
    file = tmp_path / "keys" / f"{signer.key.key_no}.key.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_the_certificate_says_that_it_proves_integrity_only(tmp_path):
    key = open_signer(tmp_path).key
    subject = x509.load_der_x509_certificate(key.certificate).subject.rfc4514_string()
    assert "Proves integrity only" in subject
    assert "仅证明文件未被改动" in subject
    assert key.key_no in subject


def test_two_first_starts_at_once_make_one_key(tmp_path):
    script = (
        "import sys; from pathlib import Path; from dianheng.documents.signing.keys import open_signer;"
        "print(open_signer(Path(sys.argv[1])).key.key_no)"
    )
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    numbers = {start.communicate()[0].strip() for start in starts}
    assert len(numbers) == 1
    assert len(public_keys(tmp_path)) == 1


def test_a_signature_is_the_same_for_the_same_text_and_fits_no_other(tmp_path):
    signer = open_signer(tmp_path)
    signature = signer.sign_text(b"one")
    assert signer.sign_text(b"one") == signature
    assert len(signature) == 64
    assert text_is_signed(b"one", signature, signer.key)
    assert not text_is_signed(b"two", signature, signer.key)
    assert not text_is_signed(b"one", signature[:-1], signer.key)
    assert not text_is_signed(b"one", bytes(64), signer.key)


def test_rotation_retires_the_key_and_keeps_its_public_part(tmp_path):
    old = open_signer(tmp_path, FIRST)
    signature = old.sign_text(b"paper")
    new = rotate_key(tmp_path, LATER)
    assert open_signer(tmp_path).key == new
    before, after = public_keys(tmp_path)
    assert (before.key_no, before.through_at) == (old.key.key_no, LATER)
    assert (after.key_no, after.through_at) == (new.key_no, None)
    assert text_is_signed(b"paper", signature, before)
    assert not (tmp_path / f"{old.key.key_no}.key.pem").exists()


def test_a_lost_private_key_is_named(tmp_path):
    signer = open_signer(tmp_path)
    (tmp_path / f"{signer.key.key_no}.key.pem").unlink()
    with pytest.raises(KeysError, match=f"{signer.key.key_no} is missing"):
        open_signer(tmp_path)


def test_public_keys_travel_as_a_file(tmp_path):
    open_signer(tmp_path, FIRST)
    rotate_key(tmp_path, LATER)
    keys = public_keys(tmp_path)
    assert read_keys(write_keys(keys)) == keys
    assert read_keys(write_keys(keys) + b"\n") == keys


def test_a_key_under_a_false_number_is_refused(tmp_path):
    open_signer(tmp_path)
    value = read_canonical(write_keys(public_keys(tmp_path)))
    value["keys"][0]["key_no"] = "00000000"
    with pytest.raises(KeysError, match="does not belong"):
        read_keys(canonical_json(value))


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b'{"format":"other","keys":[],"version":1}', b"\xff\xfe"]
)
def test_another_file_is_not_taken_for_keys(text):
    with pytest.raises(KeysError):
        read_keys(text)
