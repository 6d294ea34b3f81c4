"""The watched folder: `DATA/inbox/benches/<bench>/`, looked into every few seconds.

A bench (or a person with a stick) puts files there. A file is taken when it has not changed for
two seconds; one that looks cut off gets a minute. What was taken goes to `done/<day>/`, what was
refused to `refused/<day>/`, each beside `<name>.answer.json` for machines and `<name>.txt` for
people. A file is moved after its results are stored, and the same file again is harmless: a
crash between the two loses nothing and doubles nothing.

The bench's machine writes into its folder, so nothing in it is trusted: links are never
followed, neither as files nor as the folders that we move into.
"""

import json
import logging
import os
import re
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from dianheng.common.access import note_refusal
from dianheng.common.errors import BadInput, Refused
from dianheng.fieldwork.selectors import is_calibrator
from dianheng.fieldwork.services import upload_take
from dianheng.identity.services import system_actor
from dianheng.standards.selectors import bench_numbers
from dianheng.verification.services import (
    is_collected,
    readings_receive,
    upload_keep_refused,
    upload_receive,
)
from dianheng.verification.services.upload import MOST_BYTES

from .answers import in_words
from .forms import envelope_of_files

log = logging.getLogger("dianheng.benches")
SETTLED_S = 2.0  # a file that changed later than this may not be whole yet
LONG_AGO_S = 5.0  # by its own date; clocks of benches are not ours, so that alone is not enough
PATIENCE_S = 60.0  # for a file that looks cut off, and for half a pair
AGAIN_S = 600.0  # a file whose reading broke the program is tried again after this
AT_ONCE = 200  # files of a look: the others wait for the next
# Each file of an upload is read no further than this; the service refuses what is too large.
MOST_READ = 4 * MOST_BYTES
HEADER = re.compile(r"^(?P<stem>.*?)[._-]?header\.csv$", re.IGNORECASE)
UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".swp", ".filepart")

Sight = tuple[int, int, int]  # size, date, inode: what tells that a file is still the same


def root() -> Path:
    """Where the folders of all benches are."""
    return Path(settings.DATA) / "inbox" / "benches"


class StillChangingError(Exception):
    """A file changed while it was read."""


@dataclass(frozen=True)
class Drop:
    """Files that belong together: one upload. Two are a header and its points."""

    files: tuple[Path, ...]
    sights: tuple[Sight, ...]

    @property
    def folder(self) -> Path:
        return self.files[0].parent

    @property
    def name(self) -> str:
        return self.files[0].name

    @property
    def stem(self) -> str:
        """The name under which the files are filed, without endings; short enough for any disk."""
        found = HEADER.match(self.name)
        stem = found["stem"] if found and len(self.files) == 2 else Path(self.name).stem
        while len(os.fsencode(stem)) > 180:
            stem = stem[:-1]
        return stem or "upload"

    @property
    def endings(self) -> tuple[str, ...]:
        """What follows the stem in the names under which the files are filed."""
        if len(self.files) == 2:
            return (".header.csv", ".points.csv")
        suffix = self.files[0].suffix.lower()
        return (suffix if len(os.fsencode(suffix)) <= 20 else "",)

    @property
    def shown_names(self) -> list[str]:
        """The names as text: those of old benches are in GBK."""
        return [_shown(file.name) for file in self.files]


def _shown(name: str) -> str:
    try:
        return os.fsencode(name).decode()
    except UnicodeDecodeError:
        return os.fsencode(name).decode("gb18030", "replace")


