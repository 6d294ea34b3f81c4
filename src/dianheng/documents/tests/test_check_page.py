"""The check page in a real browser, opened from a disk: no server, no network."""

import json
from dataclasses import replace
from datetime import date, datetime

import pytest

from dianheng.documents.checkpage import build_check_page
from dianheng.documents.papers.compose import compose
from dianheng.documents.papers.samples import SAMPLES, certificate
from dianheng.documents.signing.canonical import canonical_json, digest_of, plain
from dianheng.documents.signing.codes import KINDS, facts_of, write_code
from dianheng.documents.signing.issue import envelope, issue
from dianheng.documents.signing.keys import open_signer, public_keys, rotate_key
from dianheng.documents.signing.pades import sign_with_key
from dianheng.documents.signing.revocations import (
    REVOKED,
    SUPERSEDED,
    ListError,
    Revocation,
    revocation_list,
)
from dianheng.testing.browser import axe_faults

from .conftest import CHINA
from .provable import of_transformer, provable, with_point

KIND = "verification_certificate"
WITHOUT_WEBCRYPTO = "Object.defineProperty(crypto, 'subtle', {value: undefined})"
ENTRIES = (
    Revocation("N-OLD", SUPERSEDED, date(2026, 11, 21), "DN2026-0012391", "型号误写"),
    Revocation("N-BAD", REVOKED, date(2026, 11, 22), reason="标准器失准"),
)


@pytest.fixture(scope="session")
def page_file(tmp_path_factory, keys, signer):
    out = tmp_path_factory.mktemp("page") / "check.html"
    listed = revocation_list(ENTRIES, datetime(2026, 11, 23, 10, tzinfo=CHINA), signer)
    build_check_page(keys, listed, out)
    return out


