"""No text can change a page's layout, hide beside it, or stop it."""

from dataclasses import fields, is_dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dianheng.documents.papers.compose import compose, compose_run
from dianheng.documents.papers.fonts import FontsMissingError, drawable, font_folder
from dianheng.documents.papers.labels import compose_labels
from dianheng.documents.papers.samples import LABEL_SAMPLES, SAMPLES, certificate
from dianheng.documents.papers.schema import LABELS, PAPERS, Paper

from .reading import pages, reader, text

MARKUP = '#panic(1) $x^2$ *b* _i_ `c` [y] <z> @ref \\u{41} // /* */ " \' ~ -- = + #{ } #import "/etc/passwd"'
KEEP = {"number", "created_at", "bar_code", "box_no", "code", "asset_no", "colour"}


def with_text(value, word):
    """The same data with `word` in every free text."""
    if is_dataclass(value):
        changes = {
            field.name: with_text(getattr(value, field.name), word)
            for field in fields(value)
            if field.name not in KEEP
        }
        return replace(value, **changes)
    if isinstance(value, tuple):
        return tuple(with_text(part, word) for part in value)
    return word if isinstance(value, str) else value


@pytest.mark.parametrize("kind", PAPERS)
def test_marks_of_the_layout_language_are_printed_as_they_are(kind):
    made = text(compose(kind, with_text(SAMPLES[kind], MARKUP)))
    assert "#panic(1)$x^2$*b*_i_`c`[y]<z>@ref\\u{41}///**/" in made
    assert '#import"/etc/passwd"' in made
    assert "root:" not in made


@pytest.mark.slow
@pytest.mark.parametrize("kind", PAPERS)
def test_very_long_words_stay_on_the_page(kind):
    pdf = compose(kind, with_text(SAMPLES[kind], "W" * 70))
    right = float(reader(pdf).pages[0].mediabox.right)
    places = []
    for page in reader(pdf).pages:
        page.extract_text(
            visitor_text=lambda t, cm, tm, font, size: places.append((cm[4] + tm[4], t))
        )
    assert text(pdf).count("W") >= 70
    assert max(x for x, t in places if "W" in t) < right


@pytest.mark.parametrize("kind", PAPERS)
def test_chinese_without_end_stays_readable(kind):
    assert "电能计量" in text(compose(kind, with_text(SAMPLES[kind], "电能计量" * 12)))


def emptied(value):
    if is_dataclass(value):
        changes = {
            field.name: emptied(getattr(value, field.name))
            for field in fields(value)
            if field.name not in KEEP | {"opinions", "plan"}
        }
        return replace(value, **changes)
    if isinstance(value, tuple):
        return ()
    return "" if isinstance(value, str) else value


@pytest.mark.parametrize("kind", PAPERS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_empty_lists_and_texts_make_a_paper_all_the_same(kind, lang):
    made = pages(compose(kind, emptied(SAMPLES[kind]), lang))
    assert SAMPLES[kind].number in made[0]


@pytest.mark.parametrize("kind", LABELS)
def test_labels_take_hostile_and_long_text(kind):
    sheet = {"box_label": "a4-2x4", "shelf_label": "a4-2x7"}.get(kind, "a4-3x8")
    for word in (MARKUP, "W" * 100, ""):
        label = with_text(LABEL_SAMPLES[kind], word)
        assert reader(compose_labels(kind, [label] * 3, sheet)).pages


def test_characters_without_a_glyph_are_replaced_where_everyone_sees_it():
    made = text(compose("verification_certificate", replace(certificate(), client="甲😀乙 مرحبا")))
    assert "甲〓乙〓〓〓〓〓" in made


def test_marks_that_turn_or_hide_text_are_replaced():
    sly = "合格\u202e格合不\u202c\u200b\u2066"
    made = text(compose("verification_certificate", replace(certificate(), client=sly)))
    assert "合格〓格合不〓〓〓" in made


def test_raised_figures_are_kept_apart_from_their_base():
    sample = certificate()
    standard = replace(sample.standards[0], accuracy="±5×10⁻⁸")
    made = text(compose("verification_certificate", replace(sample, standards=(standard,))))
    assert "±5×10−8" in made  # raised on the page, plain in its text


@settings(max_examples=15, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_at_all_makes_a_paper(word):
    sample = certificate()
    hostile = replace(sample, client=word, remark=word, device=replace(sample.device, model=word))
    assert len(reader(compose("verification_certificate", hostile)).pages) >= 2


def test_a_paper_with_hostile_data_is_still_fit_for_the_archive():
    pdf = reader(compose("verification_certificate", with_text(certificate(), "😀\u202e⁻")))
    assert b"<pdfaid:part>3</pdfaid:part>" in pdf.trailer["/Root"]["/Metadata"].get_data()


def test_a_run_counts_the_pages_of_each_paper_and_says_that_it_is_a_print():
    papers = [replace(certificate(), number=f"N{i}") for i in range(5)]
    files = list(compose_run("verification_certificate", papers, size=3))
    assert len(files) == 2
    shown = [page for file in files for page in pages(file)]
    assert len(shown) == 10
    for i, page in enumerate(shown):
        assert f"N{i // 2}" in page
        assert f"第{i % 2 + 1}页共2页" in page
        assert "打印件" in page


def test_a_run_on_both_sides_begins_every_paper_on_a_front():
    papers: list[Paper] = [SAMPLES["stock_in_note"]] * 3
    (file,) = compose_run("stock_in_note", papers, duplex=True)
    fronts = [number for number, page in enumerate(pages(file)) if "入库单" in page]
    assert fronts == [0, 2, 4]


def test_a_run_of_nothing_makes_no_file():
    assert list(compose_run("stock_in_note", [])) == []


def test_missing_fonts_are_said_in_words(tmp_path, monkeypatch):
    monkeypatch.setenv("DIANHENG_FONTS", str(tmp_path))
    with pytest.raises(FontsMissingError, match="Noto Sans SC"):
        compose("verification_certificate", certificate())


def test_the_fonts_draw_the_names_of_people_and_places():
    known = drawable(font_folder())
    assert {ord(c) for c in "检定证书祎喆堃瑀±×≤°φ−～〓①Ⅱ㎡"} <= known
    assert 0x1F600 not in known
