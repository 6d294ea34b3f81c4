"""What may leave a store: pure decisions over facts that the services bring."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal
from dianheng.common.texts import gettext_lazy as _

VERIFIED = ("qualified", "preallocated")
# From which states each purpose takes devices; "" of TRANSITIONS is asked again when booking.
STATES: Mapping[str, frozenset[str]] = {
    "issue": frozenset(VERIFIED),
    "distribute": frozenset(VERIFIED),
    "reserve": frozenset({"qualified"}),
    "release": frozenset({"preallocated"}),
    "return": frozenset({"issued"}),
}


@dataclass(frozen=True)
class Leaving:
    """A device that is to leave, as the register knows it."""

    barcode: str
    state: str
    is_meter: bool
    valid_through: date | None
    recheck_after: date | None  # last day without a recheck; None: no such rule
    key_state: str
    others_ready: int = 0  # qualified devices of the same model in the same units


def guard_leaving(device: Leaving, on: date) -> Refusal | None:
    """Refuse what is not verified, out of date, locked for recheck or has test keys."""
    facts = {"barcode": device.barcode, "others": device.others_ready}
    if device.state not in VERIFIED:
        return Refusal(
            "not_verified",
            _(
                "%(barcode)s is not verified: it cannot leave. Take one of %(others)s qualified of the same model."
            ),
            facts,
        )
    if device.valid_through is not None and device.valid_through < on:
        return Refusal(
            "out_of_date",
            _(
                "%(barcode)s was valid through %(day)s and is out of date. "
                "Send it for verification first, or take one of %(others)s qualified of the same model."
            ),
            {**facts, "day": device.valid_through.isoformat()},
        )
    if device.recheck_after is not None and device.recheck_after < on:
        return Refusal(
            "locked",
            _(
                "%(barcode)s has been in stock too long (recheck after %(day)s). "
                "Send it for verification first, or take one of %(others)s qualified of the same model."
            ),
            {**facts, "day": device.recheck_after.isoformat()},
        )
    if device.is_meter and device.key_state == "test":
        return Refusal(
            "test_keys",
            _(
                "%(barcode)s still holds test keys: it cannot leave. Load the formal keys and verify it again."
            ),
            facts,
        )
    return None


def guard_answerable(actor: Actor, answerable_id: int, name: str) -> Refusal | None:
    """Who answers for a difference does not close it."""
    if answerable_id not in (actor.person_id, actor.acting_for_id):
        return None
    return Refusal(
        "answers_oneself",
        _("%(name)s answers for the difference: somebody else closes the hand-over."),
        {"name": name},
    )
