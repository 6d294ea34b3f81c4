"""The chain of the audit trail checked from lines of text: no database, no Django.

A batch's digest is SHA-256 over the previous digest, the batch's text and the texts of its
statements; a statement's text holds the digest of its rows and of their tags; a row's tag is
the first 8 bytes of its SHA-256, so that a changed row can be named.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

FORMAT = "dianheng-audit-1"
TAG_BYTES = 8


def _(text: str) -> str:
    """Marks a text for the catalogues; whoever shows it translates it."""
    return text


FAULTS = {
    "row_changed": _("the row is not what was written"),
    "rows_changed": _("rows are not what was written"),
    "row_deleted": _("a row that was written is missing"),
    "row_inserted": _("nobody wrote this row"),
    "tags_changed": _("the digests of the rows were changed"),
    "statement_changed": _("the record of the statement was changed"),
    "batch_changed": _("actor, reason, time or extent of the batch was changed"),
    "batch_unsealed": _("the batch is not in the chain"),
    "batch_missing": _("batches before it are missing"),
    "chain_broken": _("it does not follow from the batch before"),
    "chain_start": _("the chain does not begin here"),
    "end_missing": _("the end of the trail is missing"),
    "root_differs": _("the digest here is not the one that was printed"),
    "root_missing": _("the printed position is not in the trail"),
    "line_unreadable": _("the line cannot be read"),
}
PLACES = {
    "batch": _("batch %(no)s"),
    "table": "%(no)s",
    "row": _("row %(no)s"),
    "line": _("line %(no)s"),
    "position": _("position %(no)s"),
}
NO_ROOT = _("A printed digest is written POSITION:DIGEST, for example 1234:5f2a….")
NO_TRAIL = _("This is no audit trail of Dianheng.")


def genesis() -> bytes:
    """What the first batch is chained to."""
    return hashlib.sha256(b"dianheng audit 1").digest()


@dataclass(frozen=True)
class Root:
    """The digest of the chain at a position, as it stands on a printed minute."""

    position: int
    digest: str  # SHA-256, hexadecimal

    def __str__(self) -> str:
        return f"{self.position}:{self.digest}"


def read_root(text: str) -> Root:
    """Read a printed digest as people type it: case and spaces do not count.

    Raises:
        ValueError: `NO_ROOT`.

    >>> read_root("12: " + "AB" * 32) == Root(12, "ab" * 32)
    True
    """
    position, _colon, digest = "".join(text.split()).lower().partition(":")
    if (
        not position.isascii()
        or not position.isdigit()
        or not re.fullmatch(r"[0-9a-f]{64}", digest)
    ):
        raise ValueError(NO_ROOT)
    return Root(int(position), digest)


@dataclass(frozen=True)
class Fault:
    """Something that is not as it was written: what, in which batch, table and row.

    Attributes:
        line: of the file, where it cannot be read.
        position: of the chain, up to which the trail should go.
    """

    code: str
    batch: int
    table: str = ""
    row: int = 0
    line: int = 0
    position: int = 0

    def where(
        self, said: Callable[[str], str] = str, table_label: Callable[[str], object] = str
    ) -> str:
        """The place, in the language of whoever translates."""
        found = {name: getattr(self, name) for name in PLACES}
        found["table"] = self.table and table_label(self.table)
        return " · ".join(
            said(PLACES[name]) % {"no": value} for name, value in found.items() if value
        )

    def __str__(self) -> str:
        return f"{self.code}: {self.where()}"


@dataclass
class BatchCheck:
    """Batches checked one after another along the chain, against a printed digest where one is given."""

    root: Root | None = None
    previous: str | None = None
    position: int = 0
    count: int = 0
    faults: list[Fault] = field(default_factory=list)

    def add(self, batch: Mapping[str, Any]) -> list[Fault]:
        """Check the next batch; returns its faults."""
        faults = []
        number = int(batch["batch"])
        if self.previous is None:
            self.position = int(batch["position"]) - 1
            if int(batch["position"]) == 1 and batch["previous"] != genesis().hex():
                faults.append(Fault("chain_start", number))
        elif batch["previous"] != self.previous:
            faults.append(Fault("chain_broken", number))
        if int(batch["position"]) != self.position + 1:
            faults.append(Fault("batch_missing", number))
        text = batch["text"] or ""
        if not text.startswith(f"({number},"):
            faults.append(Fault("batch_changed", number))
        for statement in batch["statements"]:
            faults += _check_statement(number, statement)
            text += "\n" + statement["text"]
        digest = hashlib.sha256(bytes.fromhex(batch["previous"]) + text.encode()).hexdigest()
        if digest != batch["digest"]:
            faults.append(Fault("batch_changed", number))
        self.previous = batch["digest"]
        self.position = int(batch["position"])
        if self.root and self.root.position == self.position and self.root.digest != digest:
            faults.append(Fault("root_differs", number, position=self.position))
        self.count += 1
        self.faults += faults
        return faults

    def end(self) -> list[Fault]:
        """What can be said only when the last batch was seen."""
        faults = []
        if self.root and not self.position - self.count < self.root.position <= self.position:
            faults.append(Fault("root_missing", 0, position=self.root.position))
        self.faults += faults
        return faults


def _check_statement(batch: int, statement: Mapping[str, Any]) -> list[Fault]:
    table = str(statement["table"])
    tags = bytes.fromhex(statement["tags"])
    stored = [tags[i : i + TAG_BYTES] for i in range(0, len(tags), TAG_BYTES)]
    digests = [
        (int(key), hashlib.sha256(text.encode()).digest()) for key, text in statement["rows"]
    ]
    faults = []
    text = statement["text"]
    # What is said beside the text only helps readers; it must say the same.
    if (
        statement["digest"] not in text
        or not text.startswith(f"({statement['id']},{batch},{table},")
        or f",{statement['operation']},{len(stored)}," not in text
    ):
        faults.append(Fault("statement_changed", batch, table))
    faults += [
        Fault("row_changed", batch, table, int(key))
        for key, row in statement["rows"]
        if not row.startswith((f"({key},", f"({key})"))
    ]
    if hashlib.sha256(tags).hexdigest() not in statement["text"]:
        faults.append(Fault("tags_changed", batch, table))
    if hashlib.sha256(b"".join(d for _key, d in digests)).hexdigest() == statement["digest"]:
        return faults
    known = set(stored)
    altered = [
        Fault("row_changed", batch, table, key) for key, d in digests if d[:TAG_BYTES] not in known
    ]
    if len(digests) != len(stored):
        code = "row_deleted" if len(digests) < len(stored) else "row_inserted"
        altered.append(Fault(code, batch, table))
    return faults + (altered or [Fault("rows_changed", batch, table)])


def verify_lines(lines: Iterable[str], root: Root | None = None) -> tuple[int, list[Fault]]:
    """Check an exported trail, against a printed digest where one is given.

    Raises:
        ValueError: `NO_TRAIL`; it is no such file.
    """
    iterator = iter(lines)
    try:
        head = json.loads(next(iterator))
        assert head["format"] == FORMAT
    except (StopIteration, ValueError, KeyError, TypeError, AssertionError):
        raise ValueError(NO_TRAIL) from None
    check = BatchCheck(root)
    for number, line in enumerate(iterator, 2):
        try:
            check.add(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            check.faults.append(Fault("line_unreadable", 0, line=number))
    if head.get("last") is not None and check.position != head["last"]:
        check.faults.append(Fault("end_missing", 0, position=head["last"]))
    check.end()
    return check.count, check.faults
