"""Where electricity is measured, and for whom."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from .choices import CLASSES, Circuit, Purpose


class UsagePoint(models.Model):
    """计量点: one place where energy is measured; what hangs there is in `assets.Installation`.

    `rated_kv` is the voltage of the supply, not of the meter's terminals.
    """

    number = CodeField(_("Usage point"), unique=True)
    name = NameField(_("Name"))
    customer_name = NameField(_("Customer"), default="", blank=True)
    address = models.TextField(_("Address"), default="", blank=True)
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+", db_index=False
    )
    purpose = CodeField(_("Purpose"), choices=Purpose, default=Purpose.SETTLEMENT)
    wiring = CodeField(_("Wiring"), choices=Circuit)
    rated_kv = models.DecimalField(_("Supply voltage, kV"), max_digits=8, decimal_places=3)
    device_class = CodeField(_("Class of the device"), choices=CLASSES)
    class_edition = CodeField(_("Edition of DL/T 448"))
    made_at = models.DateTimeField(_("Entered on"), db_default=Now())
    closed_on = models.DateField(_("Closed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("Usage point")
        ordering = ["number"]
        indexes = [
            models.Index(fields=["unit", "number"], name="usagepoint_unit"),
            models.Index(fields=["device_class", "id"], name="usagepoint_class"),
            models.Index(fields=["name", "id"], name="usagepoint_name"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(number__regex=r"^[!-~]{1,40}$"), name="usagepoint_number"),
            models.CheckConstraint(condition=Q(rated_kv__gt=0), name="usagepoint_voltage"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.name}"
