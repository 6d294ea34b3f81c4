"""Reminders of papers that end."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from ..choices import PaperKind


class Reminder(models.Model):
    """That a paper ends within so many months: raised once for each step, acknowledged by name.

    `months` is 0 once the last day is over. A step, a new paper or an end of use settles the
    reminder before; at most one of a paper is open.
    """

    kind = CodeField(_("Kind of paper"), choices=PaperKind)
    paper_id = models.BigIntegerField()
    months = models.SmallIntegerField(_("Months before"))
    unit = models.ForeignKey("identity.Unit", models.PROTECT, related_name="+")
    subject = NameField(_("Whose"))
    key = CodeField()  # by which its page is found
    number = CodeField(_("Number"))
    due_on = models.DateField(_("Through"))
    raised_at = models.DateTimeField(_("Raised"), db_default=Now())
    settled_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(_("Acknowledged"), null=True)
    acknowledged_by = models.ForeignKey(
        "identity.Person", models.PROTECT, null=True, related_name="+"
    )
    word = models.TextField(_("What is done"), blank=True, default="")

    class Meta:
        ordering = ["due_on", "id"]
        indexes = [
            models.Index(
                fields=["due_on", "id"], name="reminder_open", condition=Q(settled_at=None)
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "paper_id", "months"], name="reminder_step"),
            models.UniqueConstraint(
                fields=["kind", "paper_id"], name="reminder_one_open", condition=Q(settled_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.number}"
