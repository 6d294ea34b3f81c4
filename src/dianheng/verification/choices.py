"""Kinds, states and outcomes of verification: one list, with meaning."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class TaskKind(TextChoices):
    """Why devices are tested."""

    INITIAL = "initial", _("Initial verification")  # 首次检定
    SUBSEQUENT = "subsequent", _("Subsequent verification")  # 后续检定
    IN_USE = "in_use", _("In-use inspection")  # 使用中检查
    TEMPORARY = "temporary", _("Temporary verification")  # 临时检定
    CUSTOMER_REQUEST = "customer_request", _("At the customer's request")  # 客户申校
    ARBITRATION = "arbitration", _("Arbitration")  # 仲裁检定
    SAMPLING = "sampling", _("Sampling")  # 抽检
    ACCEPTANCE = "acceptance", _("Acceptance")  # 验收
    FIELD_CHECK = "field_check", _("Field check")  # 现场检验


# Kinds whose items are those of a first verification; all others are subsequent ones.
FIRST_KINDS = (TaskKind.INITIAL, TaskKind.SAMPLING, TaskKind.ACCEPTANCE)
# The devices of these wait for the decision on their lot: approval alone moves none of them.
LOT_DECIDES = (TaskKind.SAMPLING, TaskKind.ACCEPTANCE)


class TaskState(TextChoices):
    """Where a task stands."""

    OPEN = "open", _("Open")
    DONE = "done", _("Done")  # every device approved or taken out
    CANCELLED = "cancelled", _("Cancelled")  # before any result


class Step(TextChoices):
    """How far a device of a task is; later results take it back to TESTED."""

    WAITING = "waiting", _("To be tested")
    TESTED = "tested", _("To be reviewed")
    REVIEWED = "reviewed", _("To be approved")
    APPROVED = "approved", _("Approved")
    WITHDRAWN = "withdrawn", _("Taken out")


class Outcome(TextChoices):
    """What a verdict comes to."""

    PASSED = "passed", _("Qualified")
    OUTSIDE_CONTROL = "outside_control", _("Outside internal control")  # legally passed
    UNFIT = "unfit", _("Not as ordered")  # legally passed; keys, parameters, relay are wrong
    FAILED = "failed", _("Unqualified")
    INCOMPLETE = "incomplete", _("Incomplete")  # something is missing: tested again or added
    PROVISIONAL = "provisional", _("Provisional")  # a rule set in use is not signed yet
    BLOCKED = "blocked", _("Blocked")  # kept as received; a rule forbids a verdict


DECIDED = (Outcome.PASSED, Outcome.OUTSIDE_CONTROL, Outcome.UNFIT, Outcome.FAILED)

# Colours of outcomes, decided here only.
OUTCOME_TONE = {
    Outcome.PASSED: "good",
    Outcome.OUTSIDE_CONTROL: "warn",
    Outcome.UNFIT: "warn",
    Outcome.FAILED: "bad",
    Outcome.INCOMPLETE: "busy",
    Outcome.PROVISIONAL: "busy",
    Outcome.BLOCKED: "bad",
}
STEP_TONE = {
    Step.WAITING: "calm",
    Step.TESTED: "busy",
    Step.REVIEWED: "busy",
    Step.APPROVED: "good",
    Step.WITHDRAWN: "calm",
}
TASK_TONE = {TaskState.OPEN: "busy", TaskState.DONE: "good", TaskState.CANCELLED: "calm"}


class LoadState(TextChoices):
    """Where a bench load stands."""

    OPEN = "open", _("Being loaded")
    FETCHED = "fetched", _("Fetched by the bench")
    DONE = "done", _("Results received")
    CANCELLED = "cancelled", _("Cancelled")


LOAD_TONE = {
    LoadState.OPEN: "busy",
    LoadState.FETCHED: "busy",
    LoadState.DONE: "good",
    LoadState.CANCELLED: "calm",
}


class Source(TextChoices):
    """The door through which results came."""

    REST = "rest", _("REST")
    FILE = "file", _("Watched folder")
    MDS = "mds", _("Middle tables")
    PAGE = "page", _("Sent from the page")
    HAND = "hand", _("Entered by hand")


class UploadState(TextChoices):
    """What became of an upload."""

    TAKEN = "taken", _("Taken")
    PARTLY = "partly", _("Taken in part")
    REFUSED = "refused", _("Refused")


UPLOAD_TONE = {UploadState.TAKEN: "good", UploadState.PARTLY: "warn", UploadState.REFUSED: "bad"}


class Decision(TextChoices):
    """What a reviewer says of a device."""

    AGREE = "agree", _("Agreed")
    RETURN = "return", _("Sent back")  # to be tested again, with a reason


class QualityKind(TextChoices):
    """On what meters that were verified are looked at again."""

    REGISTER_RUN = "register_run", _("Register-run bench")  # 走字台
    QC_BENCH = "qc_bench", _("QC bench")  # 质检台


class QualityState(TextChoices):
    """Where a QC batch stands."""

    OPEN = "open", _("Being read")
    JUDGED = "judged", pgettext_lazy("batch", "Judged")
    CANCELLED = "cancelled", pgettext_lazy("batch", "Cancelled")


QUALITY_TONE = {
    QualityState.OPEN: "busy",
    QualityState.JUDGED: "calm",
    QualityState.CANCELLED: "calm",
}


class QualityOutcome(TextChoices):
    """What a meter of a QC batch, and the batch, come to."""

    PASSED = "passed", pgettext_lazy("QC", "Passed")
    FAILED = "failed", pgettext_lazy("QC", "Failed")
    NOT_JUDGED = "not_judged", pgettext_lazy("QC", "Not judged")  # a meter whose rates lack


QUALITY_OUTCOME_TONE = {
    QualityOutcome.PASSED: "good",
    QualityOutcome.FAILED: "bad",
    QualityOutcome.NOT_JUDGED: "warn",
}


class Moment(TextChoices):
    """At which end of a run a register is read."""

    START = "start", _("Start of the run")
    END = "end", _("End of the run")


class Register(TextChoices):
    """Registers of active energy."""

    TOTAL = "total", pgettext_lazy("register", "Total")
    SHARP = "sharp", pgettext_lazy("register", "Sharp")
    PEAK = "peak", pgettext_lazy("register", "Peak")
    FLAT = "flat", pgettext_lazy("register", "Flat")
    VALLEY = "valley", pgettext_lazy("register", "Valley")


RATES = (Register.SHARP, Register.PEAK, Register.FLAT, Register.VALLEY)
