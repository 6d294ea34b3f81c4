"""Typst, kept warm: one compiler per process, with the templates and the job in a folder.

The data of a job are a file beside the templates, not `sys.inputs`: new inputs would make
Typst evaluate every template anew (4 ms of 24 for a certificate). The folder is private to
this process, in memory where the system offers that, and the job is removed when it is done.
"""

import atexit
import fcntl
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from .fonts import font_folder

TEMPLATES = Path(__file__).parent / "templates"
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it

_PREFIX = "dianheng-papers-"
_REMEMBERED = 12

_lock = threading.Lock()


def _own_folder() -> Path:
    """A folder for this process; those of processes that died are cleared away."""
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    for other in place.glob(f"{_PREFIX}*"):
        if (lock := _locked(other)) is not None:
            shutil.rmtree(other, ignore_errors=True)
            os.close(lock)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    _locked(folder)  # for life: the descriptor is never closed
    process = os.getpid()

    def remove() -> None:
        if os.getpid() == process:  # a fork must not take the folder from its parent
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def _locked(folder: Path) -> int | None:
    """The folder's lock, held while the descriptor is open; None when somebody holds it."""
    try:
        lock = os.open(folder / ".lock", os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError:
        return None  # another person's
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


class Press:
    """A compiler with its folder; one thread at a time."""

    def __init__(self, fonts: Path) -> None:
        self._folder = _own_folder()
        shutil.copytree(TEMPLATES, self._folder, dirs_exist_ok=True)
        faces = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[fonts]
        )
        self._compiler = typst.Compiler(
            root=self._folder, font_paths=faces, ignore_system_fonts=True
        )

    def print(
        self, main: str, job: Mapping[str, Any], moment: datetime, *, archive: bool, tags: bool
    ) -> bytes:
        """Compile one template with its job; `archive` asks for PDF/A-3."""
        file = self._folder / "job.json"
        try:
            file.write_text(json.dumps(job), encoding="ascii")
            return self._compiler.compile(  # type: ignore[return-value]
                input=self._folder / main,
                timestamp=moment,
                pdf_standards=["a-3b"] if archive else [],
                pdf_tags=tags,
            )
        finally:
            file.unlink(missing_ok=True)

    def forget(self) -> None:
        """Let go of what Typst remembers of large jobs.

        It keeps results for ten compilations, which for print runs is ten times the memory.
        """
        for _ in range(_REMEMBERED):
            self._compiler.compile(input=b"", format="svg")


@cache
def _press(fonts: Path, process: int) -> Press:
    return Press(fonts)


def compile_document(
    main: str, job: Mapping[str, Any], moment: datetime, *, archive: bool = True, tags: bool = True
) -> bytes:
    """Compile a template with its job; `moment` stands in the PDF as its date.

    Raises:
        FontsMissingError: see `fonts.font_folder`.
    """
    with _lock:
        press = _press(font_folder(), os.getpid())
        return press.print(main, job, moment, archive=archive, tags=tags)


def forget_jobs() -> None:
    """Give back the memory of the jobs before; see `Press.forget`."""
    with _lock:
        _press(font_folder(), os.getpid()).forget()
