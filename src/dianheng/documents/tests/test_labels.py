"""Labels stand where the sheet has its labels, with all that must be printed."""

from dataclasses import replace

import pytest

from dianheng.documents.papers.labels import SheetUnfitError, compose_labels, sheets
from dianheng.documents.papers.samples import LABEL_SAMPLES, RED_LABEL, YELLOW_LABEL
from dianheng.documents.papers.schema import LABELS, StatusLabel
from dianheng.documents.papers.schema.reading import PaperDataError
from dianheng.documents.signing.canonical import plain
from dianheng.documents.signing.drawn import codes_of_pages

from .reading import photographed, reader, scanned, text

MM = 72 / 25.4


def places(pdf, word):
    """Where a word stands on the first page, millimetres from the left and top edge."""
    page = reader(pdf).pages[0]
    height = float(page.mediabox.height)
    found = []

    def visit(shown, cm, tm, font, size):
        if word in shown:
            x = cm[0] * tm[4] + cm[2] * tm[5] + cm[4]
            y = cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
            found.append((x / MM, (height - y) / MM))

    page.extract_text(visitor_text=visit)
    return found


@pytest.mark.parametrize("name", sheets())
def test_the_labels_of_a_sheet_stand_on_its_page(name):
    sheet = sheets()[name]
    width, height = sheet["label"]
    right = sheet["left"] + sheet["columns"] * width + (sheet["columns"] - 1) * sheet["gap"][0]
    bottom = sheet["top"] + sheet["rows"] * height + (sheet["rows"] - 1) * sheet["gap"][1]
    assert right <= sheet["page"][0] + 0.01
    assert bottom <= sheet["page"][1] + 0.01


@pytest.mark.parametrize("kind", LABELS)
def test_every_label_fits_on_a_sheet_and_on_a_roll(kind):
    fitting = [name for name, sheet in sheets().items() if kind in sheet["kinds"]]
    assert any(name.startswith("a4") for name in fitting)
    assert any(name.startswith("roll") for name in fitting)
    for name in fitting:
        assert compose_labels(kind, [LABEL_SAMPLES[kind]], name).startswith(b"%PDF")


