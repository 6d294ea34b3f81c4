"""A password entered anew: asked for whatever is signed, wrong ones counted as at the login."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import Refusal, Refused

from ..models import Person
from ..rules import Actor
from .batch import write_batch

SIGNATURE = "signature"  # stands where attempts of the login name the browser


def require_password(actor: Actor, password: str) -> None:
    """Refuse a signature whose password, entered anew, is not that of the person who acts.

    Wrong ones are counted for the person, through whatever door they come; after as many as
    lock the login, signing rests as long as the login does, for the right password too.
    Called before the transaction of what is signed, so that a refusal keeps the count.

    Raises:
        Refused: `wrong_password`, or `signing_rests` with the moment when it ends.
    """
    person = Person.objects.get(pk=actor.person_id)
    most, rest = settings.AXES_FAILURE_LIMIT, timedelta(hours=settings.AXES_COOLOFF_TIME)
    counted = AccessAttempt.objects.filter(username=person.login, user_agent=SIGNATURE)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_advisory_xact_lock(hashtextextended(%s, 9))", [f"sign:{person.pk}"]
            )
        now = timezone.now()
        attempt = counted.first()
        failures = 0
        if attempt is not None and attempt.attempt_time > now - rest:
            failures = attempt.failures_since_start
            if failures >= most:
                raise Refused(_rests(most, attempt.attempt_time + rest))
        if person.check_password(password):
            counted.delete()
            return
        failures += 1
        AccessAttempt.objects.update_or_create(
            username=person.login, user_agent=SIGNATURE, ip_address=None,
            defaults={"failures_since_start": failures, "attempt_time": now},
        )  # fmt: skip
        action = "signature.lock" if failures >= most else "signature.refuse"
        with write_batch(actor=actor, action=action):
            pass  # nothing is written; that it was tried stands in the trail
    if failures >= most:
        raise Refused(_rests(most, now + rest))
    text = _("The password is wrong: nothing was done. After %(most)s attempts signing rests.")
    raise Refused(Refusal("wrong_password", text % {"most": most}, {"left": most - failures}))


def _rests(most: int, until: datetime) -> Refusal:
    local = timezone.localtime(until)
    text = _("%(most)s wrong passwords: signing rests until %(until)s. Nothing was done.")
    facts = {"most": most, "until": f"{local:%H:%M}"}
    return Refusal("signing_rests", text % facts, {**facts, "until": local.isoformat()})
