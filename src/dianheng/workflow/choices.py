"""States of instances and tasks, and what happens to them: one list, with meaning."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class InstanceState(TextChoices):
    """Where an instance of a process stands."""

    RUNNING = "running", _("Under way")
    SUSPENDED = "suspended", _("Suspended")  # nothing moves until it is resumed
    DONE = "done", _("Ended")
    WITHDRAWN = "withdrawn", _("Withdrawn by its starter")


class TaskState(TextChoices):
    """Where a task of a person stands."""

    OPEN = "open", _("Offered")  # to everybody of its posts
    CLAIMED = "claimed", _("Being worked on")  # by one person
    DONE = "done", _("Done")
    SENT_BACK = "sent_back", _("Sent back")  # what followed a step that is done anew
    CLOSED = "closed", _("No longer needed")  # a timer, a withdrawal or another branch ended it


OPEN_STATES = (TaskState.OPEN, TaskState.CLAIMED)


class Role(TextChoices):
    """What the post does at a task; handling and approving exclude each other."""

    HANDLE = "handle", _("Handles")
    APPROVE = "approve", _("Approves")
    READ = "read", _("Takes note")


class DutyKind(TextChoices):
    """By what one person could handle and approve."""

    OWN = "own", _("Two posts")
    STAND_IN = "stand_in", _("Standing in")
    TWO_PROCESSES = "two_processes", _("Two processes")
    PAST = "past", _("A post held before")


class WideKind(TextChoices):
    """Why a right is one too many, and what to do about it."""

    IDLE = "idle", _("Nothing of the post is used: end the post")
    INSIDE = "inside", _("Another post of the person holds all of it: end the post")
    NOBODY = "nobody", _("Nobody who holds the post uses it: take it out of the post")
    SOME = "some", _("Others of the post use it, these people do not: split the post")
    UNKNOWN = "unknown", _("The program knows no such right any more: take it out of the post")


class NoteKind(TextChoices):
    """What stands in the course of an instance beside its tasks."""

    START = "start", _("Begun")
    COMMENT = "comment", _("Remark")
    URGE = "urge", _("Urged")
    HAND_OVER = "hand_over", _("Handed to another person")
    SEND_BACK = "send_back", _("Sent back")
    SERVICE = "service", _("Done by the program")
    UNDO = "undo", _("Undone by the program")
    ASK = "ask", _("Asked for an opinion")
    LATE = "late", _("Told as late")
    MESSAGE = "message", _("A message came")
    MIGRATE = "migrate", _("Moved to another version")
    SUSPEND = "suspend", _("Suspended")
    RESUME = "resume", _("Resumed")
    WITHDRAW = "withdraw", _("Withdrawn")


class RemarkKind(TextChoices):
    """What does not fit on a form."""

    CHOICE = "choice", _("A choice is missing")
    UNIT = "unit", _("The unit is wrong")
    FIELD = "field", _("A field is missing")
    LIMIT = "limit", _("The limit is unrealistic")
    OTHER = "other", _("Something else")


class RemarkOutcome(TextChoices):
    """How a remark on a form was answered."""

    ADOPTED = "adopted", _("Adopted")  # with a new version of the pack
    DECLINED = "declined", _("Declined")


REMARK_TONE = {RemarkOutcome.ADOPTED: "good", RemarkOutcome.DECLINED: "calm"}


# Names of modules and classes that packs which ship use; a company's own names stand as they are.
CLASSES = {
    "metering": _("Metering"),
    "customer": _("Customer service"),
    "office": _("Office"),
    "asset-management": _("Assets"),
    "daily-affairs": _("Daily affairs"),
    "metering-service": _("Metering service"),
    "office-affairs": _("Office affairs"),
    "planning": _("Plans"),
    "quality": _("Quality"),
}

# Colours of states, decided here only: good, busy, warn, bad, calm.
INSTANCE_TONE = {
    InstanceState.RUNNING: "busy",
    InstanceState.SUSPENDED: "warn",
    InstanceState.DONE: "good",
    InstanceState.WITHDRAWN: "calm",
}
TASK_TONE = {
    TaskState.OPEN: "warn",
    TaskState.CLAIMED: "busy",
    TaskState.DONE: "good",
    TaskState.SENT_BACK: "bad",
    TaskState.CLOSED: "calm",
}
