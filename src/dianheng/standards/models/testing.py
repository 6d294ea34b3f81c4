"""Tests of measuring standards between their examinations."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField, NumericField

from ..choices import Finding, TestKind


class StandardTest(models.Model):
    """A group of readings on a check standard, or a comparison, with what it came to; evidence.

    A mistyped one stays and is corrected by another that replaces it; only what nothing replaces
    counts, of a series and a day one.

    `limit` is the standard's own: s of the uncertainty budget, the largest permissible error or
    U; of a comparison it follows from both uncertainties.
    """

    installation = models.ForeignKey(
        "standards.StandardInstallation", models.PROTECT, related_name="tests"
    )
    kind = CodeField(_("Kind"), choices=TestKind)
    done_on = models.DateField(_("Done on"))
    check_standard = NameField(_("Check standard"))
    point = CodeField(_("Measuring point"))
    unit = CodeField(_("Unit of measurement"))
    readings = ArrayField(NumericField(), verbose_name=_("Readings"))
    mean = NumericField(_("Mean"))
    deviation = NumericField(_("Standard deviation"), null=True)
    found = NumericField(_("Found"), null=True)
    limit = NumericField(_("Limit"))
    reference = NumericField(_("Reference value"), null=True)
    u_ours = NumericField(null=True)
    u_reference = NumericField(null=True)
    finding = CodeField(_("Finding"), choices=Finding)
    edition = CodeField()  # of JJF 1033
    made_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    note = models.TextField(_("Note"), blank=True, default="")
    replaces = models.OneToOneField(
        "self", models.PROTECT, verbose_name=_("Corrects"), null=True, related_name="replaced_by"
    )
    reason = models.TextField(_("Reason"), blank=True, default="")  # of the correction
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-done_on", "-id"]
        indexes = [
            models.Index(fields=["installation", "kind", "-done_on"], name="standardtest_of")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(replaces__isnull=True) | ~Q(reason=""), name="standardtest_correction"
            )
        ]
