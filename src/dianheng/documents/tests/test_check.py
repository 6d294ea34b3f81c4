"""What a reader finds out: genuine, changed, forged, ended – with public keys alone."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime

import pytest
from pypdf import PdfWriter

from dianheng.config.cli import main
from dianheng.documents.papers.compose import Print, compose, compose_run
from dianheng.documents.papers.samples import SAMPLES, certificate
from dianheng.documents.papers.schema import PAPERS
from dianheng.documents.signing import check as check_module
from dianheng.documents.signing.canonical import canonical_json, digest_of, plain, read_canonical
from dianheng.documents.signing.check import (
    GENUINE,
    NOT_GENUINE,
    UNREADABLE,
    check_code,
    check_pdf,
)
from dianheng.documents.signing.codes import KINDS, facts_of, write_code
from dianheng.documents.signing.issue import envelope, issue, issue_many
from dianheng.documents.signing.keys import open_signer, public_keys, rotate_key, write_keys
from dianheng.documents.signing.pades import NoSignatureError, read_signature, sign_with_key
from dianheng.documents.signing.revocations import (
    REVOKED,
    SUPERSEDED,
    ListError,
    Revocation,
    read_revocations,
    revocation_list,
)
from dianheng.documents.signing.texts import words
from dianheng.documents.signing.words import report_in_words

from .conftest import CHINA
from .reading import attachments

KIND = "verification_certificate"
TODAY = date(2026, 12, 1)


def signed(signer, *, page=None, code=None, attached=None, paper=None):
    """A certificate signed with page, code or data of another one."""
    paper = replace(paper or certificate(), key_no=signer.key.key_no, key_proves=signer.key.proves)
    data = attached if attached is not None else envelope(KIND, paper)
    text = code or write_code(facts_of(KIND, plain(paper)), digest_of(data), signer)
    return signer.sign_pdf(compose(KIND, page or paper, code=text, attached=data))


def codes(report):
    return [finding.code for finding in report.findings]


# --- genuine -------------------------------------------------------------------------------


def test_a_paper_as_issued_is_genuine(issued, keys):
    report = check_pdf(issued.pdf, keys, today=TODAY)
    assert report.verdict == GENUINE
    assert report.exit_code == 0
    assert codes(report) == [
        "signature_intact",
        "proves_integrity",
        "code_genuine",
        "data_matches",
        "facts_agree",
        "page_identical",
        "evidence_absent",
        "validity_in_force",
        "list_absent",
    ]


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_signed_kind_is_genuine_in_both_languages(kind, lang, signer, keys):
    made = issue(kind, SAMPLES[kind], signer, lang)
    report = check_pdf(made.pdf, keys, today=TODAY)
    assert report.verdict == GENUINE, codes(report)
    assert report.facts.number == SAMPLES[kind].number


def test_the_attached_data_are_the_file_and_have_the_digest_of_the_code(issued):
    found = attachments(issued.pdf)
    assert found["dianheng-data.json"] == issued.data_json
    assert found["dianheng-code.txt"].decode() == issued.code
    assert digest_of(issued.data_json) == issued.digest
    assert read_canonical(issued.data_json)["data"]["key_no"] == issued.key_no


def test_a_signature_is_appended_and_states_its_moment(signer):
    pdf = compose(KIND, certificate())
    at = datetime(2026, 11, 20, 16, 5, tzinfo=CHINA)
    made = sign_with_key(pdf, signer.private, signer.key, at)
    assert made.startswith(pdf)
    assert read_signature(made).signed_at == "2026-11-20T16:05:00+08:00"


def test_the_key_and_what_it_proves_stand_in_data_and_code(issued, signer):
    assert issued.key_no == signer.key.key_no
    assert f"~{issued.key_no}~" in issued.code


@pytest.mark.slow
def test_a_batch_in_two_processes_is_the_same_papers_in_order(key_folder, keys, signer):
    papers = [replace(certificate(), number=f"N{i}") for i in range(9)]
    made = list(issue_many(KIND, papers, key_folder, processes=2))
    assert [one.number for one in made] == [f"N{i}" for i in range(9)]
    for one, paper in zip(made, papers, strict=True):
        assert one.code == issue(KIND, paper, signer).code
        assert check_pdf(one.pdf, keys, today=TODAY).verdict == GENUINE


def test_a_paper_of_another_edition_of_the_layout_is_held_against_its_facts(
    issued, keys, monkeypatch
):
    other = check_module.compose
    monkeypatch.setattr(check_module, "EDITION", "later")
    monkeypatch.setattr(
        check_module, "compose", lambda *a, **k: other(*a, **{**k, "marking": "copy"})
    )
    report = check_pdf(issued.pdf, keys, today=TODAY)
    assert report.verdict == GENUINE
    assert "page_same_facts" in codes(report)


def test_a_paper_made_with_other_fonts_is_held_against_its_text(issued, keys, monkeypatch):
    other = check_module.compose
    monkeypatch.setattr(check_module, "compose", lambda *a, **k: other(*a, **{**k, "tags": False}))
    report = check_pdf(issued.pdf, keys, today=TODAY)
    assert report.verdict == GENUINE
    assert "page_same_text" in codes(report)


def test_data_of_an_earlier_release_are_held_against_the_facts(signer, keys):
    value = json.loads(envelope(KIND, certificate()))
    value["data"]["field_of_another_release"] = "x"
    data = canonical_json(value)
    report = check_pdf(signed(signer, attached=data), keys, today=TODAY)
    assert report.verdict == GENUINE
    assert "page_same_facts" in codes(report)


# --- changed -------------------------------------------------------------------------------


def test_one_changed_byte_anywhere_is_found(issued, keys):
    pdf = issued.pdf
    for at in range(7, len(pdf), 997):
        changed = bytearray(pdf)
        changed[at] ^= 0x01
        assert check_pdf(bytes(changed), keys, today=TODAY).verdict != GENUINE, at


@pytest.mark.slow
def test_every_changed_byte_of_the_signatures_container_is_found(issued, keys):
    start = issued.pdf.rindex(b"/Contents <")
    end = issued.pdf.index(b">", start)
    for at in range(start, end + 40):
        for mask in (0x01, 0x20):
            changed = bytearray(issued.pdf)
            changed[at] ^= mask
            try:
                found = read_signature(bytes(changed))
            except NoSignatureError:
                continue
            assert not found.is_intact, (at - start, mask)


def test_something_added_after_signing_is_found(issued, keys):
    report = check_pdf(issued.pdf + b"\n%", keys)
    assert codes(report) == ["signature_changed_after_signing"]
    assert report.exit_code == 1


def test_a_page_laid_over_the_signed_one_is_found(issued, keys):
    writer = PdfWriter(io.BytesIO(issued.pdf), incremental=True)
    writer.add_blank_page(100, 100)
    out = io.BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(issued.pdf)
    report = check_pdf(out.getvalue(), keys)
    assert codes(report) == ["signature_changed_after_signing"]


def test_a_cut_file_is_not_genuine(issued, keys):
    for share in (0.1, 0.5, 0.9, 0.999):
        assert check_pdf(issued.pdf[: int(len(issued.pdf) * share)], keys).verdict != GENUINE


# --- signed, but page, data and code do not agree ------------------------------------------


def test_a_page_that_says_more_than_its_data_is_found(signer, keys):
    better = replace(certificate(), valid_through=date(2036, 11, 17))
    report = check_pdf(signed(signer, page=better), keys, today=TODAY)
    assert report.verdict == NOT_GENUINE
    assert "page_other_text" in codes(report)


def test_one_other_figure_on_the_page_is_found(signer, keys):
    sample = certificate()
    points = (replace(sample.points[0], rounded_pct="+1.8"), *sample.points[1:])
    report = check_pdf(signed(signer, page=replace(sample, points=points)), keys, today=TODAY)
    assert "page_other_text" in codes(report)


def test_another_edition_does_not_hide_another_device(signer, keys, monkeypatch):
    sample = certificate()
    other = replace(sample, device=replace(sample.device, bar_code="4130001000000461395474"))
    pdf = signed(signer, page=other)
    monkeypatch.setattr(check_module, "EDITION", "later")
    report = check_pdf(pdf, keys, today=TODAY)
    assert report.verdict == NOT_GENUINE
    assert "page_differs" in codes(report)


def test_data_with_another_digest_than_the_code_are_found(signer, keys):
    data = envelope(KIND, replace(certificate(), client="somebody else"))
    code = write_code(
        facts_of(KIND, plain(certificate())), digest_of(envelope(KIND, certificate())), signer
    )
    report = check_pdf(signed(signer, attached=data, code=code), keys, today=TODAY)
    assert report.verdict == NOT_GENUINE
    assert "data_differs" in codes(report)


def test_a_code_with_other_facts_than_the_data_is_found(signer, keys):
    data = envelope(KIND, certificate())
    facts = replace(facts_of(KIND, plain(certificate())), valid_through=date(2036, 1, 1))
    pdf = signed(signer, attached=data, code=write_code(facts, digest_of(data), signer))
    assert "facts_differ" in codes(check_pdf(pdf, keys, today=TODAY))


def test_another_code_on_the_page_than_in_the_file_is_found(signer, keys, monkeypatch):
    from dianheng.documents.papers import compose as compose_module

    genuine = compose_module.qr_svg
    monkeypatch.setattr(compose_module, "qr_svg", lambda text: genuine(text.replace("P", "F", 1)))
    pdf = signed(signer)
    monkeypatch.undo()
    report = check_pdf(pdf, keys, today=TODAY)
    assert report.verdict == NOT_GENUINE
    assert "code_drawn_differs" in codes(report)


def test_data_out_of_form_are_found(signer, keys):
    data = envelope(KIND, certificate()).replace(b'","', b'", "', 1)
    report = check_pdf(signed(signer, attached=data), keys, today=TODAY)
    assert "data_unreadable" in codes(report)
    assert report.exit_code == 1


def test_a_signed_file_without_data_is_not_genuine(signer, keys):
    pdf = signer.sign_pdf(compose(KIND, certificate()))
    report = check_pdf(pdf, keys)
    assert codes(report)[-1] == "data_missing"
    assert report.exit_code == 1


def test_file_and_code_by_different_keys_are_found(signer, stranger, keys):
    data = envelope(KIND, certificate())
    code = write_code(facts_of(KIND, plain(certificate())), digest_of(data), stranger)
    known = (*keys, stranger.key)
    assert "code_other_key" in codes(check_pdf(signed(signer, attached=data, code=code), known))


# --- keys ----------------------------------------------------------------------------------


def test_a_paper_by_an_unknown_key_is_not_genuine(stranger, keys):
    report = check_pdf(signed(stranger), keys)
    assert codes(report) == ["signature_unknown_key"]
    assert report.exit_code == 1


def test_a_retired_key_still_vouches_for_what_it_signed_before(tmp_path):
    old = open_signer(tmp_path, datetime(2026, 1, 1, tzinfo=CHINA))
    pdf = signed(old)
    rotate_key(tmp_path, datetime(2090, 1, 1, tzinfo=CHINA))
    report = check_pdf(pdf, public_keys(tmp_path), today=TODAY)
    assert report.verdict == GENUINE
    assert "key_retired" in codes(report)


def test_a_key_used_after_its_retirement_is_found(tmp_path):
    old = open_signer(tmp_path, datetime(2020, 1, 1, tzinfo=CHINA))
    rotate_key(tmp_path, datetime(2021, 1, 1, tzinfo=CHINA))
    report = check_pdf(signed(old), public_keys(tmp_path))
    assert codes(report) == ["signature_after_key"]


# --- unsigned, unreadable ------------------------------------------------------------------


def test_a_print_run_proves_nothing_but_its_codes(issued, keys, signer):
    other = issue(KIND, replace(certificate(), number="N2"), signer)
    prints = [Print(read_canonical(one.data_json)["data"], one.code) for one in (issued, other)]
    (run,) = compose_run(KIND, prints)
    report = check_pdf(run, keys)
    assert report.verdict == UNREADABLE
    assert codes(report) == ["signature_missing", "print_code_genuine", "print_code_genuine"]
    assert report.findings[2].facts == {"page": "3", "number": "N2"}


def test_a_forged_code_on_a_print_is_named(stranger, keys):
    data = envelope(KIND, certificate())
    code = write_code(facts_of(KIND, plain(certificate())), digest_of(data), stranger)
    (run,) = compose_run(KIND, [Print(certificate(), code)])
    assert "print_code_forged" in codes(check_pdf(run, keys))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"hello", id="text"),
        pytest.param(b"%PDF-1.7\n", id="head only"),
        pytest.param(b"%PDF-1.7\n/ByteRange [0 1 2 3]", id="broken range"),
        pytest.param(b"%PDF-1.7\n/ByteRange [0 9 99999999999 1] <00>", id="range past the end"),
        pytest.param(bytes(range(256)) * 50, id="junk"),
    ],
)
def test_what_is_no_signed_pdf_is_unreadable(content, keys):
    assert check_pdf(content, keys).exit_code == 2


# --- codes and data files ------------------------------------------------------------------


def test_a_code_alone_tells_its_facts(issued, keys):
    report = check_code(issued.code, keys, today=TODAY)
    assert (report.verdict, report.facts.subject) == (GENUINE, "4130001000000446529641")


def test_a_data_file_is_checked_against_the_code(issued, keys):
    assert check_code(issued.code, keys, data=issued.data_json, today=TODAY).verdict == GENUINE
    changed = issued.data_json.replace(b"2034-11-17", b"2035-11-17")
    report = check_code(issued.code, keys, data=changed, today=TODAY)
    assert report.exit_code == 1
    assert {"data_differs", "facts_differ"} <= set(codes(report))


def test_a_data_file_without_its_code_cannot_be_judged(issued, keys):
    report = check_pdf(issued.data_json, keys)
    assert (report.exit_code, codes(report)) == (2, ["need_code"])


def test_a_forged_code_is_not_genuine(issued, keys):
    assert codes(check_code(issued.code.replace("~P~", "~F~"), keys)) == ["code_forged"]
    assert check_code("something", keys).exit_code == 2


# --- still in force ------------------------------------------------------------------------


def test_the_last_day_still_counts(issued, keys):
    assert "validity_in_force" in codes(check_pdf(issued.pdf, keys, today=date(2034, 11, 17)))
    late = check_pdf(issued.pdf, keys, today=date(2034, 11, 18))
    assert "validity_expired" in codes(late)
    assert late.verdict == GENUINE


ENTRIES = (
    Revocation("DN2026-0012388", SUPERSEDED, date(2026, 11, 21), "DN2026-0012391", "型号误写"),
    Revocation("DN2026-0000007", REVOKED, date(2026, 11, 22), reason="标准器失准"),
)
ISSUED_AT = datetime(2026, 11, 23, 10, 0, tzinfo=CHINA)


def test_a_list_is_signed_dated_and_comes_back(signer, keys):
    listed = read_revocations(revocation_list(ENTRIES, ISSUED_AT, signer), keys)
    assert listed.issued_at == ISSUED_AT
    assert {listed.of(entry.number) for entry in ENTRIES} == set(ENTRIES)
    assert listed.of("DN2026-0012347") is None


def test_a_changed_list_is_refused(signer, stranger, keys):
    text = revocation_list(ENTRIES, ISSUED_AT, signer)
    with pytest.raises(ListError, match="changed"):
        read_revocations(text.replace(b"0012388", b"0012389"), keys)
    with pytest.raises(ListError, match="not known"):
        read_revocations(revocation_list(ENTRIES, ISSUED_AT, stranger), keys)
    for other in (b"", b"{}", b'{"list":{},"signature":""}', text[:-3]):
        with pytest.raises(ListError):
            read_revocations(other, keys)


def test_a_superseded_and_a_revoked_paper_are_told(signer, keys):
    listed = revocation_list(ENTRIES, ISSUED_AT, signer)
    for entry, word in zip(ENTRIES, ("list_superseded", "list_revoked"), strict=True):
        made = issue(KIND, replace(certificate(), number=entry.number), signer)
        report = check_pdf(made.pdf, keys, revocations=listed, today=TODAY)
        assert codes(report)[-1] == word
        assert report.findings[-1].facts["as_of"] == "2026-11-23T10:00:00+08:00"
        assert report.verdict == GENUINE  # genuine, and no longer in force


def test_a_paper_that_is_not_listed_is_clear_as_of_the_lists_day(issued, signer, keys):
    listed = revocation_list(ENTRIES, ISSUED_AT, signer)
    assert codes(check_pdf(issued.pdf, keys, revocations=listed, today=TODAY))[-1] == "list_clear"


def test_a_bad_list_is_told(issued, stranger, keys):
    listed = revocation_list(ENTRIES, ISSUED_AT, stranger)
    assert codes(check_pdf(issued.pdf, keys, revocations=listed, today=TODAY))[-1] == "list_bad"


# --- words and command ---------------------------------------------------------------------


def test_both_languages_have_words_for_every_finding():
    table = words()
    assert sorted(table["zh"]) == sorted(table["en"])
    source = "".join(
        (check_module.Path(check_module.__file__).parents[1] / name).read_text(encoding="utf-8")
        for name in ("signing/check.py", "checkpage/proof.js")
    )
    for code in table["en"]:
        if code.startswith(("data_", "code_", "facts_", "page_")) and code not in (
            "code_label", "page_not_compared"
        ):  # fmt: skip
            assert f'"{code}"' in source or f'{code}"' in source, code


def test_a_report_in_words_leaves_no_place_open(issued, signer, keys):
    listed = revocation_list(ENTRIES, ISSUED_AT, signer)
    for lang in ("zh", "en"):
        report = check_pdf(issued.pdf, keys, revocations=listed, today=TODAY)
        lines = report_in_words(report, lang)
        assert not any("{" in line for line in lines)
    assert lines[0] == "Genuine: the file was not changed"
    assert "  Number: DN2026-0012347" in lines


@pytest.fixture
def files(tmp_path, issued, keys):
    (tmp_path / "paper.pdf").write_bytes(issued.pdf)
    (tmp_path / "data.json").write_bytes(issued.data_json)
    (tmp_path / "keys.json").write_bytes(write_keys(keys))
    (tmp_path / "changed.pdf").write_bytes(issued.pdf.replace(b"DH1~C~DN", b"DH1~C~DX"))
    return tmp_path


def test_the_command_needs_the_public_keys_alone(files, capsys):
    known = ["--keys", str(files / "keys.json"), "--lang", "zh"]
    assert main(["certificate", "check", str(files / "paper.pdf"), *known]) == 0
    assert "真实：文件未被改动" in capsys.readouterr().out
    assert main(["certificate", "check", str(files / "changed.pdf"), *known]) == 1
    assert "至少有一个字节不同" in capsys.readouterr().out
    assert main(["certificate", "check", str(files / "keys.json"), *known]) == 2
    assert "无法判断" in capsys.readouterr().out


def test_the_command_checks_a_data_file_against_its_code(files, issued, capsys):
    arguments = ["certificate", "check", str(files / "data.json"), "--code", issued.code]
    assert main([*arguments, "--keys", str(files / "keys.json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "genuine"


def test_the_command_says_what_is_missing(files, monkeypatch, capsys):
    monkeypatch.setenv("DIANHENG_DATA", str(files / "nowhere"))
    assert main(["certificate", "check", str(files / "paper.pdf")]) == 2
    assert "--keys" in capsys.readouterr().err
    assert main(["certificate", "check", "--keys", str(files / "keys.json")]) == 2
    assert main(["certificate", "check", "gone.pdf", "--keys", str(files / "keys.json")]) == 2
    assert "gone.pdf" in capsys.readouterr().err


def test_the_command_gives_keys_and_page_away(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DIANHENG_DATA", str(tmp_path))
    assert main(["certificate", "keys", str(tmp_path / "keys.json")]) == 0
    assert main(["certificate", "page", str(tmp_path / "check.html")]) == 0
    first = public_keys(tmp_path / "keys")[0].key_no
    assert first in (tmp_path / "check.html").read_text(encoding="utf-8")
    assert main(["certificate", "rotate"]) == 0
    assert len(public_keys(tmp_path / "keys")) == 2
    assert first not in capsys.readouterr().out


# --- other programs agree ------------------------------------------------------------------


def test_the_signing_library_itself_finds_the_signature_sound(issued, keys):
    from asn1crypto import x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    def validated():
        (found,) = PdfFileReader(io.BytesIO(issued.pdf)).embedded_signatures
        root = x509.Certificate.load(keys[0].certificate)
        return validate_pdf_signature(found, ValidationContext(trust_roots=[root]))

    # In a thread: it starts an event loop, and the browser's may be running in this one.
    with ThreadPoolExecutor(1) as pool:
        status = pool.submit(validated).result()
    assert status.bottom_line
    assert status.coverage.name == "ENTIRE_FILE"
    assert status.docmdp_ok


@pytest.mark.needs("pdfsig")
def test_pdfsig_finds_the_signature_sound_and_the_change(issued, tmp_path):
    import subprocess

    for pdf, word in (
        (issued.pdf, "Signature is Valid"),
        (issued.pdf.replace(b"DH1~C~DN", b"DH1~C~DX"), "Digest Mismatch"),
    ):
        (tmp_path / "paper.pdf").write_bytes(pdf)
        told = subprocess.run(
            ["pdfsig", "-nocert", str(tmp_path / "paper.pdf")], capture_output=True, text=True
        ).stdout
        assert word in told, told
        assert "Total document signed" in told


def test_every_kind_with_a_signed_code_is_a_paper():
    assert set(KINDS) <= set(PAPERS)
