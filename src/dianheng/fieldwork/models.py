"""Tasks of checks on site, what was measured, and the orders that follow."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from .choices import OrderKind, OrderState, Outcome, Source, TaskKind, TaskReason, TaskState


class FieldTask(models.Model):
    """现场检验任务: a usage point is checked by two people by a day."""

    number = CodeField(_("Task"), unique=True)
    usage_point = models.ForeignKey(
        "customers.UsagePoint", models.PROTECT, verbose_name=_("Usage point"), related_name="+"
    )
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+", db_index=False
    )
    kind = CodeField(_("What is checked"), choices=TaskKind)
    reason = CodeField(_("Why"), choices=TaskReason, default=TaskReason.PERIODIC)
    due_on = models.DateField(_("Due"))
    leader = models.ForeignKey(
        "identity.Person", models.PROTECT, verbose_name=_("Leader"), related_name="+"
    )
    second = models.ForeignKey(
        "identity.Person", models.PROTECT, verbose_name=_("Second person"), related_name="+"
    )
    state = CodeField(_("State"), choices=TaskState, default=TaskState.OPEN)
    made_at = models.DateTimeField(_("Made"), db_default=Now())
    note = models.TextField(_("Note"), default="", blank=True)
    origin = CodeField(_("Origin"), default="", blank=True)  # the document that asked for it

    class Meta:
        verbose_name = _("Field task")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["unit", "state", "due_on"], name="fieldtask_unit"),
            models.Index(fields=["due_on", "id"], name="fieldtask_due"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(leader=F("second")), name="fieldtask_two_people"),
        ]

    def __str__(self) -> str:
        return self.number


class FieldCheck(models.Model):
    """现场检验记录: what was measured on a day, as it came in, and what the rules say of it.

    Written once. `received` is what came in, `sheet` the same by the names of the program;
    a wrong record is followed by another attempt of its task.
    """

    number = CodeField(_("Field record"), unique=True)
    task = models.ForeignKey(
        FieldTask, models.PROTECT, verbose_name=_("Task"), related_name="checks"
    )
    attempt = models.SmallIntegerField(_("Attempt"))
    meter = models.ForeignKey(
        "assets.Device", models.PROTECT, verbose_name=_("Meter"), null=True, related_name="+"
    )
    transformer = models.ForeignKey(  # the one that was measured; null: meter and circuits were
        "assets.Device", models.PROTECT, verbose_name=_("Transformer"), null=True, related_name="+"
    )
    calibrator = models.ForeignKey(
        "assets.Device", models.PROTECT, verbose_name=_("Calibrator"), null=True, related_name="+"
    )
    calibrator_no = CodeField(default="", blank=True)  # as stated
    certificate_no = CodeField(_("Certificate"), default="", blank=True)
    certificate_through = models.DateField(_("Certificate valid through"), null=True)
    done_at = models.DateTimeField(_("Checked at"))
    received = models.JSONField()
    sheet = models.JSONField()
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, related_name="+")
    source = CodeField(_("Came in by"), choices=Source)
    upload_id = CodeField(unique=True)
    digest = CodeField()
    results = models.JSONField()  # what the rules say of each item
    rule_sets = models.JSONField()  # standard, edition, digest
    blocks = models.JSONField(default=list)  # why there is no verdict
    outcome = CodeField(_("Outcome"), choices=Outcome)
    leader = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    second = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    signer = NameField(_("Signed for the customer"), default="", blank=True)
    recorded_at = models.DateTimeField(db_default=Now())
    recorded_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("Record of a check on site")
        ordering = ["-done_at", "-id"]
        indexes = [
            models.Index(fields=["done_at", "id"], name="fieldcheck_done"),
            models.Index(fields=["meter", "done_at"], name="fieldcheck_meter"),
            models.Index(fields=["transformer", "done_at"], name="fieldcheck_transformer"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["task", "attempt"], name="fieldcheck_attempt"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def device(self) -> Any:
        """What was measured, where it is known."""
        return self.transformer or self.meter


class FieldOrder(models.Model):
    """What has to be put right after a check, by a day that the rules give."""

    number = CodeField(_("Order after a check"), unique=True)
    check_record = models.ForeignKey(
        FieldCheck, models.PROTECT, verbose_name=_("Field record"), related_name="orders"
    )
    usage_point = models.ForeignKey(
        "customers.UsagePoint", models.PROTECT, verbose_name=_("Usage point"), related_name="+"
    )
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+", db_index=False
    )
    device = models.ForeignKey(
        "assets.Device", models.PROTECT, verbose_name=_("Device"), null=True, related_name="+"
    )
    kind = CodeField(_("What is ordered"), choices=OrderKind)
    cause = models.TextField(_("Cause"))
    rule = CodeField(_("Rule"))  # DL/T 448-2016 actions/replace_working_days
    opened_at = models.DateTimeField(_("Opened"))
    due_on = models.DateField(_("Due"))
    state = CodeField(_("State"), choices=OrderState, default=OrderState.OPEN)
    done_on = models.DateField(_("Carried out on"), null=True)
    done_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    process = CodeField(_("Process"), default="", blank=True)  # number of the one that carries it
    what_done = models.TextField(_("What was done"), default="", blank=True)

    class Meta:
        verbose_name = _("Order after a check")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["unit", "state", "due_on"], name="fieldorder_unit"),
            models.Index(fields=["due_on", "id"], name="fieldorder_due"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["check_record", "kind"], name="fieldorder_once"),
        ]

    def __str__(self) -> str:
        return self.number
