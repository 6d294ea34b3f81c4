"""What happens to devices: one set-based service for one device and for a hundred thousand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _
from psycopg.types.json import Jsonb

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal, Refused, refuse
from dianheng.identity.services import idempotent, remember, write_batch

from ..choices import DeviceState, Verb
from ..rules import TRANSITIONS, guard_reason

# A guard that needs knowledge from above (seals, verdicts, hand-overs) is registered by the
# app that has it. It gets the device keys and the call's facts and answers with faults, each
# {"device_id", "code", "text"}; it runs inside the transaction, after the devices are locked.
Guard = Callable[[Sequence[int], Mapping[str, Any]], list[dict[str, Any]]]
_guards: dict[str, list[Guard]] = {}
ERRORS_SHOWN = 1000


@dataclass(frozen=True)
class Moved:
    """How many devices it happened to."""

    count: int


def register_transition_guard(verb: str, guard: Guard) -> None:
    """Add a guard to a verb; called in `AppConfig.ready`."""
    _guards.setdefault(verb, []).append(guard)


def devices_transition(
    *,
    device_ids: Sequence[int],
    verb: str,
    actor: Actor,
    place_id: int | None = None,
    occurred_at: datetime | None = None,
    document: str = "",
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
    facts_by_device: Mapping[int, Mapping[str, Any]] | None = None,
    verified_on: date | None = None,
    valid_through: date | None = None,
    stocked_on: date | None = None,
    unit_id: int | None = None,
    back_to: str | None = None,
    request_key: str = "",
) -> Moved:
    """Let one verb happen to a set of devices: all of them or none.

    Rights are asked for by the calling service, which knows the matter. A place, validity or
    unit that is not given stays as it is. `back_to` is the state to which a verb without one
    of its own leads: what is taken back.

    Raises:
        Refused: code `devices`, each device that may not with its reason in `errors`.
    """
    refuse(guard_reason(verb, reason))
    wanted = sorted(set(device_ids))
    target = TRANSITIONS[verb].target or back_to
    with write_batch(actor=actor, action=f"device.{verb}", reason=reason) as batch:
        if (earlier := idempotent(request_key, f"device.{verb}")) is not None:
            return Moved(**earlier)
        call = {
            "place_id": place_id,
            "document": document,
            "at": occurred_at or batch.at,
            **(facts or {}),
        }
        with connection.cursor() as cursor:
            cursor.execute(
                "create temp table if not exists moving (device_id bigint primary key, state text,"
                " place_id bigint, barcode text, facts jsonb) on commit drop; truncate moving"
            )
            cursor.execute(
                "insert into moving select id, state, place_id, barcode, null from assets_device"
                " where id = any(%s) order by id for update",
                [wanted],
            )
            faults = _faults(cursor, wanted, verb, place_id, call)
            if faults:
                raise Refused(
                    Refusal(
                        "devices",
                        _("%(bad)s of %(all)s devices cannot: nothing was changed.")
                        % {"bad": len({f["device_id"] for f in faults}), "all": len(wanted)},
                        {"verb": str(Verb(verb).label), "devices": len(wanted)},
                        faults[:ERRORS_SHOWN],
                    )
                )
            if facts_by_device:
                cursor.executemany(
                    "update moving set facts = %s where device_id = %s",
                    [(Jsonb(dict(f)), device) for device, f in facts_by_device.items()],
                )
            cursor.execute(_EVENTS, {
                "verb": verb, "target": target, "place": place_id,
                "at": occurred_at or batch.at, "actor": actor.person_id,
                "acting_for": actor.acting_for_id, "document": document, "reason": reason,
                "facts": Jsonb(dict(facts)) if facts else None,
            })  # fmt: skip
            cursor.execute(_PROJECTION, {
                "target": target, "place": place_id, "at": occurred_at or batch.at,
                "verified_on": verified_on, "valid_through": valid_through,
                "stocked_on": stocked_on, "unit": unit_id,
                "loses_verdict": verb in LOSES_VERDICT,
            })  # fmt: skip
        moved = Moved(len(wanted))
        remember(request_key, f"device.{verb}", {"count": moved.count})
    return moved


# After these a device has no verdict in force.
LOSES_VERDICT = (Verb.BEGIN_VERIFICATION, Verb.UNSEAL, Verb.EXPIRE, Verb.SORT_REUSE, Verb.FIND)

_EVENTS = """
insert into assets_deviceevent (device_id, verb, from_state, to_state, from_place_id, to_place_id,
    occurred_at, actor_id, acting_for_id, document, reason, facts)
select device_id, %(verb)s, state, coalesce(%(target)s, state), place_id,
       coalesce(%(place)s, place_id), %(at)s, %(actor)s, %(acting_for)s, %(document)s, %(reason)s,
       coalesce(facts, %(facts)s)
  from moving order by device_id
"""
_PROJECTION = """
update assets_device d set
    state = coalesce(%(target)s, d.state),
    state_at = case when coalesce(%(target)s, d.state) <> d.state then %(at)s else d.state_at end,
    place_id = coalesce(%(place)s, d.place_id),
    verified_on = case when %(loses_verdict)s then null else coalesce(%(verified_on)s, d.verified_on) end,
    valid_through = case when %(loses_verdict)s then null else coalesce(%(valid_through)s, d.valid_through) end,
    stocked_on = coalesce(%(stocked_on)s, d.stocked_on),
    unit_id = coalesce(%(unit)s, d.unit_id)
  from moving m where m.device_id = d.id
"""


def _faults(
    cursor: Any, wanted: list[int], verb: str, place_id: int | None, call: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """All reasons why devices may not, cheapest first."""
    cursor.execute("select count(*) from moving")
    faults: list[dict[str, Any]] = []
    if cursor.fetchone()[0] != len(wanted):
        cursor.execute(
            "select x from unnest(%s::bigint[]) x where x not in (select device_id from moving)",
            [wanted],
        )
        faults += [
            {
                "device_id": row[0],
                "barcode": "",
                "code": "not_found",
                "text": _("There is no such device."),
            }
            for row in cursor.fetchall()
        ]
    cursor.execute(
        "select device_id, barcode, state from moving where state <> all(%s) order by barcode",
        [sorted(TRANSITIONS[verb].sources)],
    )
    for device_id, barcode, state in cursor.fetchall():
        faults.append(
            {
                "device_id": device_id,
                "barcode": barcode,
                "code": "state",
                "state": state,
                "text": _("%(barcode)s is “%(state)s”; “%(verb)s” is not possible in this state.")
                % {"barcode": barcode, "state": DeviceState(state).label, "verb": Verb(verb).label},
            }
        )
    if place_id is not None:
        cursor.execute("select is_active, name from assets_place where id = %s", [place_id])
        active, name = cursor.fetchone()
        if not active:
            text = _("Place %(name)s is closed.") % {"name": name}
            faults += [
                {"device_id": i, "barcode": "", "code": "place_closed", "text": text}
                for i in wanted[:1]
            ]
    for guard in _guards.get(verb, ()):
        faults += guard(wanted, call)
    return faults


def stock_fold() -> int:
    """Merge the differences of stock rows; sums do not change."""
    with connection.cursor() as cursor:
        cursor.execute("select assets_stock_fold()")
        return int(cursor.fetchone()[0])
