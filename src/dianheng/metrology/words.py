"""Words for the identifiers of this package, English and Chinese.

Verdicts, steps and refusals carry identifiers and facts; pages and papers show the words.
"""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "zh")


def word(kind: str, identifier: str, language: str = "zh") -> str:
    """The word for an identifier; the identifier itself where none is known.

    Args:
        kind: `item`, `reason`, `step`, `fact`, `problem`, `conclusion`, `certainty`, `direction`,
            `stage`, `purpose`, `connection`, `wiring`, `severity`, `validity_mode`, `indicator`,
            `part` of a rule set, `fault` of the table of wirings, `wiring_fault` of a diagnosis,
            `rule_book` that is practice and no standard.
        identifier: as in a verdict.
        language: `zh`, `zh-hans` and the like, else English.

    >>> word("item", "creep"), word("reason", "test_keys", "en")
    ('潜动试验', 'test keys')
    """
    column = 1 if language.lower().startswith("zh") else 0
    found = words().get((kind, identifier))
    if found is None and kind == "reason":
        # A point that could not be judged has the code of the refusal as its reason.
        found = words().get(("problem", identifier))
    return identifier if found is None else found[column]


def said(code: str, text: str, facts: Mapping[str, str], language: str) -> str:
    """Why something is refused: the English text as it stands, or the Chinese of its code.

    The Chinese names the facts; the English text is written for its place and says what matters.

    >>> said("lot_too_small", "a lot has at least two units", {"lot": "1"}, "zh")
    '批量至少为2（批量：1）'
    """
    if not language.lower().startswith("zh"):
        return text
    reason = word("problem", code, language)
    if reason == code:
        return text
    known = "，".join(
        f"{word('fact', name, language)}：{word(name, value, language)}"
        for name, value in facts.items()
        if value
    )
    return f"{reason}（{known}）" if known else reason


@cache
def words() -> dict[tuple[str, str], tuple[str, str]]:
    """English and Chinese by kind and identifier."""
    path = Path(__file__).parent / "words.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return {(row["kind"], row["identifier"]): (row["en"], row["zh"]) for row in rows}
