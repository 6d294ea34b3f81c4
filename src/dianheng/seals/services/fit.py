"""Seals on devices: applied to a place, opened with a reason, lost; what that does to verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from dianheng.assets.choices import DeviceState, Verb
from dianheng.assets.services import devices_transition
from dianheng.common.actor import Actor
from dianheng.identity.selectors import setting
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import KINDS_OF_VERDICT, SealKind, SealPosition, SealState, SealVerb
from ..models import Seal
from ..rules import TRANSITIONS, position_normal, seal_no_normal
from .steps import (
    Done,
    Faults,
    expand,
    refuse_all,
    seals_transition,
    state_fault,
    twice_fault,
    write_events,
)

LOSE_VERDICT_IN = (DeviceState.QUALIFIED, DeviceState.PREALLOCATED, DeviceState.ISSUED)


@dataclass(frozen=True)
class Wanted:
    """One seal that is to sit on a device."""

    seal_no: str
    kind: str
    device_id: int
    position: str


def seals_apply(
    *,
    seals: Sequence[tuple[str, str, int, str]],
    actor: Actor,
    document: str = "",
    occurred_at: datetime | None = None,
    request_key: str = "",
    right: str | None = "seals.apply",
) -> Done:
    """Put seals on devices: (number, kind, device key, position) each; all of them or none.

    A number that is not in the register is entered, or refused, by the company's setting
    `seals.register_unknown`. A seal that sits there already stays and counts as done, so that
    a bench may send the same load twice. An empty kind is the seal's own. Positions may come
    in the short forms of benches (`COVER_LEFT`).

    Args:
        right: asked for over each device's unit; None when the calling service has asked for
            a right of its own that includes sealing.

    Raises:
        Refused: code `seals`, each seal that cannot with its reason in `errors`.
    """
    with write_batch(actor=actor, action="seal.apply") as batch:
        if (earlier := idempotent(request_key, "seal.apply")) is not None:
            return Done(**earlier)
        wanted, faults = _read(seals)
        with connection.cursor() as cursor:
            units = _check_devices(cursor, wanted, actor, right, faults)
            enters = all(setting("seals.register_unknown", unit_id) for unit_id in units)
            known, unknown = _check_seals(wanted, enters, faults)
            _check_positions(cursor, wanted, faults)
            refuse_all(faults, len(seals))
            at = occurred_at or batch.at
            if unknown:
                _enter(cursor, unknown, actor, at, document)
            if known or unknown:
                _sit(cursor, [*unknown, *known], actor, at, document)
        remember(request_key, "seal.apply", {"count": len(wanted)})
    return Done(len(wanted))


def _fault(one: Wanted, code: str, text: str, **facts: Any) -> dict[str, Any]:
    return {
        "seal_no": one.seal_no, "device_id": one.device_id, "code": code, "text": text, **facts,
    }  # fmt: skip


def _read(seals: Sequence[tuple[str, str, int, str]]) -> tuple[list[Wanted], Faults]:
    """What is asked, in normal form; faults of form and of the list itself."""
    wanted: list[Wanted] = []
    faults: Faults = []
    numbers: set[str] = set()
    places: set[tuple[int, str]] = set()
    for raw, kind, device_id, raw_position in seals:
        number, position = seal_no_normal(raw), position_normal(raw_position)
        one = Wanted(number or raw[:60], kind, device_id, position or raw_position[:60])
        words = {"no": one.seal_no, "position": one.position, "kind": kind}
        if number is None:
            faults.append(_fault(one, "format", _("%(no)s is no seal number.") % words))
        elif position is None:
            text = _("%(no)s: there is no position “%(position)s”.") % words
            faults.append(_fault(one, "position", text))
        elif kind and kind not in SealKind.values:
            text = _("%(no)s: there is no kind of seal “%(kind)s”.") % words
            faults.append(_fault(one, "kind", text))
        elif number in numbers:
            faults.append({**twice_fault(number), "device_id": device_id})
        elif (device_id, position) in places:
            words["position"] = str(SealPosition(position).label)
            text = _("%(no)s: two seals for “%(position)s” of one device.") % words
            faults.append(_fault(one, "position_twice", text))
        else:
            numbers.add(number)
            places.add((device_id, position))
            wanted.append(one)
    return wanted, faults


def _check_devices(
    cursor: Any, wanted: Sequence[Wanted], actor: Actor, right: str | None, faults: Faults
) -> list[int]:
    """Lock the devices and add what is against them; returns their units."""
    cursor.execute(
        "select id, barcode, state, unit_id from assets_device where id = any(%s)"
        " order by id for no key update",
        [sorted({one.device_id for one in wanted})],
    )
    devices = {row[0]: row[1:] for row in cursor.fetchall()}
    units = sorted({row[2] for row in devices.values()})
    if right is not None:
        for unit_id in units:
            require(actor, right, unit_id)
    for one in wanted:
        if one.device_id not in devices:
            text = _("%(no)s: there is no such device.") % {"no": one.seal_no}
            faults.append(_fault(one, "device", text))
            continue
        barcode, state, _unit = devices[one.device_id]
        if state in (DeviceState.SCRAPPED, DeviceState.LOST):
            text = _("%(no)s: %(device)s is “%(state)s”.") % {
                "no": one.seal_no,
                "device": barcode,
                "state": DeviceState(state).label,
            }
            faults.append(_fault(one, "device_state", text))
    return units


def _check_seals(
    wanted: Sequence[Wanted], enters: bool, faults: Faults
) -> tuple[list[Wanted], list[Wanted]]:
    """Lock the seals; which are known and free, which unknown; faults of the others are added."""
    numbers = [one.seal_no for one in wanted]
    locked = Seal.objects.filter(seal_no__in=numbers).order_by("seal_no").select_for_update()
    rows = {row.seal_no: row for row in locked}
    known: list[Wanted] = []
    unknown: list[Wanted] = []
    for one in wanted:
        row = rows.get(one.seal_no)
        if row is None:
            if enters and one.kind:
                unknown.append(one)
                continue
            text = _("Seal %(no)s is not in the register. Enter the seals of its batch first.")
            faults.append(_fault(one, "not_found", text % {"no": one.seal_no}))
        elif row.state == SealState.APPLIED and (row.device_id, row.position) == (
            one.device_id,
            one.position,
        ):
            continue  # it sits there already
        elif row.state not in TRANSITIONS[SealVerb.APPLY].sources:
            fault = state_fault(row.seal_no, row.state, SealVerb.APPLY)
            faults.append({**fault, "device_id": one.device_id})
        elif one.kind and row.kind != one.kind:
            text = _("%(no)s is a “%(kind)s”, not a “%(wanted)s”.") % {
                "no": one.seal_no,
                "kind": SealKind(row.kind).label,
                "wanted": SealKind(one.kind).label,
            }
            faults.append(_fault(one, "kind", text))
        else:
            known.append(one)
    return known, unknown


_TAKEN = """
select w.no, s.seal_no
  from unnest(%s::text[], %s::bigint[], %s::text[]) w (no, device, place)
  join seals_seal s on s.device_id = w.device and s.position = w.place and s.seal_no <> w.no