def test_labels_stand_to_the_tenth_of_a_millimetre():
    sheet = sheets()["a4-5x13"]
    pdf = compose_labels(
        "qualification_mark", [LABEL_SAMPLES["qualification_mark"]] * 65, "a4-5x13"
    )
    found = places(pdf, "检定合格")
    assert len(found) == 65
    pitch = sheet["label"][0] + sheet["gap"][0]
    x, y = found[0]
    for n, (left, top) in enumerate(found):
        assert left - x == pytest.approx(n % 5 * pitch, abs=0.05)
        assert top - y == pytest.approx(n // 5 * sheet["label"][1], abs=0.05)


def test_a_used_sheet_begins_at_its_first_free_label():
    label = LABEL_SAMPLES["qualification_mark"]
    fresh = places(compose_labels("qualification_mark", [label] * 3, "a4-3x8"), "检定合格")
    used = places(compose_labels("qualification_mark", [label], "a4-3x8", first=3), "检定合格")
    assert used == [pytest.approx(fresh[2])]


def test_the_printers_offset_moves_all_labels():
    label = LABEL_SAMPLES["meter_label"]
    (plain_place,) = places(compose_labels("meter_label", [label], "a4-4x10"), "413000")
    (moved,) = places(
        compose_labels("meter_label", [label], "a4-4x10", offset_mm=(1.5, -0.5)), "413000"
    )
    assert moved[0] - plain_place[0] == pytest.approx(1.5, abs=0.01)
    assert moved[1] - plain_place[1] == pytest.approx(-0.5, abs=0.01)


def test_labels_go_on_to_the_next_sheet():
    pdf = compose_labels("box_label", [LABEL_SAMPLES["box_label"]] * 9, "a4-2x4")
    assert len(reader(pdf).pages) == 2


def test_a_test_print_has_outlines_and_rulers_and_no_label():
    pdf = compose_labels("box_label", [], "a4-2x4", test=True, offset_mm=(1.0, 0.5))
    shown = text(pdf)
    assert "190mm" in shown
    assert "dx1mm,dy0.5mm" in shown
    assert "ZZX" not in shown


def test_every_label_carries_its_code():
    for kind, field in (
        ("qualification_mark", "bar_code"),
        ("box_label", "box_no"),
        ("shelf_label", "code"),
    ):
        sheet = next(name for name, s in sheets().items() if kind in s["kinds"])
        labels = [replace(LABEL_SAMPLES[kind], **{field: f"X{n}-413000"}) for n in range(4)]
        found = [code for _, code in codes_of_pages(compose_labels(kind, labels, sheet))]
        assert found == [f"X{n}-413000" for n in range(4)]


@pytest.mark.needs("pdftoppm")
def test_bar_codes_of_printed_labels_are_read(tmp_path):
    for kind, sheet, wanted in (
        ("meter_label", "a4-4x10", {("Code 128", "4130001000000446529641")}),
        ("box_label", "a4-2x4", {("Code 128", "ZZX20260003"), ("QR Code", "ZZX20260003")}),
        ("shelf_label", "a4-2x7", {("Code 128", "K1-A03-05"), ("QR Code", "K1-A03-05")}),
        ("qualification_mark", "a4-5x13", {("QR Code", "4130001000000446529641")}),
    ):
        pdf = compose_labels(kind, [LABEL_SAMPLES[kind]], sheet)
        assert set(scanned(photographed(pdf, tmp_path, 300))) == wanted


def test_a_mark_says_until_when_and_of_which_kind():
    mark = LABEL_SAMPLES["qualification_mark"]
    shown = text(compose_labels("qualification_mark", [mark], "a4-5x13"))
    for fact in ("检定合格", "检定日期2026-11-18", "有效期至2034-11-17", "陈立群", mark.bar_code):
        assert fact in shown
    term = replace(mark, validity_mode="term")
    assert "使用期限至2034-11-17" in text(compose_labels("qualification_mark", [term], "a4-5x13"))


def test_a_box_that_is_not_full_says_so():
    box = replace(LABEL_SAMPLES["box_label"], quantity=7)
    shown = text(compose_labels("box_label", [box], "a4-2x4"))
    assert "7/12" in shown
    assert "不满箱" in shown


def test_colour_labels_print_word_restriction_day_and_approver():
    shown = text(
        compose_labels(
            "status_label", [LABEL_SAMPLES["status_label"], YELLOW_LABEL, RED_LABEL], "a4-3x8"
        )
    )
    for fact in ("合格", "准用", "停用", "限用于2级电能表", "停用日期2026-11-03", "批准人沈国梁"):
        assert fact in shown


@pytest.mark.parametrize(
    ("colour", "missing"),
    [("yellow", "restriction"), ("red", "approver"), ("blue", "colour")],
)
def test_a_colour_label_without_what_it_must_say_is_refused(colour, missing):
    with pytest.raises(ValueError, match=missing):
        StatusLabel(colour=colour, instrument="x", asset_no="1")
    with pytest.raises(PaperDataError, match=missing):
        compose_labels(
            "status_label", [{"colour": colour, "instrument": "x", "asset_no": "1"}], "a4-3x8"
        )


def test_a_label_too_big_for_the_sheet_is_refused_with_the_sheets_that_fit():
    with pytest.raises(SheetUnfitError, match="a4-2x4"):
        compose_labels("box_label", [LABEL_SAMPLES["box_label"]], "a4-5x13")
    with pytest.raises(SheetUnfitError, match="unknown sheet"):
        compose_labels("box_label", [LABEL_SAMPLES["box_label"]], "a5")
    with pytest.raises(PaperDataError, match="no label number 9"):
        compose_labels("box_label", [LABEL_SAMPLES["box_label"]], "a4-2x4", first=9)


@pytest.mark.parametrize("kind", LABELS)
def test_the_same_labels_give_the_same_bytes(kind):
    sheet = next(name for name, s in sheets().items() if kind in s["kinds"])
    label = LABEL_SAMPLES[kind]
    assert compose_labels(kind, [label], sheet) == compose_labels(kind, [plain(label)], sheet, "zh")
