"""Kinds and states of checks on site and of the orders that follow."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class TaskKind(TextChoices):
    """What is checked; a record may hold more than was asked for."""

    METER = "meter", _("Meter and wiring")  # 电能表现场检验
    SECONDARY = "secondary", _("Secondary circuits")  # 二次压降、二次负荷测试
    TRANSFORMER = "transformer", _("Transformers")  # 互感器现场检验
    WHOLE = "whole", _("Whole installation")


class TaskReason(TextChoices):
    """Why it is checked."""

    FIRST = "first", _("First check after commissioning")
    PERIODIC = "periodic", _("Periodic check")
    RECHECK = "recheck", _("After an order")
    DOUBT = "doubt", _("Doubt about the meter")


class TaskState(TextChoices):
    """How far a task has come."""

    OPEN = "open", pgettext_lazy("task", "Open")
    DONE = "done", pgettext_lazy("task", "Done")
    CANCELLED = "cancelled", pgettext_lazy("task", "Cancelled")


TASK_TONE = {TaskState.OPEN: "busy", TaskState.DONE: "good", TaskState.CANCELLED: "calm"}


class Outcome(TextChoices):
    """What a check comes to."""

    PASS = "pass", pgettext_lazy("check", "Within limits")
    FAIL = "fail", pgettext_lazy("check", "Out of limits")
    INCOMPLETE = "incomplete", pgettext_lazy("check", "Incomplete")
    PROVISIONAL = "provisional", pgettext_lazy("check", "Provisional")  # rules are not signed yet
    NOT_JUDGED = "not_judged", pgettext_lazy("check", "No verdict")  # kept, but may not count


JUDGED = (Outcome.PASS, Outcome.FAIL)
NO_VERDICT = (Outcome.PROVISIONAL, Outcome.NOT_JUDGED)
# Records of which each item that passed or failed counts, whatever is missing beside it.
COUNTING = (*JUDGED, Outcome.INCOMPLETE)
OUTCOME_TONE = {
    Outcome.PASS: "good",
    Outcome.FAIL: "bad",
    Outcome.INCOMPLETE: "warn",
    Outcome.PROVISIONAL: "warn",
    Outcome.NOT_JUDGED: "warn",
}


class OrderKind(TextChoices):
    """What is ordered after a check."""

    REPLACE_METER = "replace_meter", _("Replace the meter")
    MEND_WIRING = "mend_wiring", _("Put the wiring right")
    MEND_DROP = "mend_drop", _("Mend the voltage drop")
    MEND_BURDEN = "mend_burden", _("Mend the secondary burden")
    REPLACE_TRANSFORMER = "replace_transformer", _("Replace the transformer")


class OrderState(TextChoices):
    """Whether it is carried out."""

    OPEN = "open", pgettext_lazy("order", "To be carried out")
    DONE = "done", pgettext_lazy("order", "Carried out")


ORDER_TONE = {OrderState.OPEN: "busy", OrderState.DONE: "good"}


class Source(TextChoices):
    """How a record came in."""

    PAGE = "page", _("Typed")
    FILE = "file", _("File of the calibrator")
    REST = "rest", _("REST")
