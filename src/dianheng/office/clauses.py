"""Clauses as people paste them, and what changes from one edition to the next."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# 5.2.1, A.3, 第十二条, (三) at the beginning of a line, with the text behind it.
_NUMBER = re.compile(
    r"^\s*(第[一二三四五六七八九十百千零〇\d]+[章节条款项]|[A-Z]?\d+(?:\.\d+)*|[A-Z](?:\.\d+)+)[\s.、．:：]*(.*)$"
)


def slug_of(code: str) -> str:
    """A code as it stands in an address.

    >>> slug_of("Q/GDW 1206"), slug_of("计量〔2026〕11 号")
    ('q-gdw-1206', '计量-2026-11-号')
    """
    return "-".join(re.findall(r"\w+", code.lower()))


def clauses_of(text: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Clauses of a pasted text with their numbers; lines without one go on with the last.

    Returns:
        The clauses in their order, and the numbers that stand twice.

    >>> clauses_of("1 范围\\n本办法适用于\\n计量中心。\\n2 职责")
    ([('1', '范围\\n本办法适用于\\n计量中心。'), ('2', '职责')], [])
    """
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        match = _NUMBER.match(line)
        if match:
            found.append((match[1], [match[2].strip()]))
        elif found:
            found[-1][1].append(line.strip())
        else:
            found.append(("0", [line.strip()]))
    numbers = [number for number, _lines in found]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    return [(number, "\n".join(filter(None, lines))) for number, lines in found], twice


@dataclass(frozen=True)
class Change:
    """A clause that is not what it was: new, changed or gone."""

    number: str
    what: str
    before: str = ""
    now: str = ""


def changes_between(before: Mapping[str, str], now: Mapping[str, str]) -> Sequence[Change]:
    """Changes in the order of the new edition, what is gone last.

    >>> [(c.number, c.what) for c in changes_between({"1": "a", "2": "b"}, {"1": "a", "3": "c"})]
    [('3', 'new'), ('2', 'gone')]
    """
    found = []
    for number, text in now.items():
        if number not in before:
            found.append(Change(number, "new", "", text))
        elif _plain(before[number]) != _plain(text):
            found.append(Change(number, "changed", before[number], text))
    found += [Change(n, "gone", text, "") for n, text in before.items() if n not in now]
    return found


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text)