@pytest.fixture(
    params=[pytest.param("web", id="WebCrypto"), pytest.param("own", id="own arithmetic")]
)
def opened(request, chromium, page_file):
    """The page in Chinese on a telephone; what it asks of the network is collected."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    page = context.new_page()
    if request.param == "own":
        page.add_init_script(WITHOUT_WEBCRYPTO)
    page.asked, page.faults = [], []
    page.on("request", lambda r: page.asked.append(r.url))
    page.on("pageerror", lambda e: page.faults.append(str(e)))
    page.on("console", lambda m: page.faults.append(m.text) if m.type == "error" else None)
    page.goto(page_file.as_uri())
    yield page
    assert page.faults == []
    assert all(url.startswith(("file:", "blob:")) for url in page.asked)
    context.close()


def told(page):
    page.wait_for_selector("#result h2")
    codes = page.eval_on_selector_all(
        "#result .findings li", "items => items.map(i => i.dataset.code)"
    )
    return page.inner_text("#result h2"), codes


def choose(page, name, content):
    page.set_input_files(
        "#file", {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    return told(page)


def ask(page, text):
    page.fill("#code", text)
    page.click("button.main")
    return told(page)


pytestmark = pytest.mark.browser


def test_a_paper_as_issued_is_genuine(opened, issued):
    verdict, codes = choose(opened, "paper.pdf", issued.pdf)
    assert verdict == "✓ 真实：文件未被改动"
    assert codes == [
        "signature_intact",
        "proves_integrity",
        "code_genuine",
        "data_matches",
        "facts_agree",
        "page_not_compared",
        "evidence_absent",
        "validity_in_force",
        "list_clear",
    ]
    facts = opened.inner_text("#result table")
    for fact in ("检定证书", "DN2026-0012347", "4130001000000446529641", "合格", "2034-11-17"):
        assert fact in facts


def test_the_text_of_the_code_shows_its_facts(opened, issued):
    verdict, codes = ask(opened, issued.code)
    assert verdict == "✓ 真实：二维码由所列密钥签发"
    assert codes == ["code_genuine", "validity_in_force", "list_clear"]


def test_a_code_behind_an_address_is_taken_too(opened, issued):
    assert ask(opened, "https://check.example/page#" + issued.code)[1][0] == "code_genuine"


def test_a_changed_code_is_not_genuine(opened, issued):
    verdict, codes = ask(opened, issued.code.replace("2034-11-17", "2036-11-17"))
    assert verdict == "✗ 不真实"
    assert codes == ["code_forged"]


def test_a_data_file_is_checked_against_the_code(opened, issued):
    assert choose(opened, "data.json", issued.data_json)[1] == ["need_code"]
    verdict, codes = ask(opened, issued.code)
    assert verdict == "✓ 真实：文件未被改动"
    assert codes[:3] == ["code_genuine", "data_matches", "facts_agree"]
    changed = issued.data_json.replace(b"DDZY866C-Z", b"DDZY866C-X")
    verdict, codes = choose(opened, "data.json", changed)
    assert verdict == "✗ 不真实"
    assert "data_differs" in codes


def test_changed_bytes_of_a_file_are_found(opened, issued):
    size = len(issued.pdf)
    for at in (100, size // 3, size // 2, size - 50, issued.pdf.index(b"/Contents <") + 40):
        changed = bytearray(issued.pdf)
        changed[at] ^= 0x01
        opened.reload()
        verdict, codes = choose(opened, "paper.pdf", bytes(changed))
        assert not verdict.startswith("✓"), (at, codes)


def test_something_added_to_a_file_is_found(opened, issued):
    verdict, codes = choose(opened, "paper.pdf", issued.pdf + b"\n%")
    assert (verdict, codes) == ("✗ 不真实", ["signature_changed_after_signing"])


def test_a_paper_by_an_unknown_key_is_not_genuine(opened, stranger):
    verdict, codes = choose(opened, "paper.pdf", issue(KIND, certificate(), stranger).pdf)
    assert (verdict, codes) == ("✗ 不真实", ["signature_unknown_key"])


def test_the_moment_of_signing_is_read_with_its_zone(opened, issued, signer):
    pdf = compose(KIND, certificate(), code=issued.code, attached=issued.data_json)
    at = datetime(2026, 11, 20, 16, 5, tzinfo=CHINA)
    choose(opened, "paper.pdf", sign_with_key(pdf, signer.private, signer.key, at))
    assert "2026-11-20T16:05:00+08:00" in opened.inner_text("#result")


def test_the_code_of_another_paper_is_told(opened, issued, signer):
    other = issue(KIND, replace(certificate(), number="N2"), signer)
    opened.fill("#code", other.code)
    assert "code_of_other_paper" in choose(opened, "paper.pdf", issued.pdf)[1]


def test_ended_papers_are_told_with_the_lists_day(opened, signer):
    for entry, word in zip(ENTRIES, ("list_superseded", "list_revoked"), strict=True):
        made = issue(KIND, replace(certificate(), number=entry.number), signer)
        opened.reload()
        assert choose(opened, "paper.pdf", made.pdf)[1][-1] == word
        shown = opened.inner_text("#result")
        assert "2026-11-23T10:00:00+08:00" in shown
        assert entry.reason in shown


def test_an_expired_paper_is_genuine_and_expired(opened, signer):
    old = replace(certificate(), valid_through=date(2020, 1, 31))
    verdict, codes = choose(opened, "paper.pdf", issue(KIND, old, signer).pdf)
    assert verdict.startswith("✓")
    assert "validity_expired" in codes
    assert opened.get_attribute("#result", "class") == "result open"


def test_other_files_cannot_be_judged(opened):
    for content in (b"hello", b"%PDF-1.7\n%%EOF", b""):
        opened.reload()
        verdict, _codes = choose(opened, "x.pdf", content)
        assert verdict == "? 无法判断"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_signed_kind_is_genuine(opened, kind, signer):
    verdict, codes = choose(opened, "paper.pdf", issue(kind, SAMPLES[kind], signer).pdf)
    assert verdict.startswith("✓"), codes


# --- the conclusion worked out again -------------------------------------------------------


def offline(chromium, page_file):
    """The page from the disk in a browser whose network is off."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", offline=True
    )
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda e: page.faults.append(str(e)))
    page.on("console", lambda m: page.faults.append(m.text) if m.type == "error" else None)
    page.goto(page_file.as_uri())
    return page


def test_a_genuine_paper_is_worked_out_again_without_network(chromium, page_file, signer):
    page = offline(chromium, page_file)
    made = issue(KIND, provable(certificate()), signer)
    for name, content in (("paper.pdf", made.pdf), ("data.json", made.data_json)):
        page.reload()
        page.fill("#code", made.code if name == "data.json" else "")
        verdict, codes = choose(page, name, content)
        assert verdict.startswith("✓"), codes
        assert codes[-4:-2] == ["evidence_agrees", "tables_same"]
        rows = page.eval_on_selector_all(
            ".worked tbody tr", "rows => rows.map(r => [...r.cells].map(c => c.textContent))"
        )
        assert len(rows) == 12
        assert rows[-2] == [
            "=", "日计时误差", "0.50 0.51 0.50 0.51 0.505 → 0.505 → +0.50 (0.01) → ±0.5 s/d", "合格",
        ]  # fmt: skip
        assert rows[-1] == ["·", "潜动试验", "历时 min 30.4; 脉冲数 0", "合格"]
    assert "溯源至 国家工频功率基准 中国计量科学研究院（国家基准）" in page.inner_text("#result")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert [*axe_faults(page), *page.faults] == []
    page.context.close()


