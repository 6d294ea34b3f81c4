"""Stock that is older than the rule, or out of date, is locked: it goes back to verification."""

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.choices import Verb
from dianheng.assets.services import devices_transition
from dianheng.common.actor import Actor

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
        devices_transition(
            device_ids=keys, verb=Verb.EXPIRE, actor=actor,
            reason=_("In stock longer than the rule allows, or out of date"),
        )  # fmt: skip
        done += len(keys)