"""


def _columns(seals: Sequence[Wanted]) -> list[list[Any]]:
    return [
        [one.seal_no for one in seals],
        [one.device_id for one in seals],
        [one.position for one in seals],
    ]


def _check_positions(cursor: Any, wanted: Sequence[Wanted], faults: Faults) -> None:
    """A place that holds a seal: that one is opened first, so that its life says so."""
    cursor.execute(_TAKEN, _columns(wanted))
    by_number = {one.seal_no: one for one in wanted}
    for no, holds in cursor.fetchall():
        text = _("%(no)s: seal %(holds)s sits there. Record its opening first.")
        faults.append(
            _fault(by_number[no], "position_taken", text % {"no": no, "holds": holds}, holds=holds)
        )


_ENTER = """
insert into seals_seal (seal_no, kind, state, state_at, unit_id, position)
select w.no, w.kind, %s, %s, d.unit_id, ''
  from unnest(%s::text[], %s::text[], %s::bigint[]) w (no, kind, device)
  join assets_device d on d.id = w.device order by w.no returning id
"""


def _enter(
    cursor: Any, unknown: Sequence[Wanted], actor: Actor, at: datetime, document: str
) -> None:
    numbers, devices, _places = _columns(unknown)
    kinds = [one.kind for one in unknown]
    cursor.execute(_ENTER, [SealState.IN_STOCK, at, numbers, kinds, devices])
    ids = [row[0] for row in cursor.fetchall()]
    write_events(cursor, ids, SealVerb.ENROL, actor, at, document=document)


_SIT = """
with w as (
    select * from unnest(%(numbers)s::text[], %(devices)s::bigint[], %(places)s::text[])
             w (no, device, place)
), was as (
    select id, state, holder_id from seals_seal join w on seal_no = no
)
update seals_seal s
   set state = %(state)s, state_at = %(at)s, device_id = w.device, position = w.place,
       holder_id = null, unit_id = d.unit_id
  from w join assets_device d on d.id = w.device, was
 where s.seal_no = w.no and was.id = s.id