def test_a_false_value_is_told_whoever_signed_it(chromium, page_file, signer, stranger):
    false = with_point(provable(certificate()), rounded_pct="+1.8")
    page = offline(chromium, page_file)
    made = issue(KIND, false, signer)
    verdict, codes = choose(page, "paper.pdf", made.pdf)
    assert verdict == "✗ 不真实" and "evidence_differs" in codes and "code_genuine" in codes
    assert "文件所载化整值为 +1.8，重新计算为" in page.inner_text("#result .findings")
    assert page.locator(".worked tr.bad").count() == 1
    page.reload()
    other = issue(KIND, false, stranger)
    assert choose(page, "paper.pdf", other.pdf)[1] == ["signature_unknown_key"]
    page.reload()
    page.fill("#code", other.code)
    codes = choose(page, "data.json", other.data_json)[1]
    assert {"code_unknown_key", "evidence_differs"} <= set(codes)
    page.context.close()


def test_a_limit_that_was_changed_and_signed_again_is_told_by_the_page(chromium, page_file, signer):
    page = offline(chromium, page_file)
    wider = with_point(provable(certificate()), limit_pct="3.0")
    verdict, codes = choose(page, "paper.pdf", issue(KIND, wider, signer).pdf)
    assert verdict == "✗ 不真实" and {"evidence_differs", "code_genuine"} <= set(codes)
    assert "文件所载误差限为 3.0，重新计算为 2" in page.inner_text("#result .findings")
    page.reload()
    sheets = of_transformer(certificate())
    (sheet,) = sheets.sheets
    points = (replace(sheet.points[0], delta_limit_min="20"), *sheet.points[1:])
    wider = replace(sheets, sheets=(replace(sheet, points=points),))
    assert "evidence_differs" in choose(page, "paper.pdf", issue(KIND, wider, signer).pdf)[1]
    page.reload()
    book = replace(wider.evidence.rules, digest="0" * 64)
    other = replace(wider, evidence=replace(wider.evidence, rules=book))
    assert "tables_other" in choose(page, "paper.pdf", issue(KIND, other, signer).pdf)[1]
    assert page.faults == []
    page.context.close()


def test_a_file_whose_code_is_by_another_key_is_told(chromium, tmp_path, signer):
    folder = tmp_path / "keys"
    old = open_signer(folder, datetime(2026, 1, 1, tzinfo=CHINA))
    made = issue(KIND, certificate(), old)
    rotate_key(folder, datetime(2026, 6, 1, tzinfo=CHINA))
    new = open_signer(folder)
    pdf = compose(
        KIND, replace(certificate(), key_no=old.key.key_no), code=made.code, attached=made.data_json
    )
    build_check_page(public_keys(folder), b"", tmp_path / "check.html")
    page = offline(chromium, tmp_path / "check.html")
    assert "code_other_key" in choose(page, "paper.pdf", new.sign_pdf(pdf))[1]
    page.context.close()


def test_names_of_javascript_in_a_file_are_words_like_others(chromium, page_file, stranger):
    page = offline(chromium, page_file)
    paper = replace(certificate(), evidence=provable(certificate()).evidence)
    sly = with_point(paper, direction="constructor", load="__proto__", conclusion="toString")
    data = envelope(KIND, sly)
    page.fill("#code", write_code(facts_of(KIND, plain(sly)), digest_of(data), stranger))
    verdict, codes = choose(page, "data.json", data)
    assert verdict == "✗ 不真实" and "code_unknown_key" in codes
    assert page.faults == []
    page.context.close()


def test_both_errors_of_a_transformer_are_worked_out_on_the_page(chromium, page_file, signer):
    page = offline(chromium, page_file)
    made = issue(KIND, of_transformer(certificate()), signer)
    assert "evidence_agrees" in choose(page, "paper.pdf", made.pdf)[1]
    assert "电流互感器 200/5 额定负荷 5 %" in page.inner_text(".worked")
    page.context.close()


