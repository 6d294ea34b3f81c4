"""The maker's delivery file: stored as received, checked as a whole, taken as a whole."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dianheng.common.fields import CodeField, NameField

from ..choices import DeliveryState


class HeaderMapping(models.Model):
    """What a head means in the files of a maker; asked once, remembered."""

    manufacturer = models.ForeignKey("assets.Manufacturer", models.PROTECT, related_name="+")
    head = NameField(_("Head"))  # as `fields.plain_head` has it
    field = CodeField(_("Field"))  # key of `fields.FIELDS`, or "-": left out

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["manufacturer", "head"], name="headermapping_head"),
        ]


class DeliveryFile(models.Model):
    """A file for one order line. The same bytes for the same line are the same delivery."""

    number = CodeField(_("Delivery file"), unique=True)
    line = models.ForeignKey(
        "supply.OrderLine", models.PROTECT, verbose_name=_("Order line"), related_name="deliveries"
    )
    name = NameField(_("File"))
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, related_name="+")
    digest = CodeField(_("SHA-256"))  # of the file, for the constraint below
    size = models.BigIntegerField(_("Size, bytes"))
    state = CodeField(_("State"), choices=DeliveryState, default=DeliveryState.RECEIVED)
    kind = CodeField(_("Form"), default="")  # xlsx, csv
    encoding = CodeField(_("Encoding"), default="", blank=True)
    head_row = models.IntegerField(_("Row of the heads"), default=0)
    columns = models.JSONField(_("Columns"), default=list)  # [{head, field, samples}]
    row_count = models.IntegerField(_("Devices"), null=True)
    fault_count = models.IntegerField(_("Faults"), default=0)
    warning_count = models.IntegerField(_("Remarks"), default=0)
    findings = models.JSONField(_("Findings"), default=list)  # [{code, field, count, is_warning}]
    reason = models.TextField(_("Reason"), blank=True, default="")
    job = models.ForeignKey("common.Job", models.SET_NULL, null=True, related_name="+")
    uploaded_at = models.DateTimeField(pgettext_lazy("file", "Received"), db_default=Now())
    uploaded_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(_("Checked"), null=True)
    taken_at = models.DateTimeField(_("Taken"), null=True)
    taken_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["line", "digest"], name="deliveryfile_digest"),
        ]

    def __str__(self) -> str:
        return self.number


class DeliveryFault(models.Model):
    """One fault of the last check. Bookkeeping: each check writes them anew from the file."""

    delivery = models.ForeignKey(
        DeliveryFile, models.CASCADE, related_name="faults", db_index=False
    )
    row_no = models.BigIntegerField(_("Row"))  # of the file; 0: the file as a whole
    field = CodeField(_("Column"))
    code = CodeField(_("Code"))
    value = models.TextField(_("Value"), default="")
    facts = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["delivery", "row_no", "id"], name="deliveryfault_row"),
            models.Index(fields=["delivery", "code", "row_no"], name="deliveryfault_code"),
        ]
