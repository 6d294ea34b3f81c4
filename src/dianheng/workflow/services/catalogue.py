"""The utility's own catalogue of business items: checked as a whole, taken as a whole or not at all."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal, Refused
from dianheng.common.files import Mark, best_table, write_marked
from dianheng.identity.models import Post
from dianheng.identity.services import require, write_batch

from ..catalogue import HEADS, Read, faults_of, read_catalogue
from ..models import CatalogueFile, CatalogueItem, PackInForce

RIGHT = "workflow.packs"


def catalogue_receive(*, path: Path, name: str, actor: Actor) -> CatalogueFile:
    """Receive a file and check it; the same bytes again are the same file.

    Raises:
        Unreadable: it cannot be a catalogue; nothing of it is kept.
    """
    actor = require(actor, RIGHT)
    read_catalogue(path)
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()
    with write_batch(actor=actor, action="catalogue.upload") as batch:
        found, _made = CatalogueFile.objects.get_or_create(
            digest=digest,
            defaults={
                "name": name[:200], "content": body, "uploaded_at": batch.at,
                "uploaded_by_id": actor.person_id,
            },
        )  # fmt: skip
    return catalogue_check(file=found, actor=actor)


def catalogue_check(*, file: CatalogueFile, actor: Actor) -> CatalogueFile:
    """Check it as taking it would: posts and packs may have come since."""
    actor = require(actor, RIGHT)
    with write_batch(actor=actor, action="catalogue.check"):
        found = CatalogueFile.objects.select_for_update().get(pk=file.pk)
        if found.taken_at is None:
            _note(found, *_checked(found))
    return found


def catalogue_take(*, file: CatalogueFile, actor: Actor) -> CatalogueFile:
    """Let the file be the catalogue: its rows take the place of what stood there; once.

    Raises:
        Refused: it has faults; every one stands with its row.
    """
    actor = require(actor, RIGHT)
    with write_batch(actor=actor, action="catalogue.take") as batch:
        found = CatalogueFile.objects.select_for_update().get(pk=file.pk)
        if found.taken_at is not None:
            return found
        read, marks = _checked(found)
        _note(found, read, marks)
        if marks:
            text = _("The file has %(count)s faults: nothing was taken.") % {"count": len(marks)}
            errors = [
                {"row": one.row_no, "field": one.field, "code": "fault", "text": one.text}
                for one in marks
            ]
            raise Refused(Refusal("faulty", text, {}, errors))
        _replace(read)
        found.taken_at, found.taken_by_id = batch.at, actor.person_id
        found.save(update_fields=["taken_at", "taken_by"])
    return found


def marked_catalogue(file: CatalogueFile) -> BinaryIO:
    """The file as a workbook with a column of faults before its own."""
    with _on_disk(file) as path:
        read = read_catalogue(path)
        marks = sorted(faults_of(read.lines, *_known()), key=lambda one: one.row_no)
        return write_marked(best_table(path, HEADS.recognise), read.head_row, read.fields, marks)


@contextmanager
def _on_disk(file: CatalogueFile) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="catalogue-") as folder:
        path = Path(folder) / "file"
        path.write_bytes(bytes(file.content))
        yield path


def _known() -> tuple[dict[str, str], set[str]]:
    posts = {name: code for code, name in Post.objects.values_list("code", "name")}
    posts |= {code: code for code in Post.objects.values_list("code", flat=True)}
    return posts, set(PackInForce.objects.values_list("code", flat=True))


def _checked(file: CatalogueFile) -> tuple[Read, list[Mark]]:
    with _on_disk(file) as path:
        read = read_catalogue(path)
    return read, list(faults_of(read.lines, *_known()))


def _note(file: CatalogueFile, read: Read, marks: Iterable[Mark]) -> None:
    file.row_count = len(read.lines)
    file.faults = [[one.row_no, one.field, one.text] for one in marks]
    file.save(update_fields=["row_count", "faults"])


def _replace(read: Read) -> None:
    posts, _packs = _known()
    new = {
        line.values["code"]: CatalogueItem(
            place=place, module=line.values["module"], business_class=line.values["business_class"],
            item=line.values["item"], sub_item=line.values["sub_item"], code=line.values["code"],
            owner_post=posts.get(line.values.get("owner_post", ""), ""),
            pack=line.values.get("pack", ""),
        )
        for place, line in enumerate(read.lines, 1)
    }  # fmt: skip
    CatalogueItem.objects.exclude(code__in=new).delete()
    CatalogueItem.objects.bulk_create(
        new.values(), update_conflicts=True, unique_fields=["code"],
        update_fields=["place", "module", "business_class", "item", "sub_item", "owner_post", "pack"],
    )  # fmt: skip