def test_evidence_out_of_form_is_told(chromium, page_file, signer):
    page = offline(chromium, page_file)
    made = issue(KIND, with_point(provable(certificate()), readings_pct=("1e9", "x")), signer)
    verdict, codes = choose(page, "paper.pdf", made.pdf)
    assert verdict == "✗ 不真实" and codes[-1] == "evidence_unreadable"
    page.context.close()


def test_canonical_json_and_digest_are_those_of_python(opened, issued):
    value = {"\U0001f600": '\u2028"\\\b', "\ufb33": [1, -5, True, None], "a": {"é": "检定", "": ""}}
    text = opened.evaluate("value => canonical(value)", value)
    assert text.encode() == canonical_json(value)
    digest = opened.evaluate(
        "async text => toBase64url(await sha256(utf8(text)))", issued.data_json.decode()
    )
    assert digest == issued.digest


def test_own_digests_are_right_at_every_length(opened):
    import hashlib

    for length in (0, 1, 55, 56, 63, 64, 65, 119, 120, 1000):
        content = bytes(i * 7 % 256 for i in range(length))
        found = opened.evaluate(
            "bytes => Array.from(ownCrypto.sha256(Uint8Array.from(bytes)))", list(content)
        )
        assert bytes(found) == hashlib.sha256(content).digest()


def test_codes_with_any_characters_are_read_alike(opened, signer):
    for number in ("电字第 2026~0012 号%", "a\u3000b", "~~%%", "", "\U0001f600"):
        facts = replace(facts_of(KIND, plain(certificate())), number=number)
        code = write_code(facts, digest_of(b"x"), signer)
        assert opened.evaluate("text => readCode(text).facts.number", code) == number


def test_the_page_speaks_english_too_and_fits_the_telephone(opened, issued):
    choose(opened, "paper.pdf", issued.pdf)
    opened.click("#language")
    assert opened.inner_text("#result h2") == "✓ Genuine: the file was not changed"
    assert opened.evaluate("document.documentElement.lang") == "en"
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    small = opened.evaluate(
        "[...document.querySelectorAll('button')].filter(b => b.offsetHeight && b.offsetHeight < 44).length"
    )
    assert small == 0


def test_a_code_in_the_address_is_checked_at_once(chromium, page_file, issued):
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{page_file.as_uri()}#{issued.code}")
    assert told(page)[1][0] == "code_genuine"
    context.close()


def test_the_code_of_the_drawing_is_found_by_a_scanner_that_types(opened, issued):
    opened.focus("#code")
    opened.keyboard.type(issued.code)
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    assert told(opened)[1][0] == "code_genuine"


def test_text_of_a_list_cannot_break_out_of_the_page(chromium, tmp_path, keys, signer):
    sly = Revocation(
        "N1", REVOKED, date(2026, 1, 1), reason="</script><script>document.title='x'</script>"
    )
    listed = revocation_list([sly], datetime(2026, 11, 23, tzinfo=CHINA), signer)
    build_check_page(keys, listed, tmp_path / "check.html")
    context = chromium.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto((tmp_path / "check.html").as_uri())
    made = issue(KIND, replace(certificate(), number="N1"), signer)
    choose(page, "paper.pdf", made.pdf)
    assert "</script>" in page.inner_text("#result")
    assert page.title() == "电衡 · 证书核验"
    context.close()


def test_a_retired_key_is_known_and_said(chromium, tmp_path):
    old = open_signer(tmp_path / "keys", datetime(2026, 1, 1, tzinfo=CHINA))
    pdf = issue(KIND, certificate(), old).pdf
    rotate_key(tmp_path / "keys", datetime(2090, 1, 1, tzinfo=CHINA))
    build_check_page(public_keys(tmp_path / "keys"), b"", tmp_path / "check.html")
    context = chromium.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto((tmp_path / "check.html").as_uri())
    verdict, codes = choose(page, "paper.pdf", pdf)
    assert verdict.startswith("✓")
    assert "key_retired" in codes
    assert "list_absent" in codes
    context.close()


def test_a_list_by_another_key_is_not_built_in(tmp_path, keys, stranger):
    listed = revocation_list(ENTRIES, datetime(2026, 11, 23, tzinfo=CHINA), stranger)
    with pytest.raises(ListError):
        build_check_page(keys, listed, tmp_path / "check.html")


def test_the_page_is_one_small_file_that_names_no_host(page_file):
    content = page_file.read_text(encoding="utf-8")
    assert len(content) < 120_000
    assert "http://" not in content
    assert "https://" not in content
    assert json.loads(envelope(KIND, certificate()))["format"] == "dianheng-paper"
