"""Files that people send in: judged by their content and kept, all of them or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Text
from dianheng.identity.selectors import setting

from ..contents import NotTaken, clean_name, given_name, media_type_of
from ..models import StoredFile
from .files import file_store

AT_MOST = 20  # files sent at once

_REASONS: Mapping[str, Text] = {
    "empty": gettext_lazy("%(name)s is empty. Choose the file again."),
    "macros": gettext_lazy("%(name)s holds macros. Save it without macros, or as a PDF."),
    "damaged": gettext_lazy("%(name)s is damaged and cannot be opened. Send a whole copy."),
    "unknown": gettext_lazy(
        "%(name)s is no PDF, OFD, office file, picture (JPEG, PNG, WebP) or plain text. Save it as one of these."
    ),
}


@dataclass(frozen=True)
class Upload:
    """A file that may be kept: what was sent, its name made clean, what it is."""

    sent: Any
    name: str
    media_type: str


def uploads_judge(sent: Sequence[Any], field: str = "files") -> list[Upload]:
    """What the sent files are, in their order.

    Args:
        field: of the form, beside which faults are said.

    Raises:
        BadInput: some may not be kept; each is named with its reason.
    """
    at_most_mb = setting("documents.file_mb")
    faults, found = [], []
    if not sent:
        faults.append(("missing", _("Choose at least one file.")))
    if len(sent) > AT_MOST:
        faults.append(("too_many", _("At most %(n)s files at once.") % {"n": AT_MOST}))
    for one in sent[:AT_MOST]:
        name = clean_name(str(one.name))
        if one.size > at_most_mb * 1_000_000:
            text = _("%(name)s is larger than %(mb)s MB. Send it in parts, or scan it coarser.")
            faults.append(("too_large", text % {"name": name, "mb": at_most_mb}))
            continue
        try:
            kind = media_type_of(one.file)
        except NotTaken as refused:
            faults.append((refused.reason, str(_REASONS[refused.reason]) % {"name": name}))
        else:
            found.append(Upload(one, given_name(str(one.name), kind), kind))
    if faults:
        raise BadInput(
            _("These files are not kept."),
            [{"field": field, "code": code, "text": text} for code, text in faults],
        )
    return found


def upload_keep(*, upload: Upload, actor: Actor) -> StoredFile:
    """Keep a judged file under its digest."""
    upload.sent.file.seek(0)
    return file_store(
        chunks=upload.sent.chunks(), name=upload.name, media_type=upload.media_type, actor=actor
    )
