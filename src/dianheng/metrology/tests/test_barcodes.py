"""Bar codes of companies, scanners, Code 128."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology import barcodes
from dianheng.metrology.barcodes import (
    BarcodeParts,
    GenericScheme,
    Segment,
    Severity,
    StateGridScheme,
    barcode_scheme,
    barcode_schemes,
    code_128c_values,
    register_scheme,
    scanned_text,
)
from dianheng.metrology.errors import NoRule, WrongValue
from dianheng.metrology.tests.strategies import barcode_bodies

SCHEME = StateGridScheme()


@pytest.mark.parametrize(
    "code", ["4130001000000446529641", "4130001000000461395474", "4130001000000461409508"]
)
def test_public_codes_are_right(code: str) -> None:
    assert SCHEME.validate(code).is_valid
    assert SCHEME.parse(code)[:2] == ("41300", "01")
    assert SCHEME.generate(SCHEME.parse(code)) == code


@given(barcode_bodies())
def test_what_is_generated_is_valid_and_comes_apart_again(body: str) -> None:
    code = SCHEME.generate(BarcodeParts(body[:5], body[5:7], body[7:]))
    assert code[:-1] == body
    assert SCHEME.validate(code).is_valid
    assert "".join(SCHEME.parse(code)) == code


@given(barcode_bodies(), st.integers(0, 21), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(body: str, place: int, change: int) -> None:
    code = body + SCHEME.check_digit(body)
    wrong = str((int(code[place]) + change) % 10)
    damaged = code[:place] + wrong + code[place + 1 :]
    assert not SCHEME.validate(damaged).is_valid


@given(barcode_bodies(), st.integers(0, 19))
def test_swapped_neighbours_are_found_unless_they_differ_by_five(body: str, place: int) -> None:
    code = body + SCHEME.check_digit(body)
    left, right = code[place], code[place + 1]
    swapped = code[:place] + right + left + code[place + 2 :]
    is_missed = (int(left) - int(right)) % 5 == 0
    assert SCHEME.validate(swapped).is_valid == is_missed


@given(barcode_bodies())
def test_a_wrong_check_digit_is_an_error_in_own_segments_and_a_warning_elsewhere(body: str) -> None:
    wrong = body + str((int(SCHEME.check_digit(body)) + 1) % 10)
    strict = SCHEME.validate(wrong, is_strict=True)
    lenient = SCHEME.validate(wrong, is_strict=False)
    assert (strict.is_valid, strict.severity) == (False, Severity.ERROR)
    assert (lenient.is_valid, lenient.severity) == (True, Severity.WARNING)
    assert strict.problems == lenient.problems == ("check_digit",)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("", "not_digits"),
        ("413000100000044652964", "length"),
        ("41300010000004465296411", "length"),
        ("413000100000044652964A", "not_digits"),
        ("4130001000000446529641 ", "not_digits"),
        ("４130001000000446529641", "not_digits"),
    ],
)
def test_a_wrong_form_is_always_an_error(code: str, problem: str) -> None:
    for is_strict in (True, False):
        check = SCHEME.validate(code, is_strict=is_strict)
        assert (check.is_valid, check.problems) == (False, (problem,))
    with pytest.raises(WrongValue):
        SCHEME.parse(code)


def test_the_address_is_the_end_of_the_serial_number() -> None:
    assert SCHEME.communication_address("4130001000000446529641") == "000044652964"


@pytest.mark.parametrize(
    "parts",
    [("413000", "01", "1"), ("41300", "A1", "1"), ("41300", "01", ""), ("41300", "01", "1" * 15)],
)
def test_parts_that_do_not_fit_are_refused(parts: tuple[str, str, str]) -> None:
    with pytest.raises(WrongValue):
        SCHEME.generate(BarcodeParts(*parts))


def test_a_segment_knows_its_codes() -> None:
    segment = Segment("41300", "01", 44652960, 44652969)
    codes = list(segment.codes())
    assert len(codes) == segment.size == 10
    assert codes == sorted(codes)
    assert all(segment.contains(code) for code in codes)
    before = SCHEME.generate(BarcodeParts("41300", "01", "44652959"))
    other_type = SCHEME.generate(BarcodeParts("41300", "02", "44652960"))
    assert not any(segment.contains(code) for code in (before, other_type, "junk", ""))
    assert Segment("41300", "01", 5, 4).size == 0


def test_companies_add_their_schemes() -> None:
    assert set(barcode_schemes()) >= {"state_grid_22", "generic"}
    generic = barcode_scheme("generic")
    assert generic.parse("CSG-2026/001").serial == "CSG-2026/001"
    assert generic.generate(BarcodeParts(serial="X123")) == "X123"
    for wrong in ("abC12", "X1", "X" * 41):
        assert not generic.validate(wrong, is_strict=False).is_valid
    with pytest.raises(NoRule):
        barcode_scheme("nobody")
    with pytest.raises(WrongValue) as refusal:
        register_scheme(GenericScheme())
    assert refusal.value.code == "scheme_twice"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param("4130001000000446529641\r\n", "4130001000000446529641", id="suffix"),
        pytest.param("]C14130001000000446529641\r", "4130001000000446529641", id="Code 128"),
        pytest.param("]Q3https://example.test/a", "https://example.test/a", id="QR code"),
        pytest.param("４１３", "413", id="full width by an input method"),
        pytest.param("  X1  ", "X1", id="blanks"),
        pytest.param("箱-001", "箱-001", id="Chinese"),
    ],
)
def test_what_a_scanner_sends(raw: str, text: str) -> None:
    assert scanned_text(raw) == text


@pytest.mark.parametrize("raw", ["", "\r", "]C1", "a\x00b", "a\x1b[31m", "x" * 513])
def test_what_no_scanner_sends(raw: str) -> None:
    with pytest.raises(WrongValue):
        scanned_text(raw)


def test_code_128_of_the_example() -> None:
    assert code_128c_values("123456") == (105, 12, 34, 56, 44, 106)
    for wrong in ("123", "12a4", ""):
        with pytest.raises(WrongValue):
            code_128c_values(wrong)


@given(st.text("0123456789", min_size=2, max_size=22).filter(lambda text: len(text) % 2 == 0))
def test_code_128_values_are_symbols(digits: str) -> None:
    values = code_128c_values(digits)
    assert len(values) == len(digits) // 2 + 3
    assert all(0 <= value <= 106 for value in values)
    assert "".join(f"{value:02d}" for value in values[1:-2]) == digits


def test_a_scheme_of_another_company_is_added_as_the_documentation_says() -> None:
    page = Path(__file__).parents[4] / "docs/how-to/add-a-bar-code-scheme.md"
    found = re.search(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    assert found
    source = found[1]
    names: dict[str, Any] = {}
    exec(source, names)
    scheme = names["SouthGridScheme"]()
    register_scheme(scheme)
    try:
        code = barcode_scheme("south_grid_24").generate(BarcodeParts("35", "01", "17"))
        assert code == "350100000000000000000017"
        assert barcode_scheme("south_grid_24").parse(code).asset_type == "01"
        assert scheme.validate("123", is_strict=False).severity is Severity.WARNING
        with pytest.raises(WrongValue):
            register_scheme(names["SouthGridScheme"]())
    finally:
        barcodes._SCHEMES.pop("south_grid_24")
