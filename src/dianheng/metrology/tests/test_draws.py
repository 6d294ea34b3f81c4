"""The draw that anyone can repeat."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dianheng.metrology.draws import (
    draw,
    frozen_list,
    list_digest,
    seed_digest,
    verify_draw,
)
from dianheng.metrology.errors import WrongValue
from dianheng.metrology.tests.strategies import device_lists, seeds

SEED = "8f2c1f0e6b7d4a3390cb5f5e1d2a7c44"
DEVICES = [f"4130001{number:014d}0" for number in range(1, 201)]


def test_the_algorithm_can_be_repeated_in_three_lines() -> None:
    ranks = {hashlib.sha256(f"{SEED}:{code}".encode()).hexdigest(): code for code in DEVICES}
    by_hand = [ranks[rank] for rank in sorted(ranks)][:13]
    assert list(draw(SEED, DEVICES, 13)) == by_hand


def test_a_published_draw_stays_what_it_was() -> None:
    assert draw(SEED, DEVICES, 3) == (
        "4130001000000000000410",
        "4130001000000000000740",
        "4130001000000000001760",
    )
    assert list_digest(DEVICES).startswith("d7c9ed47c3249c23f71e39265b6f0395")
    assert seed_digest(SEED) == hashlib.sha256(SEED.encode()).hexdigest()
    text = "".join(f"{code}\n" for code in sorted(DEVICES))
    assert list_digest(reversed(DEVICES)) == hashlib.sha256(text.encode()).hexdigest()


@given(seeds(), device_lists(), st.data())
def test_the_order_of_the_list_does_not_matter(seed: str, devices: list[str], data: Any) -> None:
    shuffled = data.draw(st.permutations(devices))
    n = data.draw(st.integers(1, len(devices)))
    assert draw(seed, devices, n) == draw(seed, shuffled, n)
    assert list_digest(devices) == list_digest(shuffled)


@given(seeds(), device_lists(), st.data())
def test_a_sample_has_distinct_devices_of_the_list_and_grows_at_its_end(
    seed: str, devices: list[str], data: Any
) -> None:
    n = data.draw(st.integers(1, len(devices)))
    sample = draw(seed, devices, n)
    assert len(sample) == len(set(sample)) == n
    assert set(sample) <= set(devices)
    assert draw(seed, devices, len(devices))[:n] == sample, "spares follow the sample"


@given(seeds(), device_lists(least=2))
def test_taking_an_undrawn_device_away_changes_no_other(seed: str, devices: list[str]) -> None:
    n = len(devices) // 2
    order = draw(seed, devices, len(devices))
    without_last = [code for code in devices if code != order[-1]]
    assert draw(seed, without_last, n) == order[:n]


def test_every_device_is_drawn_about_equally_often() -> None:
    devices = DEVICES[:20]
    counts = dict.fromkeys(devices, 0)
    for number in range(2000):
        for code in draw(f"{number:032d}", devices, 5):
            counts[code] += 1
    assert min(counts.values()) > 420 and max(counts.values()) < 580  # 500 expected, 4 sigma


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"published_seed_digest": "0" * 64}, "seed_differs"),
        ({"published_list_digest": list_digest(DEVICES[1:])}, "list_differs"),
        ({"published_sample": DEVICES[:13]}, "sample_differs"),
    ],
)
def test_what_was_published_is_checked(changes: dict[str, Any], problem: str) -> None:
    right: dict[str, Any] = {
        "published_seed_digest": seed_digest(SEED).upper(),
        "published_list_digest": list_digest(DEVICES),
        "published_sample": draw(SEED, DEVICES, 13)[::-1],
    }
    assert verify_draw(SEED, DEVICES, 13, **right).is_right
    assert verify_draw(SEED, DEVICES, 13, **{**right, **changes}).problems == (problem,)


@pytest.mark.parametrize(
    ("seed", "devices", "n", "code"),
    [
        pytest.param("short", DEVICES, 1, "seed_length", id="seed could be guessed"),
        pytest.param("a" * 300, DEVICES, 1, "seed_length", id="seed too long"),
        pytest.param("a" * 31 + "\n", DEVICES, 1, "seed_length", id="seed with a line break"),
        pytest.param(SEED, [], 1, "list_is_empty", id="no devices"),
        pytest.param(SEED, ["A", "A"], 1, "barcode_twice", id="a device twice"),
        pytest.param(SEED, ["A", ""], 1, "no_barcode", id="blank"),
        pytest.param(SEED, ["A", "B\nC"], 1, "no_barcode", id="two lines"),
        pytest.param(SEED, ["A", "\ud800"], 1, "no_barcode", id="lone surrogate"),
        pytest.param(SEED, ["A"], 2, "sample_size", id="more than the list"),
        pytest.param(SEED, ["A"], 0, "sample_size", id="none"),
    ],
)
def test_bad_draws_are_refused(seed: str, devices: list[str], n: int, code: str) -> None:
    with pytest.raises(WrongValue) as refusal:
        draw(seed, devices, n)
    assert refusal.value.code == code


def test_the_list_is_sorted_by_code_point() -> None:
    assert frozen_list(["b", "B", "10", "9", "é"]) == ("10", "9", "B", "b", "é")
