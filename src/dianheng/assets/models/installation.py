"""What hangs where, from when to when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField

from ..choices import HungElement, HungRole


class TsTzRange(Func):
    """A period of moments, the last one excluded; without an end it is open."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


_WHILE = (TsTzRange("installed_at", "removed_at", RangeBoundary()), RangeOperators.OVERLAPS)


class Installation(models.Model):
    """A device at a usage point in a role, for [installed_at, removed_at).

    The database refuses a device at two points at a time, and two devices in one role and
    element of a point at a time.
    """

    device = models.ForeignKey(
        "assets.Device", models.PROTECT, verbose_name=_("Device"), related_name="installations_on_site",
        db_index=False,
    )  # fmt: skip
    usage_point = models.ForeignKey(
        "customers.UsagePoint", models.PROTECT, verbose_name=_("Usage point"),
        related_name="installations", db_index=False,
    )  # fmt: skip
    role = CodeField(_("Role"), choices=HungRole)
    element = CodeField(_("Phase or element"), choices=HungElement, default=HungElement.ALL)
    installed_at = models.DateTimeField(_("Installed"))
    removed_at = models.DateTimeField(_("Taken off"), null=True, blank=True)  # exclusive
    installed_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    removed_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    document = CodeField(_("Document"), default="", blank=True)
    reason = models.TextField(_("Reason of the removal"), default="", blank=True)

    class Meta:
        ordering = ["-installed_at", "-id"]
        indexes = [
            models.Index(fields=["usage_point", "installed_at"], name="installation_point"),
            models.Index(fields=["device", "installed_at"], name="installation_device"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | Q(removed_at__gt=F("installed_at")),
                name="installation_period",
            ),
            ExclusionConstraint(
                name="installation_one_place",
                expressions=[("device", RangeOperators.EQUAL), _WHILE],
            ),
            ExclusionConstraint(
                name="installation_one_device",
                expressions=[
                    ("usage_point", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("element", RangeOperators.EQUAL),
                    _WHILE,
                ],
            ),
        ]
