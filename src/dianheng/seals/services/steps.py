"""What all steps of seals share: reading numbers, one verb for a set, the ledger."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.identity.models import Person
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import SealState, SealVerb
from ..models import Seal
from ..rules import TRANSITIONS, SealRange, guard_reason, seal_no_normal, seal_range

ERRORS_SHOWN = 1000
Faults = list[dict[str, Any]]


@dataclass(frozen=True)
class Done:
    """To how many seals it happened; `batch` names the seals that were entered."""

    count: int
    batch: str = ""


def refuse_all(faults: Sequence[Mapping[str, Any]], total: int) -> None:
    """Raise when there is any fault, with all of them."""
    if faults:
        raise Refused(
            Refusal(
                "seals",
                _("%(bad)s of %(all)s seals cannot: nothing was changed.")
                % {"bad": len(faults), "all": total},
                {"seals": total},
                faults[:ERRORS_SHOWN],
            )
        )


def state_fault(seal_no: str, state: str, verb: str) -> dict[str, Any]:
    """The fault of a seal that is in the wrong state."""
    text = _("%(no)s is “%(state)s”; “%(verb)s” is not possible in this state.") % {
        "no": seal_no,
        "state": SealState(state).label,
        "verb": SealVerb(verb).label,
    }
    return {"seal_no": seal_no, "code": "state", "state": state, "text": text}


def twice_fault(seal_no: str) -> dict[str, Any]:
    """The fault of a number that is given more than once."""
    return {
        "seal_no": seal_no,
        "code": "twice",
        "text": _("%(no)s is given twice.") % {"no": seal_no},
    }


def seals_read(texts: Iterable[str]) -> tuple[list[str], list[SealRange], Faults]:
    """Numbers and ranges from lines as people type or scan them: `A`, `A..B`, `A ~ B`, `A - B`."""
    numbers: list[str] = []
    ranges: list[SealRange] = []
    faults: Faults = []
    for text in texts:
        line = text.strip()
        sign = next((s for s in ("..", "~", "～", " - ", " – ", "至") if s in line), "")
        if not line:
            continue
        if sign:
            first, last = line.split(sign, 1)
            found = seal_range(first, last)
            if isinstance(found, Refusal):
                faults.append({"seal_no": line[:60], "code": found.code, "text": found.text})
            else:
                ranges.append(found)
        elif (number := seal_no_normal(line)) is not None:
            numbers.append(number)
        else:
            wrong = _("%(no)s is no seal number.") % {"no": line[:60]}
            faults.append({"seal_no": line[:60], "code": "format", "text": wrong})
    return numbers, ranges, faults


def expand(lines: Sequence[str]) -> tuple[list[str], Faults]:
    """All single numbers of some lines, each once."""
    singles, ranges, faults = seals_read(lines)
    numbers = [
        *singles,
        *(found.number(n) for found in ranges for n in range(found.first, found.last + 1)),
    ]
    faults += [twice_fault(no) for no, times in Counter(numbers).items() if times > 1]
    return list(dict.fromkeys(numbers)), faults


_EVENTS = """
insert into seals_sealevent (seal_id, verb, from_state, to_state, holder_id, device_id, position,
    occurred_at, actor_id, acting_for_id, witness_id, document, reason)
select id, %(verb)s, %(from)s, %(to)s, holder_id, device_id, position,
       %(at)s, %(actor)s, %(acting_for)s, %(witness)s, %(document)s, %(reason)s
  from seals_seal where id = any(%(ids)s) order by id
"""


def write_events(
    cursor: Any,
    seal_ids: Sequence[int],
    verb: str,
    actor: Actor,
    at: datetime,
    *,
    from_state: str = "",
    document: str = "",
    reason: str = "",
    witness_id: int | None = None,
) -> None:
    """One event for each seal, with holder, device and position as the seal's row has them."""
    cursor.execute(
        _EVENTS,
        {
            "ids": list(seal_ids),
            "verb": verb,
            "from": from_state,
            "to": TRANSITIONS[verb].target,
            "at": at,
            "actor": actor.person_id,
            "acting_for": actor.acting_for_id,
            "witness": witness_id,
            "document": document,
            "reason": reason,
        },
    )


_STATES = """
update seals_seal set state = %(to)s, state_at = %(at)s, holder_id = %(holder)s, device_id = null,
       position = '', unit_id = coalesce(%(unit)s, unit_id) where id = any(%(ids)s)
"""


def seals_transition(
    *,
    numbers: Sequence[str],
    verb: str,
    right: str,
    actor: Actor,
    holder: Person | None = None,
    unit_id: int | None = None,
    witness: Person | None = None,
    document: str = "",
    reason: str = "",
    occurred_at: datetime | None = None,
    request_key: str = "",
) -> Done:
    """One verb for a set of seals: all of them or none."""
    refuse(guard_reason(verb, reason))
    wanted, faults = expand(numbers)
    if not wanted and not faults:
        raise BadInput(_("No seal number is given."))
    action = f"seal.{verb}"
    with write_batch(actor=actor, action=action, reason=reason) as batch:
        if (earlier := idempotent(request_key, action)) is not None:
            return Done(**earlier)
        rows = list(Seal.objects.filter(seal_no__in=wanted).order_by("pk").select_for_update())
        for unit in sorted({row.unit_id for row in rows}):
            actor = require(actor, right, unit)
        known = {row.seal_no for row in rows}
        faults += [
            {"seal_no": no, "code": "not_found", "text": _("There is no seal %(no)s.") % {"no": no}}
            for no in wanted
            if no not in known
        ]
        sources = TRANSITIONS[verb].sources
        faults += [
            state_fault(row.seal_no, row.state, verb) for row in rows if row.state not in sources
        ]
        refuse_all(faults, len(wanted))
        at = occurred_at or batch.at
        with connection.cursor() as cursor:
            for state in sorted({row.state for row in rows}):
                ids = [row.pk for row in rows if row.state == state]
                change = {
                    "to": TRANSITIONS[verb].target,
                    "at": at,
                    "holder": holder.pk if holder else None,
                    "unit": unit_id,
                    "ids": ids,
                }
                # The event of a seal that leaves a device names the device, of others the holder.
                if state != SealState.APPLIED:
                    cursor.execute(_STATES, change)
                write_events(
                    cursor,
                    ids,
                    verb,
                    actor,
                    at,
                    from_state=state,
                    document=document,
                    reason=reason,
                    witness_id=witness.pk if witness else None,
                )
                if state == SealState.APPLIED:
                    cursor.execute(_STATES, change)
        remember(request_key, action, {"count": len(wanted)})
    return Done(len(wanted))
