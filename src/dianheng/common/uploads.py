"""A file that was sent in, on the disk while it is looked at."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

CHUNK = 1 << 20


@contextmanager
def uploaded(sent: Any) -> Iterator[Path]:
    """The sent file under a name of ours; gone afterwards."""
    folder = Path(settings.DATA) / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    suffix = Path(sent.name).suffix[:8]
    with tempfile.NamedTemporaryFile(dir=folder, prefix="upload-", suffix=suffix) as kept:
        for part in sent.chunks(CHUNK):
            kept.write(part)
        kept.flush()
        yield Path(kept.name)
