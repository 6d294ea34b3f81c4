"""Reads of seals."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from dianheng.assets.choices import METERS
from dianheng.assets.selectors import Scanned
from dianheng.common.errors import NotFound
from dianheng.identity.selectors import setting

from .choices import SealKind, SealPosition, SealState
from .models import Seal, SealEvent
from .rules import seal_no_normal, verbs_from


@dataclass(frozen=True)
class SealOn:
    """A seal that sits on a device now."""

    seal_no: str
    kind: str
    position: str
    applied_at: datetime


def seal_by_no(seal_no: str) -> Seal:
    """The seal, or NotFound in words."""
    found = (
        Seal.objects.select_related("unit", "holder", "device", "batch")
        .filter(seal_no=seal_no_normal(seal_no) or seal_no)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no seal %(no)s.") % {"no": seal_no}, seal_no=seal_no)
    return found


def seals_on_devices(device_ids: Sequence[int]) -> dict[int, list[SealOn]]:
    """The seals that sit on the devices now, by device, in the order of positions."""
    found: dict[int, list[SealOn]] = {key: [] for key in device_ids}
    rows = Seal.objects.filter(device_id__in=list(device_ids)).order_by("device_id", "position")
    for seal in rows:
        found[seal.device_id].append(SealOn(seal.seal_no, seal.kind, seal.position, seal.state_at))
    return found


def seal_life(seal: Seal) -> QuerySet[SealEvent]:
    """What happened to a seal, newest first."""
    return (
        SealEvent.objects.filter(seal=seal)
        .select_related("actor", "acting_for", "holder", "device", "witness")
        .order_by("-occurred_at", "-pk")
    )


def seal_events_of_device(device_id: int) -> QuerySet[SealEvent]:
    """Seals that ever sat on a device: when applied, when opened and why, newest first."""
    return (
        SealEvent.objects.filter(device_id=device_id)
        .select_related("seal", "actor", "acting_for")
        .order_by("-occurred_at", "-pk")
    )


_TOO_FEW = """
select d.id, d.barcode, count(s.id)
  from assets_device d
  left join seals_seal s on s.device_id = d.id and s.kind = %(kind)s
 where d.id = any(%(ids)s) and d.kind = any(%(kinds)s)
   and (%(unit)s::bigint is null or d.unit_id = %(unit)s)
 group by d.id, d.barcode having count(s.id) < %(needed)s
 order by d.barcode
"""


def faults_unsealed(
    device_ids: Sequence[int],
    call: Mapping[str, Any] | None = None,
    *,
    unit_ids: Collection[int] | None = None,
) -> list[dict[str, Any]]:
    """Meters that carry fewer verification seals than the company's rule asks for.

    Has the form of a transition guard: one fault for each device that lacks seals. Who knows
    the devices' units says them and saves a look-up.
    """
    ids = list(device_ids)
    if not ids:
        return []
    faults: list[dict[str, Any]] = []
    with connection.cursor() as cursor:
        if unit_ids is None:
            cursor.execute("select distinct unit_id from assets_device where id = any(%s)", [ids])
            unit_ids = [row[0] for row in cursor.fetchall()]
        for unit_id in unit_ids:
            needed = setting("seals.per_meter", unit_id)
            cursor.execute(
                _TOO_FEW,
                {
                    "kind": SealKind.VERIFICATION, "ids": ids, "kinds": list(METERS),
                    "unit": unit_id if len(unit_ids) > 1 else None, "needed": needed,
                },
            )  # fmt: skip
            text = _(
                "%(barcode)s has %(count)s of %(needed)s verification seals. Apply them first."
            )
            faults += [
                {
                    "device_id": device_id,
                    "barcode": barcode,
                    "code": "unsealed",
                    "sealed": count,
                    "needed": needed,
                    "text": text % {"barcode": barcode, "count": count, "needed": needed},
                }
                for device_id, barcode, count in cursor.fetchall()
            ]
    return faults


def find_seal(code: str) -> Scanned | None:
    """The finder of the scan page."""
    number = seal_no_normal(code)
    if number is None:
        return None
    seal = Seal.objects.select_related("holder", "device", "unit").filter(seal_no=number).first()
    if seal is None:
        return None
    text = str(SealState(seal.state).label)
    if seal.device is not None:
        text = _("%(state)s: %(device)s, %(position)s") % {
            "state": text,
            "device": seal.device.barcode,
            "position": SealPosition(seal.position).label,
        }
    elif seal.holder is not None:
        text = f"{text}: {seal.holder.name}"
    return Scanned(
        "seal", seal.pk, seal.seal_no, str(SealKind(seal.kind).label), text,
        reverse("seal", args=[seal.seal_no]),
        facts={"state": seal.state, "verbs": verbs_from(seal.state)},
        next=((_("Open this seal"), reverse("seal_open", args=[seal.seal_no])),)
        if seal.state == SealState.APPLIED
        else (),
        unit_path=seal.unit.path, right="seals.view",
    )  # fmt: skip
