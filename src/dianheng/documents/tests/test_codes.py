"""The text in the QR code: signed, strict, and read from paper."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.documents.papers.compose import compose
from dianheng.documents.papers.samples import SAMPLES, certificate
from dianheng.documents.signing.canonical import digest_of, plain
from dianheng.documents.signing.codes import (
    CodeError,
    Facts,
    code_is_genuine,
    facts_of,
    read_code,
    write_code,
)
from dianheng.documents.signing.drawn import codes_of_pages

from .reading import photographed, scanned

FACTS = facts_of("verification_certificate", plain(certificate()))
DIGEST = digest_of(b"data")
DAYS = st.dates(date(1990, 1, 1), date(2099, 12, 31))
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def test_the_facts_are_those_of_the_paper():
    assert (
        Facts(
            kind="verification_certificate",
            number="DN2026-0012347",
            subject="4130001000000446529641",
            conclusion="pass",
            tested_on=date(2026, 11, 18),
            valid_through=date(2034, 11, 17),
        )
        == FACTS
    )
    assert facts_of("result_notice", plain(SAMPLES["result_notice"])).conclusion == "fail"
    assert facts_of("result_notice", plain(SAMPLES["result_notice"])).valid_through is None
    report = facts_of("sampling_report", plain(SAMPLES["sampling_report"]))
    assert (report.subject, report.conclusion) == ("P2026-0117", "accept")
    assert facts_of("original_record", plain(SAMPLES["original_record"])).tested_on == date(
        2026, 11, 18
    )


def test_papers_without_proof_carry_no_signed_code():
    with pytest.raises(CodeError, match="stock_in_note"):
        facts_of("stock_in_note", plain(SAMPLES["stock_in_note"]))


def test_a_code_comes_back_and_is_genuine(signer, keys):
    code = read_code(write_code(FACTS, DIGEST, signer))
    assert (code.facts, code.digest, code.key_no) == (FACTS, DIGEST, signer.key.key_no)
    assert code_is_genuine(code, keys) is True


@given(number=WORDS, subject=WORDS, tested=DAYS, through=st.none() | DAYS)
def test_any_number_and_subject_come_back(signer, keys, number, subject, tested, through):
    facts = Facts("original_record", number, subject, "fail", tested, through)
    code = read_code(write_code(facts, DIGEST, signer))
    assert code.facts == facts
    assert code_is_genuine(code, keys)


def test_an_address_before_the_code_is_not_part_of_it(signer):
    bare = write_code(FACTS, DIGEST, signer)
    for address in ("https://check.example/page", "https://check.example/page#"):
        text = write_code(FACTS, DIGEST, signer, address)
        assert text == f"https://check.example/page#{bare}"
        assert read_code(text) == read_code(bare)


def test_every_changed_character_is_found(signer, keys):
    text = write_code(FACTS, DIGEST, signer)
    for at, old in enumerate(text):
        for new in {"A", "0", "~", "2", "%"} - {old}:
            try:
                code = read_code(text[:at] + new + text[at + 1 :])
            except CodeError:
                continue
            assert code_is_genuine(code, keys) is not True, (at, old, new)


def test_a_code_by_an_unknown_key_is_told_apart(signer, stranger, keys):
    code = read_code(write_code(FACTS, DIGEST, stranger))
    assert code_is_genuine(code, keys) is None
    forged = write_code(FACTS, DIGEST, stranger).replace(stranger.key.key_no, signer.key.key_no)
    assert code_is_genuine(read_code(forged), keys) is False


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda t: t[:-1], id="cut"),
        pytest.param(lambda t: t + "~", id="part too many"),
        pytest.param(lambda t: t.replace("DH1", "DH2"), id="later version"),
        pytest.param(lambda t: "x" + t, id="something before"),
        pytest.param(lambda t: t.replace("~P~", "~Q~"), id="unknown conclusion"),
        pytest.param(lambda t: t.replace("2026-11-18", "2026-11-31"), id="no such day"),
        pytest.param(lambda t: t.replace("DN", "%44N"), id="needless escape"),
        pytest.param(lambda t: t.replace("DN", "%FFN"), id="broken escape"),
        pytest.param(lambda t: "", id="nothing"),
        pytest.param(lambda t: "https://example.org", id="another code"),
    ],
)
def test_other_texts_are_refused(signer, change):
    with pytest.raises(CodeError):
        read_code(change(write_code(FACTS, DIGEST, signer)))


def test_the_code_is_read_from_the_drawing_of_the_page(issued):
    assert codes_of_pages(issued.pdf) == [(1, issued.code)]


def test_a_code_in_chinese_is_read_from_the_drawing_of_the_page():
    text = "电字第 2026-0012 号~检定"
    pdf = compose("verification_certificate", certificate(), code=text)
    assert codes_of_pages(pdf) == [(1, text)]


@pytest.mark.needs("pdftoppm")
@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_the_printed_code_of_25_mm_is_scanned(issued, signer, tmp_path, dpi):
    long = write_code(FACTS, DIGEST, signer, "https://check.jiangzhou-power.example/jl/check.html")
    for text in (issued.code, long):
        pdf = compose("verification_certificate", certificate(), code=text)
        assert scanned(photographed(pdf, tmp_path, dpi)) == [("QR Code", text)]
