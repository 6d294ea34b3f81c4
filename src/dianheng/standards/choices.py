"""What standards and laboratories are for."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Project(TextChoices):
    """What a laboratory is authorised for and a verifier qualified in."""

    AC_METER = "ac_meter", _("AC electricity meters")
    STANDARD_METER = "standard_meter", _("Standard meters")
    TRANSFORMER = "transformer", _("Instrument transformers")


class PaperKind(TextChoices):
    """Papers that run out, and what rests on them."""

    STANDARD = "standard", _("Certificate of a standard")
    INSTALLATION = "installation", _("Certificate of a measuring standard")
    AUTHORISATION = "authorisation", _("Authorisation of the laboratory")
    QUALIFICATION = "qualification", _("Qualification of a person")


class TestKind(TextChoices):
    """What is done to a measuring standard between its examinations."""

    REPEATABILITY = "repeatability", _("Repeatability test")  # 重复性试验
    STABILITY = "stability", _("Stability test")  # 稳定性考核
    CHECK = "check", _("Intermediate check")  # 期间核查
    COMPARISON = "comparison", _("Comparison")  # 比对


class Finding(TextChoices):
    """What a test came to; the words of the rules."""

    KEPT = "kept", _("Within the limit")
    EXCEEDED = "exceeded", _("Beyond the limit")
    TOO_FEW = "too_few", _("Not enough yet")


FINDING_TONE = {Finding.KEPT: "good", Finding.EXCEEDED: "bad", Finding.TOO_FEW: "busy"}


class PlanState(TextChoices):
    """Where a plan of what goes to higher bodies stands."""

    DRAFT = "draft", _("Draft")
    AGREED = "agreed", _("Agreed with the bodies")  # lines are fixed; orders are made from it


PLAN_TONE = {PlanState.DRAFT: "busy", PlanState.AGREED: "good"}


class Way(TextChoices):
    """Where the higher body does its work."""

    SENT = "sent", _("Sent to the body")  # 送检
    ON_SITE = "on_site", _("The body comes here")  # 现场检定: nothing leaves, nothing is locked


class OrderState(TextChoices):
    """Where a batch of standards for one body stands."""

    LISTED = "listed", _("Listed, not left yet")
    OUT = "out", pgettext_lazy("send-out", "Out")
    PARTLY = "partly", _("Back in part")
    BACK = "back", pgettext_lazy("send-out", "Back")
    CANCELLED = "cancelled", _("Cancelled")


ORDER_TONE = {
    OrderState.LISTED: "busy", OrderState.OUT: "warn", OrderState.PARTLY: "warn",
    OrderState.BACK: "good", OrderState.CANCELLED: "calm",
}  # fmt: skip
AWAY = (OrderState.OUT, OrderState.PARTLY)


class ItemState(TextChoices):
    """Where one standard stands on its way to the higher body and back."""

    PLANNED = "planned", pgettext_lazy("send-out", "Planned")
    LISTED = "listed", _("Listed, not left yet")
    OUT = "out", pgettext_lazy("send-out", "Out")
    BACK = "back", _("Back, locked")  # until its new certificate is in
    DONE = "done", pgettext_lazy("send-out", "Done")
    LOST = "lost", _("Lost on the way")
    DROPPED = "dropped", _("Taken off")


ITEM_TONE = {
    ItemState.PLANNED: "busy", ItemState.LISTED: "busy", ItemState.OUT: "warn",
    ItemState.BACK: "bad", ItemState.DONE: "good", ItemState.LOST: "bad", ItemState.DROPPED: "calm",
}  # fmt: skip


class Presence(TextChoices):
    """Why a standard that went to a higher body cannot be used."""

    OUT = "out", _("Away for verification")  # 送检中
    LATE = "late", _("Return overdue")
    LOCKED = "locked", _("Back, locked")
    LOST = "lost", _("Lost on the way")


PRESENCE_TONE = {
    Presence.OUT: "warn", Presence.LATE: "bad", Presence.LOCKED: "bad", Presence.LOST: "bad",
}  # fmt: skip


class Found(TextChoices):
    """As what a standard came back."""

    GOOD = "good", pgettext_lazy("send-out", "Verified")
    REJECTED = (
        "rejected",
        _("Rejected by the body"),
    )  # 检定不合格, its notice instead of a certificate
    DAMAGED = "damaged", _("Damaged on the way")
    UNTESTED = "untested", _("Not verified")  # 退检: the certificate before counts again


FOUND_TONE = {
    Found.GOOD: "good", Found.REJECTED: "bad", Found.DAMAGED: "bad", Found.UNTESTED: "calm",
}  # fmt: skip
