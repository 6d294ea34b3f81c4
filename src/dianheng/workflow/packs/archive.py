"""A pack that was sent as one ZIP file."""

import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import BadInput

MAX_BYTES = 5_000_000
MAX_FILES = 200


def unpacked(file: IO[bytes], folder: Path) -> Path:
    """Write what belongs to a pack into a folder; the root in which `pack.toml` lies.

    Only `pack.toml`, `process.bpmn` and `forms/*.json` are taken; other names are left out,
    so that nothing is ever written elsewhere.

    Raises:
        BadInput: no ZIP file, too large, or without a pack.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_FILES or sum(e.file_size for e in entries) > MAX_BYTES:
                raise BadInput(_("The file is larger than a pack may be."))
            root = next(
                (PurePosixPath(e.filename).parent for e in entries if _name(e) == "pack.toml"), None
            )
            if root is None:
                raise BadInput(_("There is no pack.toml in the file."))
            (folder / "forms").mkdir()
            for entry in entries:
                path = PurePosixPath(entry.filename)
                if path.parent == root and path.name in ("pack.toml", "process.bpmn"):
                    (folder / path.name).write_bytes(archive.read(entry))
                elif path.parent == root / "forms" and path.suffix == ".json":
                    (folder / "forms" / path.name).write_bytes(archive.read(entry))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise BadInput(_("This is no ZIP file that can be read.")) from None
    return folder


def _name(entry: zipfile.ZipInfo) -> str:
    return PurePosixPath(entry.filename).name
