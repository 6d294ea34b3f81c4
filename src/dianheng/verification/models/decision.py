"""Who agreed to which verdicts, word for word what was signed; all of it evidence."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField

from ..choices import Decision, Outcome


class Review(models.Model):
    """核验: one person looked at a set of verdicts of a task."""

    task = models.ForeignKey(
        "verification.VerificationTask", models.PROTECT, related_name="reviews"
    )
    reviewer = models.ForeignKey(
        "identity.Person", models.PROTECT, related_name="+", db_index=False
    )
    acting_for = models.ForeignKey(
        "identity.Person", models.PROTECT, null=True, related_name="+", db_index=False
    )
    qualification_no = CodeField(default="", blank=True)
    count = models.IntegerField()
    returned = models.IntegerField()
    digest = CodeField()  # over the lines: what was agreed to
    comment = models.TextField(default="", blank=True)
    reviewed_at = models.DateTimeField(_("Reviewed at"))

    class Meta:
        ordering = ["-id"]


class ReviewLine(models.Model):
    """What the reviewer said of one device."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="lines", db_index=False)
    task_device = models.ForeignKey(
        "verification.TaskDevice", models.PROTECT, related_name="reviews"
    )
    verdict = models.ForeignKey("verification.Verdict", models.PROTECT, related_name="reviews")
    decision = CodeField(choices=Decision)
    reason = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["review", "id"]
        constraints = [
            models.UniqueConstraint(fields=["review", "task_device"], name="reviewline_once"),
        ]


class Approval(models.Model):
    """批准: one person signed a set of reviewed verdicts of a task, with the password."""

    task = models.ForeignKey(
        "verification.VerificationTask", models.PROTECT, related_name="approvals"
    )
    approver = models.ForeignKey(
        "identity.Person", models.PROTECT, related_name="+", db_index=False
    )
    acting_for = models.ForeignKey(
        "identity.Person", models.PROTECT, null=True, related_name="+", db_index=False
    )
    qualification_no = CodeField(default="", blank=True)
    count = models.IntegerField()
    digest = CodeField()  # over the lines: what was signed
    counts = models.JSONField(default=dict)  # devices by outcome
    comment = models.TextField(default="", blank=True)
    approved_at = models.DateTimeField(_("Approved at"))

    class Meta:
        ordering = ["-id"]


class ApprovalLine(models.Model):
    """One device of an approval: what it was found to be, until when that holds."""

    approval = models.ForeignKey(Approval, models.PROTECT, related_name="lines", db_index=False)
    task_device = models.ForeignKey(
        "verification.TaskDevice", models.PROTECT, related_name="approvals"
    )
    device = models.ForeignKey("assets.Device", models.PROTECT, related_name="+", db_index=False)
    record = models.ForeignKey("verification.TestRecord", models.PROTECT, related_name="approvals")
    verdict = models.ForeignKey("verification.Verdict", models.PROTECT, related_name="approvals")
    outcome = CodeField(choices=Outcome)
    verified_on = models.DateField()
    validity_mode = CodeField(default="", blank=True)
    valid_through = models.DateField(null=True)  # last day; only of what passed

    class Meta:
        ordering = ["approval", "id"]
        constraints = [
            models.UniqueConstraint(fields=["approval", "task_device"], name="approvalline_once"),
        ]
