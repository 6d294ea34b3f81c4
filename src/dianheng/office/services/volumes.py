"""Fonds and volumes of the archive, and the series of their numbers."""

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import NOT_TAKEN, Category, Retention, Secrecy, VolumeState
from ..models import ArchiveSeries, ArchiveVolume, Fonds
from ..rules import (
    Fault,
    archival_number,
    guard_check,
    guard_secrecy,
    guard_volume_open,
    retention_ends_on,
    searchable,
    year_faults,
)


def fonds_set(*, number: str, name: str, unit_id: int, actor: Actor) -> Fonds:
    """Enter a fonds under the number of the archives office, or rename it."""
    actor = require(actor, "archives.fonds", unit_id)
    faults = [
        {"field": field, "code": "missing", "text": _("This is needed.")}
        for field, value in (("number", number), ("name", name))
        if not value.strip()
    ]
    if not number.strip().isalnum() and number.strip():
        text = _("A fonds number is made of letters and digits.")
        faults.append({"field": "number", "code": "number", "text": text})
    known = Fonds.objects.filter(number=number.strip()).first()
    if known is not None and known.unit_id != unit_id:
        text = _("Fonds %(number)s belongs to %(unit)s.")
        facts = {"number": known.number, "unit": known.unit.name}
        faults.append({"field": "number", "code": "taken", "text": text % facts})
    if faults:
        raise BadInput(_("The fonds cannot be entered."), faults)
    with write_batch(actor=actor, action="archive.fonds"):
        found, _made = Fonds.objects.update_or_create(
            number=number.strip(), defaults={"name": name.strip(), "unit_id": unit_id}
        )
    return found


def volume_open(
    *,
    fonds: Fonds,
    title: str,
    category: str,
    year: int,
    retention: str,
    secrecy: str,
    actor: Actor,
    shelf: str = "",
    request_key: str = "",
) -> ArchiveVolume:
    """Open a volume; its number is the next of fonds, category, year and retention."""
    actor = require(actor, "archives.file", fonds.unit_id)
    faults = [*word_faults(category, retention, secrecy), *year_faults(year, timezone.localdate())]
    if not title.strip():
        faults.append({"field": "title", "code": "missing", "text": _("This is needed.")})
    refuse(guard_secrecy(secrecy, [searchable(title)]))
    if faults:
        raise BadInput(_("The volume cannot be opened."), faults)
    with write_batch(actor=actor, action="archive.volume") as batch:
        if (earlier := idempotent(request_key, "archive.volume")) is not None:
            return ArchiveVolume.objects.get(pk=earlier["id"])
        made = ArchiveVolume.objects.create(
            fonds=fonds, number=next_number(fonds, category, year, retention), title=title.strip(),
            category=category, year=year, retention=retention, secrecy=secrecy, shelf=shelf.strip(),
            ends_on=retention_ends_on(year, retention), filed_by_id=batch.actor.person_id, filed_at=batch.at,
        )  # fmt: skip
        remember(request_key, "archive.volume", {"id": made.pk})
    return made


def volume_close(*, volume: ArchiveVolume, remark: str, actor: Actor) -> ArchiveVolume:
    """Close a volume with its remarks: what is missing, what was mended, how it was bound."""
    actor = require(actor, "archives.file", volume.fonds.unit_id)
    with write_batch(actor=actor, action="archive.close", reason=remark) as batch:
        found = ArchiveVolume.objects.select_for_update().get(pk=volume.pk)
        refuse(guard_volume_open(found.state, found.number))
        if not found.pieces.exists():
            text = _("%(number)s holds no piece yet.") % {"number": found.number}
            raise Refused(Refusal("volume_empty", text, {"number": found.number}))
        found.state, found.remark = VolumeState.CLOSED, remark.strip()
        found.closed_by_id, found.closed_at = batch.actor.person_id, batch.at
        found.save(update_fields=["state", "remark", "closed_by", "closed_at"])
    return found


def volume_check(*, volume: ArchiveVolume, actor: Actor) -> ArchiveVolume:
    """Another person has looked through a closed volume."""
    actor = require(actor, "archives.file", volume.fonds.unit_id)
    with write_batch(actor=actor, action="archive.check") as batch:
        found = ArchiveVolume.objects.select_for_update().get(pk=volume.pk)
        if found.state != VolumeState.CLOSED:
            text = _("%(number)s is not waiting for a check.") % {"number": found.number}
            raise Refused(Refusal("not_closed", text, {"number": found.number}))
        refuse(guard_check(found.closed_by_id, batch.actor.person_id))
        found.state, found.checked_by_id = VolumeState.CHECKED, batch.actor.person_id
        found.checked_at = batch.at
        found.save(update_fields=["state", "checked_by", "checked_at"])
    return found


def word_faults(category: str, retention: str, secrecy: str) -> list[Fault]:
    """Words that the archive does not know, each at its field."""
    known: Iterable[tuple[str, str, Iterable[str]]] = (
        ("category", category, Category.values),
        ("retention", retention, Retention.values),
        ("secrecy", secrecy, [*Secrecy.values, NOT_TAKEN]),
    )
    return [
        {"field": field, "code": "unknown", "text": _("Choose one of the list.")}
        for field, value, values in known
        if value not in values
    ]


def next_number(fonds: Fonds, category: str, year: int, retention: str) -> str:
    """Take the next number of the series, inside the transaction that uses it."""
    key = {"fonds": fonds, "category": category, "year": year, "retention": retention}
    ArchiveSeries.objects.get_or_create(**key)
    series = ArchiveSeries.objects.select_for_update().get(**key)
    series.last += 1
    series.save(update_fields=["last"])
    return archival_number(fonds.number, category, year, retention, series.last)