returning s.id, was.state, was.holder_id
"""
_SIT_EVENTS = """
insert into seals_sealevent (seal_id, verb, from_state, to_state, holder_id, device_id, position,
    occurred_at, actor_id, acting_for_id, document, reason)
select s.id, %s, was.state, s.state, was.holder, s.device_id, s.position, %s, %s, %s, %s, ''
  from unnest(%s::bigint[], %s::text[], %s::bigint[]) was (id, state, holder)
  join seals_seal s on s.id = was.id order by s.id
"""


def _sit(cursor: Any, seals: Sequence[Wanted], actor: Actor, at: datetime, document: str) -> None:
    """The seals' rows and their events, which also say who held them."""
    numbers, devices, places = _columns(seals)
    cursor.execute(
        _SIT,
        {
            "numbers": numbers, "devices": devices, "places": places,
            "state": SealState.APPLIED, "at": at,
        },
    )  # fmt: skip
    was = cursor.fetchall()
    who = [SealVerb.APPLY, at, actor.person_id, actor.acting_for_id, document]
    cursor.execute(_SIT_EVENTS, [*who, *([row[column] for row in was] for column in range(3))])


# -- off again -----------------------------------------------------------------------------------


def seal_open(
    *,
    seal_no: str,
    reason: str,
    actor: Actor,
    document: str = "",
    occurred_at: datetime | None = None,
    new_seal_no: str = "",
    request_key: str = "",
) -> Done:
    """Record that a seal was opened, by whom and why.

    When it was a seal of the verdict (factory, verification) and the device is qualified,
    reserved or issued, the device loses its verdict. A new seal for the same place may be
    named: it is applied in the same transaction.
    """
    return seals_open(
        numbers=[seal_no],
        reason=reason,
        actor=actor,
        document=document,
        occurred_at=occurred_at,
        new_seal_nos={seal_no: new_seal_no} if new_seal_no else None,
        request_key=request_key,
    )


def seals_open(
    *,
    numbers: Sequence[str],
    reason: str,
    actor: Actor,
    document: str = "",
    occurred_at: datetime | None = None,
    new_seal_nos: Mapping[str, str] | None = None,
    request_key: str = "",
) -> Done:
    """Open a set of seals; see `seal_open`."""
    with write_batch(actor=actor, action="seal.open", reason=reason):
        normal, _faults = expand(numbers)
        devices = _verdicts_under(normal)
        applied = Seal.objects.filter(seal_no__in=normal, state=SealState.APPLIED)
        sat = {row.seal_no: row for row in applied}
        done = seals_transition(
            numbers=numbers,
            verb=SealVerb.OPEN,
            right="seals.open",
            actor=actor,
            reason=reason,
            document=document,
            occurred_at=occurred_at,
            request_key=request_key,
        )
        _take_verdicts(devices, actor, document, reason, occurred_at)
        new = [
            (new_no, sat[no].kind, sat[no].device_id, sat[no].position)
            for old, new_no in (new_seal_nos or {}).items()
            if (no := seal_no_normal(old)) in sat
        ]
        if new:
            seals_apply(seals=new, actor=actor, document=document, occurred_at=occurred_at)
    return done


def seals_lose(
    *,
    numbers: Sequence[str],
    reason: str,
    actor: Actor,
    document: str = "",
    request_key: str = "",
) -> Done:
    """Report seals lost; a device that loses the seal of its verdict loses the verdict."""
    with write_batch(actor=actor, action="seal.lose", reason=reason):
        devices = _verdicts_under(expand(numbers)[0])
        done = seals_transition(
            numbers=numbers,
            verb=SealVerb.LOSE,
            right="seals.scrap",
            actor=actor,
            reason=reason,
            document=document,
            request_key=request_key,
        )
        _take_verdicts(devices, actor, document, reason, None)
    return done


_VERDICTS = """
select id from assets_device
 where id in (select device_id from seals_seal
               where seal_no = any(%s) and kind = any(%s) and device_id is not null)
   and state = any(%s)
 order by id for no key update
"""


def _verdicts_under(numbers: Sequence[str]) -> list[int]:
    """Devices whose verdict falls when these seals are off; locked before the seals are."""
    with connection.cursor() as cursor:
        cursor.execute(_VERDICTS, [list(numbers), list(KINDS_OF_VERDICT), list(LOSE_VERDICT_IN)])
        return [row[0] for row in cursor.fetchall()]


def _take_verdicts(
    device_ids: Sequence[int],
    actor: Actor,
    document: str,
    reason: str,
    occurred_at: datetime | None,
) -> None:
    if device_ids:
        devices_transition(
            device_ids=device_ids,
            verb=Verb.UNSEAL,
            actor=actor,
            document=document,
            reason=reason,
            occurred_at=occurred_at,
        )
