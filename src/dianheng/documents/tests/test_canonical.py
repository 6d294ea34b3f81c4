"""One text for the same data, and no other text is taken for it."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.documents.papers.samples import SAMPLES
from dianheng.documents.papers.schema import PAPERS
from dianheng.documents.papers.schema.reading import read
from dianheng.documents.signing.canonical import (
    NotCanonicalError,
    canonical_json,
    digest_of,
    from_base64url,
    plain,
    read_canonical,
    to_base64url,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_comes_back_and_is_written_the_same(value):
    text = canonical_json(value)
    assert read_canonical(text) == value
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(TEXT, st.integers(0, 9), min_size=2, max_size=8))
def test_the_order_of_names_does_not_count(value):
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


def test_names_are_sorted_by_utf16_units_as_browsers_do():
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    names = list(json.loads(canonical_json(value)))
    assert names == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_escapes_are_the_shortest():
    assert (
        canonical_json('\u0007\b\n"\\/检\u007f\u2028')
        == '"\\u0007\\b\\n\\"\\\\/检\u007f\u2028"'.encode()
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'{"b":1,"a":2}', id="other order"),
        pytest.param(b'{"a": 1}', id="blank"),
        pytest.param(b'{"a":1,"a":1}', id="name twice"),
        pytest.param(b'{"a":1.0}', id="decimals"),
        pytest.param(b'{"a":1e2}', id="exponent"),
        pytest.param(b'{"a":NaN}', id="not a number"),
        pytest.param(b'"\\u68c0"', id="escape that need not be"),
        pytest.param(b"9007199254740992", id="number too large"),
        pytest.param(b'{"a":1}\n', id="line end"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_any_other_spelling_is_refused(text):
    with pytest.raises(NotCanonicalError):
        read_canonical(text)


@dataclass
class Reading:
    error_pct: Decimal
    on: date
    at: datetime
    parts: tuple[int, ...]


def test_dataclasses_dates_and_decimals_become_text():
    reading = Reading(
        Decimal("-0.30"), date(2026, 11, 18), datetime(2026, 11, 18, 9, 5, 7, 9, UTC), (1,)
    )
    assert plain(reading) == {
        "error_pct": "-0.30",
        "on": "2026-11-18",
        "at": "2026-11-18T09:05:07+00:00",
        "parts": [1],
    }


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(0.1, id="float"),
        pytest.param(Decimal("NaN"), id="no number"),
        pytest.param(datetime(2026, 1, 1), id="moment without zone"),
        pytest.param({1: 2}, id="number as name"),
        pytest.param(b"x", id="bytes"),
        pytest.param("\ud800", id="half a character"),
        pytest.param(2**53, id="number too large"),
    ],
)
def test_what_has_no_form_is_refused(value):
    with pytest.raises(NotCanonicalError):
        canonical_json(value)


@given(st.binary(max_size=70))
def test_base64url_comes_back(raw):
    assert from_base64url(to_base64url(raw)) == raw


@pytest.mark.parametrize("text", ["A", "AB", "A===", "AA==", "a+b/", "检定"])
def test_other_spellings_of_base64url_are_refused(text):
    with pytest.raises(ValueError):
        from_base64url(text)


def test_a_digest_has_43_characters():
    assert digest_of(b"") == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


@pytest.mark.parametrize("kind", PAPERS)
def test_every_paper_comes_back_from_its_canonical_json(kind):
    text = canonical_json(SAMPLES[kind])
    assert read(PAPERS[kind], read_canonical(text)) == SAMPLES[kind]
