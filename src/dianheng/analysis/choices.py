"""Conclusions as columns hold them: one list, with meaning."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Judged(IntegerChoices):
    """A conclusion as a number: the largest of the points of an item is the item's.

    Only a record can be unfit: it passes by the regulation, and something is not as ordered.
    """

    PASS = 0, pgettext_lazy("conclusion", "Passed")
    INCOMPLETE = 1, _("Incomplete")
    FAIL = 2, pgettext_lazy("conclusion", "Failed")
    UNFIT = 3, _("Not as ordered")


JUDGED_TONE = {
    Judged.PASS: "good",
    Judged.INCOMPLETE: "warn",
    Judged.FAIL: "bad",
    Judged.UNFIT: "warn",
}


ERRORS_ONLY = "errors"  # a trial on the errors at the points alone


class Level(IntegerChoices):
    """What of a record changes: the farthest that a change reaches."""

    POINT = 0, _("Points only")  # the item comes out as before: another point decides
    ITEM = 1, _("Item")  # the record comes out as before: another item decides
    RECORD = 2, _("Conclusion of the record")


LEVEL_TONE = {Level.POINT: "calm", Level.ITEM: "busy", Level.RECORD: "warn"}


class Cause(TextChoices):
    """What turned out bad."""

    STANDARD = "standard", _("Standard or bench")
    OUTSIDE = "outside", _("Standard of another body")
    PERSON = "person", pgettext_lazy("cause", "Person")
    SCHEME = "scheme", _("Version of a scheme")
    LABORATORY = "laboratory", _("Environment of a laboratory")
    ROOM = "room", _("Environment of a room")


BY_STANDARDS = (Cause.STANDARD, Cause.OUTSIDE)  # which reach records by way of standards


class Risk(IntegerChoices):
    """Whether the verdict of a record may be wrong: by how near a point is to where it turns.

    With an error found at the standard: within that error; within twice that error; further away.
    Without: within the share of the limit that the setting names; within twice that share.
    """

    LOW = 0, pgettext_lazy("risk", "Low")
    MEDIUM = 1, pgettext_lazy("risk", "Medium")
    HIGH = 2, pgettext_lazy("risk", "High")
    UNKNOWN = 3, pgettext_lazy("risk", "Not measured")


RISK_TONE = {Risk.LOW: "calm", Risk.MEDIUM: "warn", Risk.HIGH: "bad", Risk.UNKNOWN: "warn"}
