"""The makers' delivery files."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from dianheng.assets.models import DeviceList, ListFault
from dianheng.common.fields import CodeField, NameField


class HeaderMapping(models.Model):
    """What a head means in the files of a maker; asked once, remembered."""

    manufacturer = models.ForeignKey("assets.Manufacturer", models.PROTECT, related_name="+")
    head = NameField(_("Head"))  # as `common.files.plain_head` has it
    field = CodeField(_("Field"))  # key of `fields.FIELDS`, or "-": left out

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["manufacturer", "head"], name="headermapping_head"),
        ]


class DeliveryFile(DeviceList):
    """A file for one order line. The same bytes for the same line are the same delivery."""

    number = CodeField(_("Delivery file"), unique=True)
    line = models.ForeignKey(
        "supply.OrderLine", models.PROTECT, verbose_name=_("Order line"), related_name="deliveries"
    )

    class Meta(DeviceList.Meta):
        constraints = [
            models.UniqueConstraint(fields=["line", "digest"], name="deliveryfile_digest"),
        ]


class DeliveryFault(ListFault):
    """One fault of the last check of a delivery file."""

    delivery = models.ForeignKey(
        DeliveryFile, models.CASCADE, related_name="faults", db_index=False
    )

    class Meta:
        indexes = [
            models.Index(fields=["delivery", "row_no", "id"], name="deliveryfault_row"),
            models.Index(fields=["delivery", "code", "row_no"], name="deliveryfault_code"),
        ]
