"""Files kept once by their digest, in the data folder, written before the row that names them."""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import NotFound, Refusal, Refused
from dianheng.identity.services import write_batch

from ..models import StoredFile


def file_path(digest: str) -> Path:
    """Where the content with this digest is."""
    return Path(settings.MEDIA_ROOT) / digest[:2] / digest[2:]


def _write(chunks: Iterable[bytes]) -> tuple[str, int]:
    """Write content under its digest, whole or not at all; returns digest and size."""
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    size = 0
    with tempfile.NamedTemporaryFile(dir=root, prefix=".new-", delete=False) as out:
        beside = Path(out.name)
        try:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
            final = file_path(digest.hexdigest())
            final.parent.mkdir(exist_ok=True)
            beside.rename(final)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise Refused(
                Refusal(
                    "disk",
                    _(
                        "The file could not be kept: %(why)s. Tell the administrator; nothing was changed."
                    )
                    % {"why": error.strerror},
                )
            ) from error
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    return digest.hexdigest(), size


def file_store(*, chunks: Iterable[bytes], name: str, media_type: str, actor: Actor) -> StoredFile:
    """Keep a file; the same content again is the same file."""
    digest, size = _write(chunks)
    with write_batch(actor=actor, action="file.store"):
        return StoredFile.objects.filter(digest=digest).first() or StoredFile.objects.create(
            digest=digest, size=size, media_type=media_type, name=name[:200]
        )


def file_read(file: StoredFile) -> bytes:
    """The content, checked against its digest."""
    try:
        content = file_path(file.digest).read_bytes()
    except FileNotFoundError:
        raise NotFound(
            _("The file %(name)s is missing in the data folder.") % {"name": file.name}
        ) from None
    if hashlib.sha256(content).hexdigest() != file.digest:
        raise Refused(
            Refusal(
                "file_changed",
                _("The file %(name)s was changed on the disk; it is not given out.")
                % {"name": file.name},
            )
        )
    return content


def content_erase(file: StoredFile, *, but: type[Model]) -> bool:
    """Erase a content that no record refers to, except those of `but`; its row stays.

    Call it after the commit. Copies in backups end with the backups.
    """
    for relation in StoredFile._meta.related_objects:
        model = relation.related_model
        if model is but:
            continue
        if model._default_manager.filter(**{relation.field.name: file}).exists():
            return False
    file_path(file.digest).unlink(missing_ok=True)
    return True
