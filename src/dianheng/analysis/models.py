"""What analyses of records keep: points by their shape, rules tried on the past."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField
from dianheng.verification.models.fields import NumericField

from .choices import Cause, Judged, Level, Risk


class PointShape(models.Model):
    """Everything that decides the rule of a point, but for what was measured there.

    Millions of points have some hundred shapes: columns hold the key.
    """

    model = models.ForeignKey("assets.DeviceModel", models.PROTECT, related_name="+")
    scheme_version = models.ForeignKey(
        "verification.TestSchemeVersion", models.PROTECT, related_name="+", db_index=False
    )
    # Item of a record; `ratio_error/stability` is what is derived from one.
    item = CodeField(default="basic_error")
    direction = CodeField()
    phases = CodeField()
    load_point = CodeField()
    factor = CodeField()
    ratio = CodeField(default="")  # of transformers

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "model",
                    "scheme_version",
                    "item",
                    "direction",
                    "phases",
                    "load_point",
                    "factor",
                    "ratio",
                ],
                name="pointshape_once",
            ),
        ]


class RuleTrial(models.Model):
    """Another rule tried on past readings: what was tried, on what, and what came of it."""

    unit = models.ForeignKey(
        "identity.Unit",
        models.PROTECT,
        verbose_name=_("Unit"),
        related_name="+",
        help_text=_("Records of this unit and of those below it."),
    )
    title = NameField(_("What is asked"))
    from_day = models.DateField(_("Tested from"), null=True, blank=True)
    through_day = models.DateField(_("Tested through"), null=True, blank=True)
    standard = CodeField(_("Rule set of the records"), default="", blank=True)  # empty: every one
    edition = CodeField(default="", blank=True)
    tried_standard = CodeField(_("Rule set to try"), default="", blank=True)  # empty: the same
    tried_edition = CodeField(default="", blank=True)
    # One item, or the errors at the points; empty: everything that has a limit.
    item = CodeField(_("Tried on"), default="", blank=True)
    limit_factor = models.DecimalField(_("Limit times"), max_digits=6, decimal_places=4, default=1)
    interval_factor = models.DecimalField(
        _("Rounding interval times"), max_digits=6, decimal_places=4, default=1
    )
    job = models.ForeignKey(
        "common.Job", models.SET_NULL, null=True, related_name="+", db_index=False
    )
    made_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("Made at"))
    finished_at = models.DateTimeField(_("Finished at"), null=True)
    point_count = models.BigIntegerField(_("Points tried"), null=True)
    item_count = models.BigIntegerField(_("Other items tried"), null=True)
    unlimited_count = models.BigIntegerField(_("Items without a limit"), null=True)
    untried_count = models.BigIntegerField(_("Not tried"), null=True)
    changed_count = models.BigIntegerField(_("Points that change"), null=True)  # and items
    # Records of all units that the columns did not hold yet when it ran.
    missing_count = models.BigIntegerField(_("Records not included yet"), null=True)
    turns = models.JSONField(default=list)  # [[before, after, points, item]]

    class Meta:
        verbose_name = _("Trial of a rule")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


class TrialRecord(models.Model):
    """A record of which a point, an item or the whole changes its conclusion in a trial."""

    trial = models.ForeignKey(
        RuleTrial, models.CASCADE, related_name="records", db_index=False, db_constraint=False
    )
    record = models.ForeignKey(
        "verification.TestRecord",
        models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    level = models.SmallIntegerField(_("What changes"), choices=Level)
    items = ArrayField(CodeField(), default=list)  # in which a point changes
    before = models.SmallIntegerField(_("Record until now"), choices=Judged)
    after = models.SmallIntegerField(_("Record as tried"), choices=Judged)
    point_count = models.IntegerField(_("Points that change"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trial", "record"], name="trialrecord_once"),
        ]
        indexes = [
            models.Index(fields=["trial", "level", "-record"], name="trialrecord_level"),
        ]


class Trace(models.Model):
    """量值追溯: a cause turned out bad; everything it touched in a period, with the risk of each."""

    number = CodeField(_("Number"), unique=True)
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+"
    )
    cause = CodeField(_("What turned out bad"), choices=Cause)
    cause_key = models.BigIntegerField()
    cause_text = NameField(_("Which"))
    from_at = models.DateTimeField(
        _("Last known good"), help_text=_("Tests from this moment on are touched.")
    )
    through_at = models.DateTimeField(_("Found bad"))
    found_error_pct = models.DecimalField(
        _("Error found, %"), max_digits=12, decimal_places=6, null=True
    )
    reason = models.TextField(_("What was found"))
    made_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("Made at"))
    job = models.ForeignKey(
        "common.Job", models.SET_NULL, null=True, related_name="+", db_index=False
    )
    finished_at = models.DateTimeField(_("Finished at"), null=True)
    digest = CodeField(default="")  # over the rows as they were found (`kept.digest_of`)
    counts = models.JSONField(default=dict)  # records by risk
    point_count = models.IntegerField(_("Usage points touched"), default=0)
    customer_count = models.IntegerField(_("Customers touched"), default=0)
    branches = models.JSONField(default=list)  # bench, task, unit, state of devices, risk: records
    # Of a standard: what was certified with it (bar code, certificate, by which, first and last day).
    certified = models.JSONField(default=list)
    # Of a room: records of its laboratory without a bench whose standards stood in no room either.
    unplaced_count = models.IntegerField(_("Records that cannot be placed"), default=0)
    unplaced = models.JSONField(default=list)  # numbers of the newest of them

    class Meta:
        verbose_name = _("Trace")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number

    @property
    def guard(self) -> str:
        """The error found as people write it."""
        return "" if self.found_error_pct is None else f"{self.found_error_pct.normalize():f}"


def _of_one() -> models.Q:
    """Exactly one of the three is named."""
    names = ("record", "field_check", "quality_meter")
    found = models.Q()
    for chosen in names:
        found |= models.Q(**{f"{name}__isnull": name != chosen for name in names})
    return found


class TracedRecord(models.Model):
    """A record, a check on site or a meter of a QC batch that the cause of a trace touched, and its risk.

    `device` is what was tested; `usage_point` where it hung last since then, or where it was
    checked: whose energy was measured with it.
    """

    trace = models.ForeignKey(
        Trace, models.CASCADE, related_name="records", db_index=False, db_constraint=False
    )
    record = models.ForeignKey(
        "verification.TestRecord",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    field_check = models.ForeignKey(
        "fieldwork.FieldCheck",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    quality_meter = models.ForeignKey(
        "verification.QualityMeter",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    device = models.ForeignKey(
        "assets.Device",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    done_at = models.DateTimeField(_("Tested at"))
    usage_point = models.ForeignKey(
        "customers.UsagePoint",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    risk = models.SmallIntegerField(_("Risk"), choices=Risk)
    # Smallest distance of a point to where its conclusion turns, %: negative beyond it.
    margin_pct = NumericField(_("Margin, %"), null=True)
    recall = CodeField(_("Recall"), default="", blank=True)  # the process that took it up

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trace", "record"], name="tracedrecord_once"),
            models.UniqueConstraint(
                fields=["trace", "field_check"],
                name="tracedrecord_check_once",
                condition=models.Q(field_check__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["trace", "quality_meter"],
                name="tracedrecord_quality_once",
                condition=models.Q(quality_meter__isnull=False),
            ),
            models.CheckConstraint(condition=_of_one(), name="tracedrecord_of_one"),
        ]
        indexes = [
            models.Index(fields=["trace", "risk", "id"], name="tracedrecord_risk"),
        ]

    @property
    def number(self) -> str:
        """That of the record, of the check on site, or of the QC batch with the place in it."""
        if self.quality_meter:
            return f"{self.quality_meter.batch.number}/{self.quality_meter.seq}"
        return str((self.record or self.field_check).number)  # type: ignore[union-attr]

    @property
    def bench(self) -> Any:
        """The bench, or the calibrator of a check on site."""
        if self.quality_meter:
            return self.quality_meter.batch.bench
        return self.record.bench if self.record else self.field_check.calibrator  # type: ignore[union-attr]
