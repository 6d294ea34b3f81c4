"""The one static page on which anyone checks a paper: keys and tables built in, no server, no network."""

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dianheng.documents.signing.keys import write_keys
from dianheng.documents.signing.port import PublicKey
from dianheng.documents.signing.revocations import read_revocations
from dianheng.documents.signing.texts import names, words
from dianheng.metrology.rule_sets import rule_set, rule_sets

_SOURCE = Path(__file__).parent


def _digest(text: str) -> str:
    raw = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(raw).decode()}'"


def rule_tables() -> list[dict[str, Any]]:
    """The rule sets that have limits of errors, as `rework.js` reads them."""
    base = rule_set("GB/T 17215.321", "2021").group("base_current_ratio")
    return [
        {
            "standard": rules.standard,
            "edition": rules.edition,
            "digest": rules.digest,
            "heads": [*rules.table("limits")[0].cells, "row"],
            "limits": [[*line.cells.values(), line.row] for line in rules.table("limits")],
            "figures": {
                row: f"{each.value:f}" for row, each in rules.figures.items() if not each.word
            },
            "words": [row for row, each in rules.figures.items() if each.word],
            "itr_per_base": {name: f"{each.value:f}" for name, each in base.items()},
        }
        for rules in rule_sets()
        if "limits" in rules.tables
    ]


def build_check_page(keys: Sequence[PublicKey], revocations: bytes, out: Path) -> None:
    """Write the page as one file that works from a disk.

    Args:
        keys: public keys to trust, those of the past too.
        revocations: the signed list to build in; empty when there is none.
        out: the HTML file.

    Raises:
        ListError: the list is not signed by one of the keys.
    """
    if revocations:
        read_revocations(revocations, keys)
    built = json.dumps(
        {
            "keys": json.loads(write_keys(keys))["keys"],
            "revocations": revocations.decode(),
            "words": words(),
            "names": names(),
            "tables": rule_tables(),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).replace("<", "\\u003c")  # no text may end the element it stands in
    script = "\n".join(
        (_SOURCE / name).read_text(encoding="utf-8")
        for name in ("proof.js", "rework.js", "page.js")
    )
    style = (_SOURCE / "page.css").read_text(encoding="utf-8")
    page = (_SOURCE / "page.html").read_text(encoding="utf-8")
    for name, value in (
        ("{script_digest}", _digest(script)),
        ("{style_digest}", _digest(style)),
        ("{style}", style),
        ("{built}", built),
        ("{script}", script),
    ):
        page = page.replace(name, value, 1)
    out.write_text(page, encoding="utf-8")
