"""The repeatable draw: anyone with the seed and the frozen device list draws the same sample.

Algorithm `sha256-rank-1`, in full: the device list is the set of bar codes, sorted by code point.
Each bar code gets the SHA-256 digest of the UTF-8 text "<seed>:<bar code>". The bar codes are
ordered by that digest (ties, which nobody has seen, by bar code) and the first n are the sample.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from dianheng.metrology.errors import WrongValue

ALGORITHM = "sha256-rank-1"
LEAST_SEED_LENGTH = 32
_MAX_SEED_LENGTH = 256


def frozen_list(barcodes: Iterable[str]) -> tuple[str, ...]:
    """The device list as it is frozen: sorted by code point.

    Raises:
        WrongValue: empty, a bar code twice, or one that is blank or unprintable.

    >>> frozen_list(["B2", "A1"])
    ('A1', 'B2')
    """
    found = sorted(barcodes)
    if not found:
        raise WrongValue("list_is_empty", "the device list is empty")
    for code in found:
        if not code or code != code.strip() or not code.isprintable():
            raise WrongValue(
                "no_barcode", "a bar code is blank or unprintable", {"barcode": repr(code[:40])}
            )
    for before, after in pairwise(found):
        if before == after:
            raise WrongValue("barcode_twice", "a bar code stands twice", {"barcode": after[:40]})
    return tuple(found)


def list_digest(barcodes: Iterable[str]) -> str:
    """SHA-256 of the frozen list: one bar code a line, each line ended by a line feed.

    The same as `sha256sum` of the text file.

    >>> list_digest(["B2", "A1"])[:16]
    '8e8c404fefd43bca'
    """
    text = "".join(f"{code}\n" for code in frozen_list(barcodes))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def seed_digest(seed: str) -> str:
    """SHA-256 of the seed's text, published before the lot is closed.

    Raises:
        WrongValue: a seed of fewer than 32 characters could be guessed from its digest.

    >>> seed_digest("0123456789abcdef0123456789abcdef")[:16]
    '3eb1bd439947eb76'
    """
    _check_seed(seed)
    return hashlib.sha256(seed.encode("utf-8")).hexdigest()


def draw(seed: str, barcodes: Iterable[str], n: int) -> tuple[str, ...]:
    """Draw n devices, in the order of the draw; the next ones in that order are the spares.

    Args:
        seed: published after the lot is closed; at least 32 characters.
        barcodes: the device list, in any order.
        n: size of the sample, from 1 to the size of the list.

    Raises:
        WrongValue: seed too short, list not a list of distinct bar codes, n out of range.

    Source:
        docs/explanation/sampling.md.

    >>> devices = [f"M{number:03}" for number in range(100)]
    >>> sample = draw("0123456789abcdef0123456789abcdef", devices, 3)
    >>> sample == draw("0123456789abcdef0123456789abcdef", reversed(devices), 3)
    True
    """
    _check_seed(seed)
    frozen = frozen_list(barcodes)
    if not 1 <= n <= len(frozen):
        raise WrongValue(
            "sample_size",
            "the sample has at least one device and at most the list",
            {"n": str(n), "list": str(len(frozen))},
        )
    ranked = sorted(frozen, key=lambda code: (_rank(seed, code), code))
    return tuple(ranked[:n])


class DrawCheck(NamedTuple):
    """Repeated draw held against what was published; `problems` are codes, none is well."""

    sample: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Everything that was published agrees."""
        return not self.problems


def verify_draw(
    seed: str,
    barcodes: Iterable[str],
    n: int,
    *,
    published_seed_digest: str = "",
    published_list_digest: str = "",
    published_sample: Sequence[str] | None = None,
) -> DrawCheck:
    """Repeat a draw and compare it with what was published.

    Returns:
        The sample, and `seed_differs`, `list_differs`, `sample_differs` as far as they apply.

    Raises:
        WrongValue: as `draw`.

    >>> devices = ["A1", "B2", "C3"]
    >>> verify_draw("0123456789abcdef0123456789abcdef", devices, 1,
    ...             published_list_digest=list_digest(devices[:2])).problems
    ('list_differs',)
    """
    frozen = frozen_list(barcodes)
    sample = draw(seed, frozen, n)
    problems = []
    if published_seed_digest and not _is_same(published_seed_digest, seed_digest(seed)):
        problems.append("seed_differs")
    if published_list_digest and not _is_same(published_list_digest, list_digest(frozen)):
        problems.append("list_differs")
    if published_sample is not None and sorted(published_sample) != sorted(sample):
        problems.append("sample_differs")
    return DrawCheck(sample, tuple(problems))


def _rank(seed: str, barcode: str) -> bytes:
    return hashlib.sha256(f"{seed}:{barcode}".encode()).digest()


def _is_same(published: str, computed: str) -> bool:
    return hmac.compare_digest(published.strip().lower().encode(), computed.encode())


def _check_seed(seed: str) -> None:
    if not LEAST_SEED_LENGTH <= len(seed) <= _MAX_SEED_LENGTH or not seed.isprintable():
        raise WrongValue(
            "seed_length",
            "a seed has 32 to 256 printable characters",
            {"length": str(len(seed))},
        )
