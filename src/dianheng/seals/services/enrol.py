"""Seals enter the register: single numbers and ranges, each number once for ever."""

from collections.abc import Sequence

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import SealKind, SealVerb
from ..models import SealBatch
from ..rules import TRANSITIONS
from .steps import ERRORS_SHOWN, Done, refuse_all, seals_read, twice_fault, write_events

_RANGE = """
insert into new_seal
select %s || lpad(n::text, %s, '0') from generate_series(%s::bigint, %s::bigint) n
"""
_FAULTS = """
select no, 'twice' from new_seal group by no having count(*) > 1
union all
select distinct no, 'in_register' from new_seal join seals_seal on seal_no = no
order by 1 limit %s
"""


def seals_enrol(
    *,
    kind: str,
    unit_id: int,
    actor: Actor,
    numbers: Sequence[str],
    batch_code: str = "",
    maker: str = "",
    colour: str = "",
    is_ordered: bool = False,
    document: str = "",
    request_key: str = "",
) -> Done:
    """Enter seals: numbers and ranges (`first..last`), all of them or none.

    Args:
        is_ordered: bought but not here yet; `seals_receive` brings them into stock.

    Raises:
        Refused: code `seals`, each number that is not of the form, stands twice, or was ever
            used, in `errors`.
    """
    if kind not in SealKind.values:
        raise BadInput(_("There is no kind of seal “%(kind)s”.") % {"kind": kind})
    actor = require(actor, "seals.enrol", unit_id)
    singles, ranges, faults = seals_read(numbers)
    total = len(singles) + sum(found.count for found in ranges)
    if not total and not faults:
        raise BadInput(_("No seal number is given."))
    with write_batch(actor=actor, action="seal.enrol") as batch:
        if (earlier := idempotent(request_key, "seal.enrol")) is not None:
            return Done(**earlier)
        if batch_code and SealBatch.objects.filter(code=batch_code).exists():
            raise BadInput(_("Batch %(code)s exists already.") % {"code": batch_code})
        with connection.cursor() as cursor:
            cursor.execute(
                'create temp table if not exists new_seal (no text collate "C") on commit drop;'
                " truncate new_seal"
            )
            cursor.execute("insert into new_seal select unnest(%s::text[])", [singles])
            for found in ranges:
                cursor.execute(_RANGE, [found.prefix, found.width, found.first, found.last])
            cursor.execute(_FAULTS, [ERRORS_SHOWN])
            for no, code in cursor.fetchall():
                used = _("%(no)s is in the register already; a number is never used again.")
                faults.append(
                    twice_fault(no)
                    if code == "twice"
                    else {"seal_no": no, "code": code, "text": used % {"no": no}}
                )
            refuse_all(faults, total)
            row = SealBatch.objects.create(
                code=batch_code or f"FY{batch.at:%Y%m%d}-{batch.id}",
                kind=kind,
                maker=maker,
                colour=colour,
                unit_id=unit_id,
                amount=total,
                made_on=timezone.localdate(batch.at),
            )
            verb = SealVerb.ORDER if is_ordered else SealVerb.ENROL
            cursor.execute(
                "insert into seals_seal"
                " (seal_no, kind, state, state_at, batch_id, unit_id, position)"
                " select no, %s, %s, %s, %s, %s, '' from new_seal order by no",
                [kind, TRANSITIONS[verb].target, batch.at, row.pk, unit_id],
            )
            cursor.execute("select array_agg(id) from seals_seal where batch_id = %s", [row.pk])
            ids = cursor.fetchone()[0]
            write_events(cursor, ids, verb, actor, batch.at, document=document)
        done = Done(total, row.code)
        remember(request_key, "seal.enrol", {"count": done.count, "batch": done.batch})
    return done
