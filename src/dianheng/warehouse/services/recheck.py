"""Stock that is older than the rule, or out of date, is locked: it goes back to verification."""

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.choices import Verb
from dianheng.assets.services import devices_transition
from dianheng.common.actor import Actor
from dianheng.identity.services import write_batch

from ..selectors import LOCKED, recheck_months

PART = 10_000


def recheck_lock(actor: Actor) -> int:
    """Lock what may no longer be issued; returns how many. Harmless when repeated."""
    done = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"select id from assets_device where {LOCKED} order by id limit {PART}",  # noqa: S608
                {"today": timezone.localdate(), "months": recheck_months()},
            )
            keys = [row[0] for row in cursor.fetchall()]
        if not keys:
            return done
        with write_batch(actor=actor, action="stock.lock") as batch, connection.cursor() as cursor:
            cursor.execute(
                "insert into warehouse_stocklock (device_id, locked_at, why, since_on)"
                " select id, %s, case when valid_through < %s then 'out_of_date' else 'too_long' end,"
                " greatest(verified_on, stocked_on) from assets_device where id = any(%s) order by id",
                [batch.at, timezone.localdate(), keys],
            )
            devices_transition(
                device_ids=keys, verb=Verb.EXPIRE, actor=actor, occurred_at=batch.at,
                reason=_("In stock longer than the rule allows, or out of date"),
            )  # fmt: skip
        done += len(keys)
