"""The watched folder: `DATA/inbox/benches/<bench>/`, looked into every few seconds.

A bench (or a person with a stick) puts a file there under a name that begins with a dot or ends
in `.tmp`, and renames it when it is whole. What was taken goes to `done/`, what was refused to
`refused/`, each with an answer beside it that says what and why. A file is moved only after its
results are stored, and the same file again is harmless, so that a crash between the two loses
nothing and doubles nothing.
"""

import json
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from dianheng.common.errors import BadInput, Refused
from dianheng.identity.services import system_actor
from dianheng.verification.selectors.laboratory import bench_numbers
from dianheng.verification.services import upload_keep_refused, upload_receive
from dianheng.verification.services.upload import MOST_BYTES

from .csv_form import envelope_from_csv
from .record_layout import envelope_from_records, looks_like_records, read_any
from .texts import SCHEMA

log = logging.getLogger("dianheng.benches")
SETTLED_S = 2.0  # a file that changed later than this may not be whole yet
HEADER = re.compile(r"^(?P<stem>.*?)[._-]?header\.csv$", re.IGNORECASE)
AT_ONCE = 200  # files of a tick: the others wait for the next


def root() -> Path:
    """Where the folders of all benches are."""
    return Path(settings.DATA) / "inbox" / "benches"


@dataclass(frozen=True)
class Drop:
    """Files that belong together: one upload."""

    files: tuple[Path, ...]

    @property
    def folder(self) -> Path:
        return self.files[0].parent

    @property
    def name(self) -> str:
        return self.files[0].name


def collect() -> int:
    """Take in what lies in the folders; returns how many uploads were dealt with."""
    for number in bench_numbers():
        if re.fullmatch(r"[\w.-]{1,64}", number) and not number.startswith("."):
            (root() / number).mkdir(parents=True, exist_ok=True)
    count = 0
    if root().is_dir():
        for folder in sorted(root().iterdir()):
            if folder.is_dir() and not folder.is_symlink():
                for drop in drops(folder):
                    deal_with(drop)
                    count += 1
                    if count >= AT_ONCE:
                        return count
    return count


def drops(folder: Path) -> Iterator[Drop]:
    """What lies ready in the folder of a bench, oldest first."""
    ready = [path for path in folder.iterdir() if _is_ready(path)]
    ready.sort(key=lambda path: (path.stat().st_mtime, path.name))
    names = {path.name.lower(): path for path in ready}
    paired: set[Path] = set()
    for path in ready:
        found = HEADER.match(path.name)
        if found is None:
            continue
        wanted = path.name.lower()[: -len("header.csv")] + "points.csv"
        if wanted in names:
            paired |= {path, names[wanted]}
            yield Drop((path, names[wanted]))
    for path in ready:
        if path in paired or _waits_for_its_pair(path):
            continue
        yield Drop((path,))


def _is_ready(path: Path) -> bool:
    if path.name.startswith((".", "~")) or path.suffix.lower() in (".tmp", ".part", ".swp"):
        return False
    try:
        return (
            path.is_file()
            and not path.is_symlink()
            and time.time() - path.stat().st_mtime >= SETTLED_S
        )
    except FileNotFoundError:
        return False


def _waits_for_its_pair(path: Path) -> bool:
    """Half of a pair of CSV files waits a while for the other half."""
    is_half = path.name.lower().endswith(("header.csv", "points.csv"))
    return is_half and time.time() - path.stat().st_mtime < 60


def deal_with(drop: Drop) -> None:
    """Take one upload in and move its files."""
    with translation.override(settings.LANGUAGE_CODE):
        try:
            status, answer = _receive(drop)
        except Refused as refused:
            status, answer = refused.status, refused.as_dict()
        except Exception:
            log.exception("a file of a bench broke", extra={"bench": drop.folder.name})
            return  # it stays where it is and is tried again
    taken = status in (200, 201, 207)
    _move(drop, "done" if taken else "refused", {"status": status, **answer})
    log.info("file of a bench", extra={"bench": drop.folder.name, "status": status})


def _receive(drop: Drop) -> tuple[int, dict[str, Any]]:
    bodies = [_read(path) for path in drop.files]
    body = b"".join(bodies)
    # Where the second file begins is said beside the bytes, which are kept as they are.
    kind = "application/json"
    if drop.name.lower().endswith(".csv"):
        kind = f"text/csv; first={len(bodies[0])}"
    actor = system_actor("file")
    try:
        envelope = _envelope(drop, bodies)
    except BadInput as error:
        upload_keep_refused(
            body=body, actor=actor, source="file", error=error, content_type=kind,
            source_name=drop.name,
        )  # fmt: skip
        raise
    received = upload_receive(
        body=body, actor=actor, source="file", envelope=envelope, content_type=kind,
        source_name=drop.name,
    )  # fmt: skip
    return received.status, received.answer


def _read(path: Path) -> bytes:
    # One byte more than is taken: enough to be refused, whatever the size of the file.
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _envelope(drop: Drop, bodies: list[bytes]) -> dict[str, Any] | None:
    """The neutral envelope; None where the file is one itself and the service shall read it."""
    if sum(map(len, bodies)) > MOST_BYTES:
        return None
    if len(drop.files) == 2:
        envelope = envelope_from_csv(*bodies)
    elif drop.name.lower().endswith(".csv"):
        raise BadInput(_("Two files belong together: …header.csv and …points.csv."))
    else:
        data = read_any(bodies[0])
        if isinstance(data, dict) and data.get("schema") == SCHEMA:
            envelope = data
        elif looks_like_records(data):
            envelope = envelope_from_records(data, bodies[0])
        else:
            raise BadInput(_("The file is neither an upload nor a record of the known layouts."))
    stated = envelope.get("bench_no")
    if not stated:
        envelope["bench_no"] = drop.folder.name
    elif stated != drop.folder.name:
        facts = {"stated": str(stated)[:64], "folder": drop.folder.name}
        raise BadInput(
            _("The file is of bench %(stated)s but lies in the folder of %(folder)s.") % facts
        )
    return envelope


def _move(drop: Drop, where: str, answer: dict[str, Any]) -> None:
    """Move the files; the answer is written first, so that it is never missing."""
    target = drop.folder / where / timezone.localdate().isoformat()
    target.mkdir(parents=True, exist_ok=True)
    stem = _free_stem(target, drop)
    text = json.dumps(answer, ensure_ascii=False, indent=1, default=str)
    draft = target / f".{stem}.tmp"
    draft.write_text(text, encoding="utf-8")
    draft.rename(target / f"{stem}.{'answer' if where == 'done' else 'reason'}.json")
    endings = [".header.csv", ".points.csv"] if len(drop.files) == 2 else [drop.files[0].suffix]
    for path, ending in zip(drop.files, endings, strict=True):
        path.rename(target / f"{stem}{ending}")


def _free_stem(target: Path, drop: Drop) -> str:
    found = HEADER.match(drop.name)
    stem = (found["stem"] if found and len(drop.files) == 2 else Path(drop.name).stem) or "upload"
    number = 1
    free = stem
    while any(target.glob(f"{_escaped(free)}.*")):
        number += 1
        free = f"{stem}~{number}"
    return free


def _escaped(name: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", name)
