"""What analyses of records keep: points by their shape, rules tried on the past."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField
from dianheng.verification.models.fields import NumericField

from .choices import Cause, Judged, Risk


class PointShape(models.Model):
    """Everything that decides the rule of a point of the basic error, but for the readings.

    Millions of points have some hundred shapes: columns hold the key.
    """

    model = models.ForeignKey("assets.DeviceModel", models.PROTECT, related_name="+")
    scheme_version = models.ForeignKey(
        "verification.TestSchemeVersion", models.PROTECT, related_name="+", db_index=False
    )
    direction = CodeField()
    phases = CodeField()
    load_point = CodeField()
    factor = CodeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model", "scheme_version", "direction", "phases", "load_point", "factor"],
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
    untried_count = models.BigIntegerField(_("Points not tried"), null=True)
    changed_count = models.BigIntegerField(_("Points that change"), null=True)
    turns = models.JSONField(default=list)  # [[before, after, points, records]]

    class Meta:
        verbose_name = _("Trial of a rule")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


class TrialRecord(models.Model):
    """A record of which a point changes its conclusion in a trial."""

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
    before = models.SmallIntegerField(_("Basic error until now"), choices=Judged)
    after = models.SmallIntegerField(_("Basic error as tried"), choices=Judged)
    point_count = models.IntegerField(_("Points that change"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trial", "record"], name="trialrecord_once"),
        ]
        indexes = [
            models.Index(
                fields=["trial", "before", "after", "-record"],
                name="trialrecord_turn",
            ),
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
    counts = models.JSONField(default=dict)  # records by risk
    branches = models.JSONField(default=list)  # bench, task, unit and state of devices, by risk

    class Meta:
        verbose_name = _("Trace")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number

    @property
    def guard(self) -> str:
        """The error found as people write it."""
        return "" if self.found_error_pct is None else f"{self.found_error_pct.normalize():f}"


class TracedRecord(models.Model):
    """A record that the cause of a trace touched, and how near it is to a limit."""

    trace = models.ForeignKey(
        Trace, models.CASCADE, related_name="records", db_index=False, db_constraint=False
    )
    record = models.ForeignKey(
        "verification.TestRecord",
        models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    risk = models.SmallIntegerField(_("Risk"), choices=Risk)
    # Smallest distance of a point to its limit, %: negative beyond it.
    margin_pct = NumericField(_("Margin, %"), null=True)
    recall = CodeField(_("Recall"), default="", blank=True)  # the process that took it up

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trace", "record"], name="tracedrecord_once"),
        ]
        indexes = [
            models.Index(fields=["trace", "risk", "id"], name="tracedrecord_risk"),
        ]