@dataclass
class Memory:
    """What a worker remembers between looks. Without it files wait longer or are read again."""

    since: dict[Path, tuple[Sight, float]] = field(default_factory=dict)
    complaints: set[str] = field(default_factory=set)  # said once, not at every look
    unfiled: dict[Drop, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    broken: dict[Drop, float] = field(default_factory=dict)

    def complain(self, folder: Path, error: Exception) -> None:
        """Say once that a folder cannot be worked in."""
        # Without the name of a file, which may be that of a person.
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        text = f"{folder}: {reason}"
        if text not in self.complaints:
            self.complaints.add(text)
            log.error("the folder of bench %s cannot be used: %s", folder.name, reason)

    def forgive(self, folder: Path) -> None:
        """The folder can be worked in again."""
        self.complaints = {text for text in self.complaints if not text.startswith(f"{folder}: ")}

    def forget_all_but(self, folder: Path, files: set[Path]) -> None:
        """Files that are gone need no memory."""
        for path in [p for p in self.since if p.parent == folder and p not in files]:
            del self.since[path]
        for known in (self.unfiled, self.broken):
            for drop in [d for d in known if d.folder == folder and not files.issuperset(d.files)]:
                known.pop(drop)


memory = Memory()


def collect() -> int:
    """Take in what lies in the folders; returns how many uploads were dealt with."""
    count = 0
    for folder in _folders():
        try:
            count += _look_into(folder, AT_ONCE - count)
        except OSError as error:
            memory.complain(folder, error)
        if count >= AT_ONCE:
            break
    return count


def _folders() -> list[Path]:
    """The folders of benches, made for every bench of the register; none where we may not."""
    try:
        for number in bench_numbers():
            if re.fullmatch(r"[\w.-]{1,64}", number) and not number.startswith("."):
                (root() / number).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        memory.complain(root(), error)
    try:
        return sorted(path for path in root().iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return []


def _look_into(folder: Path, at_most: int) -> int:
    """Deal with what is ready in one folder.

    Raises:
        OSError: the folder cannot be read, or nothing can be moved in it.
    """
    ready = drops(folder)
    if not ready:
        return 0
    for where in ("done", "refused"):
        _own_folder(folder, where)
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        raise PermissionError(_("Files in it may not be moved."))
    count = 0
    for drop in ready[:at_most]:
        deal_with(drop)
        count += 1
    if not any(drop.folder == folder for drop in memory.unfiled):
        memory.forgive(folder)
    return count


def _own_folder(folder: Path, name: str) -> Path:
    """A folder in the folder of a bench that we write into; never a link to elsewhere.

    Raises:
        OSError: it cannot be made, or something else is there under its name.
    """
    path = folder / name
    path.mkdir(exist_ok=True)
    if not stat.S_ISDIR(path.lstat().st_mode):
        raise NotADirectoryError(_("“%(name)s” is no folder of ours.") % {"name": name})
    if not os.access(path, os.W_OK | os.X_OK, effective_ids=True):
        raise PermissionError(_("“%(name)s” may not be written.") % {"name": name})
    return path


# -- what is ready -------------------------------------------------------------------------------


def drops(folder: Path) -> list[Drop]:
    """What lies ready in the folder of a bench, oldest first."""
    seen = dict(_files(folder))
    memory.forget_all_but(folder, set(seen))
    ready = [path for path, found in seen.items() if _is_ready(path, found)]
    ready.sort(key=lambda path: (seen[path].st_mtime_ns, path.name))
    names = {path.name.lower(): path for path in ready}
    paired: set[Path] = set()
    found_drops: list[tuple[Path, ...]] = []
    for path in ready:
        wanted = path.name.lower()[: -len("header.csv")] + "points.csv"
        if HEADER.match(path.name) and wanted in names and names[wanted] != path:
            paired |= {path, names[wanted]}
            found_drops.append((path, names[wanted]))
    for path in ready:
        if path not in paired and not _waits_for_its_pair(path, seen[path]):
            found_drops.append((path,))
    found_drops.sort(key=lambda files: max((seen[file].st_mtime_ns, file.name) for file in files))
    return [Drop(files, tuple(_sight(seen[file]) for file in files)) for files in found_drops]


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith((".", "~")) or name.lower().endswith(UNFINISHED):
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode):
                yield folder / name, found


def _sight(found: os.stat_result) -> Sight:
    return (found.st_size, found.st_mtime_ns, found.st_ino)


def _rest_s(path: Path, found: os.stat_result) -> float:
    """How long a file has not changed: as we saw it, or by its own date when that is long ago."""
    now = time.monotonic()
    sight, since = memory.since.get(path, (None, now))
    if sight != _sight(found):
        memory.since[path] = (_sight(found), now)
        since = now
    by_date = time.time() - found.st_mtime
    return max(now - since, by_date if by_date >= LONG_AGO_S else 0.0)


def _is_ready(path: Path, found: os.stat_result) -> bool:
    rest = _rest_s(path, found)
    if rest >= PATIENCE_S or stat.S_ISLNK(found.st_mode):
        return True
    return rest >= SETTLED_S and not _looks_cut_off(path, found.st_size)


def _looks_cut_off(path: Path, size: int) -> bool:
    """Whether the end of a file says that more is to come."""
    if size == 0:
        return True
    try:
        with _opened(path) as file:
            file.seek(max(0, size - 64))
            end = (
                file.read(64).rstrip(b" \t\r\0")
                if path.suffix.lower() == ".csv"
                else file.read(64).rstrip()
            )
    except OSError:
        return False  # reading it will say why
    if path.suffix.lower() == ".json":
        return not end.endswith((b"}", b"]"))
    return path.suffix.lower() == ".csv" and not end.endswith(b"\n")


def _waits_for_its_pair(path: Path, found: os.stat_result) -> bool:
    """Half of a pair of CSV files waits a while for the other half."""
    is_half = path.name.lower().endswith(("header.csv", "points.csv"))
    return is_half and _rest_s(path, found) < PATIENCE_S


# -- dealing with it -------------------------------------------------------------------------------


def deal_with(drop: Drop) -> None:
    """Take one upload in and move its files."""
    with translation.override(settings.LANGUAGE_CODE):
        filed = memory.unfiled.get(drop)
        if filed is None:
            if time.monotonic() < memory.broken.get(drop, 0.0):
                return
            filed = _answered(drop)
            if filed is None:
                return
        try:
            _move(drop, *filed)
        except OSError as error:
            # The results are stored: only the moving is tried again.
            memory.unfiled[drop] = filed
            memory.complain(drop.folder, error)
            return
        memory.unfiled.pop(drop, None)


def _answered(drop: Drop) -> tuple[str, dict[str, Any]] | None:
    """Where the files belong and what is answered; None when they stay for now."""
    try:
        status, answer = _receive(drop)
    except Refused as refused:
        note_refusal(system_actor("file"), refused, f"{drop.folder.name}/{drop.shown_names[0]}")
        status, answer = refused.status, refused.as_dict()
    except (OperationalError, InterfaceError):
        raise  # the database went away: everything waits
    except (FileNotFoundError, StillChangingError):
        return None  # taken away or written to again: the next look sees what there is
    except Exception:
        log.exception("a file of bench %s broke the program", drop.folder.name)
        memory.broken[drop] = time.monotonic() + AGAIN_S
        return None
    log.info("file of bench %s", drop.folder.name, extra={"status": status})
    return ("done" if status in (200, 201, 207) else "refused"), {"status": status, **answer}


def _receive(drop: Drop) -> tuple[int, dict[str, Any]]:
    bodies = [_read(path, sight) for path, sight in zip(drop.files, drop.sights, strict=True)]
    body = b"".join(bodies)
    if is_calibrator(drop.folder.name):
        return _of_calibrator(drop, body)
    if len(bodies) == 1 and is_collected(body, drop.shown_names[0]):
        return _of_collector(drop, body)
    # Where the second file begins is said beside the bytes, which are kept as they are.
    kind = "application/json"
    if drop.name.lower().endswith(".csv"):
        kind = f"text/csv; first={len(bodies[0])}" if len(bodies) == 2 else "text/csv"
    actor = system_actor("file")
    about: dict[str, Any] = {
        "body": body,
        "actor": actor,
        "source": "file",
        "content_type": kind,
        "source_name": drop.shown_names[0],
        "bench_no": drop.folder.name,
    }
    try:
        envelope = None
        if len(body) <= MOST_BYTES:
            envelope = envelope_of_files(drop.shown_names, bodies, drop.folder.name)
    except BadInput as error:
        upload_keep_refused(error=error, **about)
        raise
    received = upload_receive(envelope=envelope, **about)
    return received.status, received.answer


def _of_calibrator(drop: Drop, body: bytes) -> tuple[int, dict[str, Any]]:
    """Checks on site in the folder of a field calibrator: all of a file, or none."""
    made = upload_take(
        body=body, name=drop.shown_names[0], actor=system_actor("file"),
        calibrator_no=drop.folder.name,
    )  # fmt: skip
    checks = [
        {"number": one.check.number, "outcome": one.check.outcome, "is_repeat": one.is_repeat}
        for one in made
    ]
    return (200 if all(one.is_repeat for one in made) else 201), {"checks": checks}


def _of_collector(drop: Drop, body: bytes) -> tuple[int, dict[str, Any]]:
    """Register readings for the QC batch on a bench: all of a file, or none."""
    done = readings_receive(
        body=body, name=drop.shown_names[0], actor=system_actor("file"),
        bench_no=drop.folder.name,
    )  # fmt: skip
    return (200 if done.is_repeat else 201), done.answer


def _opened(path: Path) -> Any:
    """The file itself, never what a link points to, never waiting for a pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    return os.fdopen(descriptor, "rb")


def _read(path: Path, sight: Sight) -> bytes:
    """The content.

    Raises:
        BadInput: a link, or larger than is read.
        StillChangingError: it is another than the one that was seen.
    """
    if path.is_symlink():
        raise BadInput(_("This is a link. Put the file itself into the folder."))
    if sight[0] > MOST_READ:
        facts = {"size": sight[0], "most": MOST_BYTES}
        raise BadInput(_("The file has %(size)s bytes; at most %(most)s are taken.") % facts)
    with _opened(path) as file:
        content: bytes = file.read(MOST_READ + 1)
        if _sight(os.fstat(file.fileno())) != sight:
            raise StillChangingError
    return content


# -- filing ---------------------------------------------------------------------------------------


def _move(drop: Drop, where: str, answer: dict[str, Any]) -> None:
    """Move the files; the answer is written first, so that it is never missing.

    Raises:
        OSError: they cannot be moved; they still lie where they were.
    """
    target = _own_folder(_own_folder(drop.folder, where), _today().isoformat())
    stem = _free_stem(target, drop)
    text = json.dumps(answer, ensure_ascii=False, indent=1, default=str)
    _write(target, f"{stem}.answer.json", text.encode())
    # With the mark that tells Windows' editors which encoding it is.
    _write(target, f"{stem}.txt", in_words(answer).encode("utf-8-sig"))
    for path, ending in zip(drop.files, drop.endings, strict=True):
        path.rename(target / f"{stem}{ending}")


def _today() -> date:
    return timezone.localdate()


def _write(folder: Path, name: str, content: bytes) -> None:
    """A whole file or none."""
    draft = folder / f".{name}.tmp"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(folder / name)


def _free_stem(target: Path, drop: Drop) -> str:
    """A name under which nothing was filed on that day.

    An answer alone is what a crash before the moving left: it is written anew.
    """
    taken = {path.name.lower() for path in target.iterdir()}
    number, free = 1, drop.stem
    while any(f"{free}{ending}".lower() in taken for ending in drop.endings):
        number += 1
        free = f"{drop.stem}~{number}"
    return free
