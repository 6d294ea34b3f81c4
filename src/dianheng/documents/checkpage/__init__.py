"""The one static page on which anyone checks a paper: keys built in, no server, no network."""

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from dianheng.documents.signing.keys import write_keys
from dianheng.documents.signing.port import PublicKey
from dianheng.documents.signing.revocations import read_revocations
from dianheng.documents.signing.texts import names, words

_SOURCE = Path(__file__).parent


def _digest(text: str) -> str:
    raw = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(raw).decode()}'"


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
