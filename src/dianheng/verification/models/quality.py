"""质检: verified meters run once more beside a reference meter; what was read is evidence."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField

from ..choices import Moment, QualityKind, QualityOutcome, QualityState, Register
from .fields import NumericField


class QualityBatch(models.Model):
    """质检批次: meters on a register-run or QC bench, a reference meter among them."""

    number = CodeField(_("QC batch"), unique=True)
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Laboratory"), related_name="+"
    )
    kind = CodeField(_("Kind"), choices=QualityKind)
    bench = models.ForeignKey(
        "assets.Device", models.PROTECT, verbose_name=_("Bench"), related_name="+", db_index=False
    )
    reference = models.ForeignKey(
        "assets.Device",
        models.PROTECT,
        verbose_name=_("Reference meter"),
        related_name="+",
        db_index=False,
    )
    state = CodeField(_("State"), choices=QualityState, default=QualityState.OPEN)
    outcome = CodeField(_("Outcome"), choices=QualityOutcome, default="", blank=True)
    lot = models.ForeignKey(
        "assets.Lot",
        models.PROTECT,
        verbose_name=_("Lot"),
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    # As typed: the sample stands for so many devices and may have so many failures.
    stands_for = models.IntegerField(_("Devices that the sample stands for"), null=True)
    allowed_failures = models.IntegerField(_("Failures allowed"), default=0)
    note = models.TextField(_("Note"), default="", blank=True)
    made_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("Made at"))

    class Meta:
        verbose_name = _("QC batch")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["unit", "state", "-id"], name="quality_unit_state"),
            models.Index(fields=["state", "-id"], name="quality_state"),
        ]
        constraints = [
            # A collector's file that names no batch is of the one on its bench.
            models.UniqueConstraint(
                fields=["bench"], condition=Q(state="open"), name="quality_one_on_a_bench"
            ),
            models.CheckConstraint(
                condition=Q(stands_for__gte=1) & Q(allowed_failures__gte=0), name="quality_counts"
            ),
            models.CheckConstraint(
                condition=~Q(bench=F("reference")), name="quality_reference_is_no_bench"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class QualityMeter(models.Model):
    """A meter of a QC batch: in it since its start was read. In one open batch at a time."""

    batch = models.ForeignKey(QualityBatch, models.PROTECT, related_name="meters", db_index=False)
    device = models.ForeignKey("assets.Device", models.PROTECT, related_name="+")
    seq = models.IntegerField()
    is_open = models.BooleanField(default=True)

    class Meta:
        ordering = ["batch", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "device"], name="qualitymeter_once"),
            models.UniqueConstraint(fields=["batch", "seq"], name="qualitymeter_seq"),
            models.UniqueConstraint(
                fields=["device"], condition=Q(is_open=True), name="qualitymeter_one_open_batch"
            ),
        ]


class QualityReading(models.Model):
    """A register read at one end of the run; a correction names what it takes the place of."""

    batch = models.ForeignKey(QualityBatch, models.PROTECT, related_name="readings", db_index=False)
    device = models.ForeignKey("assets.Device", models.PROTECT, related_name="+", db_index=False)
    moment = CodeField(choices=Moment)
    register = CodeField(choices=Register)
    reading_kwh = NumericField()
    read_at = models.DateTimeField()
    collector_no = CodeField(default="", blank=True)
    upload = models.ForeignKey(
        "verification.Upload", models.PROTECT, null=True, related_name="+", db_index=False
    )
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    reason = models.TextField(default="", blank=True)
    read_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["batch", "id"]
        indexes = [models.Index(fields=["batch", "id"], name="qualityreading_batch")]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "device", "moment", "register"],
                condition=Q(replaces__isnull=True),
                name="qualityreading_once",
            ),
            models.CheckConstraint(
                condition=Q(reading_kwh__gte=0), name="qualityreading_not_negative"
            ),
        ]


class QualityVerdict(models.Model):
    """Who judged a QC batch, by which rules, word for word what was signed."""

    batch = models.OneToOneField(QualityBatch, models.PROTECT, related_name="verdict")
    outcome = CodeField(_("Outcome"), choices=QualityOutcome)
    meter_count = models.IntegerField(_("Meters"))
    failure_count = models.IntegerField(_("Failures"))
    reference_kwh = NumericField()
    certificate_no = CodeField(default="", blank=True)  # of the reference meter
    certificate_through = models.DateField(null=True)
    rule_sets = models.JSONField()  # standard, edition, digest
    digest = CodeField()
    comment = models.TextField(default="", blank=True)
    judged_by = models.ForeignKey(
        "identity.Person", models.PROTECT, related_name="+", db_index=False
    )
    acting_for = models.ForeignKey(
        "identity.Person", models.PROTECT, null=True, related_name="+", db_index=False
    )
    qualification_no = CodeField(default="", blank=True)
    judged_at = models.DateTimeField(_("Judged at"))


class QualityResult(models.Model):
    """What a meter of a judged batch came to; kWh."""

    batch = models.ForeignKey(QualityBatch, models.PROTECT, related_name="results", db_index=False)
    device = models.ForeignKey("assets.Device", models.PROTECT, related_name="+")
    seq = models.IntegerField()
    start_kwh = NumericField()
    end_kwh = NumericField()
    increment_kwh = NumericField()
    difference_kwh = NumericField()  # against the reference meter
    limit_kwh = NumericField()
    difference_pct = NumericField()
    rates = models.JSONField(default=dict)  # increment by register
    rates_difference_kwh = NumericField(null=True)  # total less the sum of the rates
    rates_limit_kwh = NumericField(null=True)
    outcome = CodeField(_("Outcome"), choices=QualityOutcome)
    failing_items = models.JSONField(default=list)
    is_apart = models.BooleanField(_("Stands apart"), default=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "seq"], name="qualityresult_seq"),
        ]
