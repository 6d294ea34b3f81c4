"""Tasks, the devices in them, and what stands on a bench."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dianheng.common.fields import CodeField, NameField

from ..choices import LoadState, Outcome, Step, TaskKind, TaskState


class VerificationTask(models.Model):
    """检定任务: which devices are tested by which scheme, and why."""

    number = CodeField(_("Number"), unique=True)
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Laboratory"), related_name="+"
    )
    kind = CodeField(_("Kind"), choices=TaskKind)
    state = CodeField(_("State"), choices=TaskState, default=TaskState.OPEN)
    model = models.ForeignKey(
        "assets.DeviceModel", models.PROTECT, verbose_name=_("Model"), related_name="+"
    )
    lot = models.ForeignKey(
        "assets.Lot", models.PROTECT, verbose_name=_("Lot"), null=True, blank=True, related_name="+"
    )
    scheme_version = models.ForeignKey(
        "verification.TestSchemeVersion", models.PROTECT, verbose_name=_("Scheme"), related_name="+"
    )
    validity_mode = CodeField(_("Validity"))  # metrology.periods.ValidityMode
    client = NameField(_("Client"), blank=True, default="", help_text=_("Empty: the company."))
    origin = CodeField(_("Origin"), blank=True, default="")  # the document that asked for it
    ordered = models.JSONField(_("Ordered parameters"), default=dict, blank=True)
    planned_from = models.DateField(_("Planned from"))
    planned_through = models.DateField(_("Planned through"))
    note = models.TextField(_("Note"), blank=True, default="")
    made_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("Made at"))
    closed_at = models.DateTimeField(_("Closed at"), null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["unit", "state", "-id"], name="task_unit_state"),
            models.Index(fields=["lot"], name="task_lot", condition=Q(lot__isnull=False)),
            models.Index(fields=["origin"], name="task_origin", condition=~Q(origin="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_through__gte=F("planned_from")), name="task_planned"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class TaskDevice(models.Model):
    """A device in a task: how far it is, and the record and verdict that count now.

    A projection of records, reviews and approvals, kept in their transactions. A device is in
    one open task at a time.
    """

    task = models.ForeignKey(
        VerificationTask, models.PROTECT, related_name="devices", db_index=False
    )
    device = models.ForeignKey("assets.Device", models.PROTECT, related_name="tasks")
    seq = models.IntegerField()
    step = CodeField(_("Step"), choices=Step, default=Step.WAITING)
    is_open = models.BooleanField(default=True)
    outcome = CodeField(_("Outcome"), choices=Outcome, default="", blank=True)
    attempts = models.IntegerField(_("Attempts"), default=0)
    record = models.ForeignKey(
        "verification.TestRecord",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    verdict = models.ForeignKey(
        "verification.Verdict",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    is_to_be_sealed = models.BooleanField(default=False)  # approved as passed, seals missing
    returned_reason = models.TextField(default="", blank=True)  # what the reviewer asked for

    class Meta:
        ordering = ["task", "seq"]
        indexes = [
            models.Index(fields=["task", "step", "seq"], name="taskdevice_step"),
            models.Index(
                fields=["task"], name="taskdevice_seal", condition=Q(is_to_be_sealed=True)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["task", "device"], name="taskdevice_once"),
            models.UniqueConstraint(fields=["task", "seq"], name="taskdevice_seq"),
            models.UniqueConstraint(
                fields=["device"], condition=Q(is_open=True), name="taskdevice_one_open_task"
            ),
        ]


class BenchLoad(models.Model):
    """What stands on which position of a bench for one run."""

    number = CodeField(_("Number"), unique=True)
    task = models.ForeignKey(VerificationTask, models.PROTECT, related_name="loads")
    bench = models.ForeignKey(
        "assets.Device", models.PROTECT, verbose_name=_("Bench"), related_name="loads"
    )
    state = CodeField(_("State"), choices=LoadState, default=LoadState.OPEN)
    made_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("Made at"))
    fetched_at = models.DateTimeField(_("Fetched at"), null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["bench", "state", "-id"], name="load_bench_state")]

    def __str__(self) -> str:
        return self.number


class LoadPosition(models.Model):
    """One device on one position of a load; a retest says why it is tested again."""

    load = models.ForeignKey(BenchLoad, models.CASCADE, related_name="positions", db_index=False)
    position = models.IntegerField(pgettext_lazy("bench", "Position"))
    task_device = models.ForeignKey(TaskDevice, models.PROTECT, related_name="positions")
    attempt = models.IntegerField(_("Attempt"), default=1)
    reason = models.TextField(_("Reason of the retest"), default="", blank=True)
    loaded_at = models.DateTimeField()

    class Meta:
        ordering = ["load", "position"]
        constraints = [
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=1000), name="loadposition_position"
            ),
            models.UniqueConstraint(fields=["load", "position"], name="loadposition_place"),
            models.UniqueConstraint(fields=["load", "task_device"], name="loadposition_device"),
        ]


class BenchKey(models.Model):
    """A bench signs its uploads: which generation of its key is in force.

    The key itself is derived from the program's secret (`services.upload.bench_secret`) and
    stands in no table. Without a row the bench's uploads need no signature.
    """

    bench = models.OneToOneField("assets.Device", models.PROTECT, related_name="bench_key")
    generation = models.IntegerField(default=1)
    made_at = models.DateTimeField()
