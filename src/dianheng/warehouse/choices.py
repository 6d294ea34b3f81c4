"""What moves in and out of stores, and where a movement stands."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Purpose(TextChoices):
    """Why devices move."""

    STOCK_IN = "stock_in", _("Into stock")  # 入库: from bench or arrival onto a shelf
    MOVE = "move", _("Move")  # 移位, inside the units one keeps
    DISTRIBUTE = "distribute", _("Distribute to a store")  # 配送, two-sided
    FOR_TEST = "for_test", _("Send for verification")  # 送检, two-sided
    ISSUE = "issue", _("Issue to a person")  # 领用, two-sided
    RETURN = "return", _("Return from a person")  # 退库
    RESERVE = "reserve", _("Reserve")  # 预领
    RELEASE = "release", _("Release")
    RECEIVE = "receive", _("Receive a hand-over")  # the other side of a two-sided movement


# These stay open until the other side has received.
TWO_SIDED = (Purpose.DISTRIBUTE, Purpose.FOR_TEST, Purpose.ISSUE)
# What leaves by these is verified, sealed and in date, or it does not leave.
OUTWARD = (Purpose.DISTRIBUTE, Purpose.ISSUE)
TO_PLACE = (Purpose.STOCK_IN, Purpose.MOVE, Purpose.DISTRIBUTE, Purpose.FOR_TEST, Purpose.RETURN)
TO_PERSON = (Purpose.ISSUE,)


class MovementState(TextChoices):
    """Where a movement stands."""

    OPEN = "open", _("Handed over, not received")
    PARTLY = "partly", _("Received in part")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused, on its way back")  # the side that handed over takes it back
    TAKEN_BACK = "taken_back", pgettext_lazy("hand-over", "Taken back")
    CLOSED = "closed", _("Closed with a difference")  # somebody answers for what is missing


MOVEMENT_TONE = {
    "open": "warn", "partly": "bad", "done": "good", "refused": "bad", "taken_back": "calm", "closed": "bad",
}  # fmt: skip
AWAITED = (MovementState.OPEN, MovementState.PARTLY)  # the other side can still receive


class LineState(TextChoices):
    """What became of one device of a two-sided movement."""

    UNDERWAY = "underway", _("On the way")
    RECEIVED = "received", _("Received")
    DAMAGED = "damaged", _("Received damaged")
    BACK = "back", pgettext_lazy("hand-over", "Taken back")
    MISSING = (
        "missing",
        _("Never came"),
    )  # 少: never came, reported lost when the hand-over was closed


class DifferenceKind(TextChoices):
    """What came with a hand-over although it is not on it."""

    OVER = "over", _("Surplus")  # 多: stands in the register with the side that handed over
    FOREIGN = "foreign", _("Foreign")  # 串: stands in the register somewhere else
    UNKNOWN = "unknown", _("Not in the register")


class LockReason(TextChoices):
    """Why a verified device in stock may no longer be issued."""

    TOO_LONG = "too_long", _("Too long in stock")
    OUT_OF_DATE = "out_of_date", _("Out of date")


LOCK_TONE = {"too_long": "warn", "out_of_date": "bad"}


class SessionState(TextChoices):
    """Where a scan session stands."""

    OPEN = "open", _("Scanning")
    BOOKED = "booked", _("Booked")
    DROPPED = "dropped", _("Dropped")


class ScanOutcome(TextChoices):
    """What a scan came to."""

    GOOD = "good", _("Good")
    REPEAT = "repeat", _("Already scanned")
    REFUSED = "refused", _("Refused")
    UNDONE = "undone", _("Taken back")
