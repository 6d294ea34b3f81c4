"""What was ordered, and the numbers that were issued for it before production."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField

from ..choices import OrderState


class PurchaseOrder(models.Model):
    """An order to one maker."""

    order_no = CodeField(_("Order"), unique=True)
    manufacturer = models.ForeignKey(
        "assets.Manufacturer", models.PROTECT, verbose_name=_("Maker"), related_name="orders"
    )
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="orders"
    )
    contract_no = CodeField(_("Contract"), blank=True, default="")
    tender_batch = CodeField(_("Tender batch"))
    ordered_on = models.DateField(_("Ordered on"))
    state = CodeField(_("State"), choices=OrderState, default=OrderState.OPEN)
    note = models.TextField(_("Note"), blank=True, default="")

    class Meta:
        ordering = ["-ordered_on", "-id"]
        indexes = [
            models.Index(fields=["unit", "-id"], name="order_unit"),
            models.Index(fields=["manufacturer"], name="order_maker"),
        ]

    def __str__(self) -> str:
        return self.order_no


class OrderLine(models.Model):
    """One model of an order, with what the maker has to set before delivery."""

    order = models.ForeignKey(PurchaseOrder, models.PROTECT, related_name="lines")
    line_no = models.SmallIntegerField(_("Line"))
    model = models.ForeignKey(
        "assets.DeviceModel", models.PROTECT, verbose_name=_("Model"), related_name="+"
    )
    quantity = models.IntegerField(_("Quantity"))
    contract_no = CodeField(_("Contract"), blank=True, default="")
    tender_batch = CodeField(_("Tender batch"))
    material_code = CodeField(_("Material code"), blank=True, default="")
    price_preset = CodeField(_("Price preset"), blank=True, default="")
    due_on = models.DateField(_("Due on"), null=True, blank=True)

    class Meta:
        ordering = ["order", "line_no"]
        constraints = [
            models.UniqueConstraint(fields=["order", "line_no"], name="orderline_no"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="orderline_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.order.order_no}/{self.line_no}"


class NumberSegment(models.Model):
    """Bar codes issued for a line before production, first to last; no number is issued twice.

    `first_body` and `last_body` are the codes without their check digit (sql/supply.sql keeps
    segments from overlapping).
    """

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="segments")
    scheme = CodeField(_("Scheme"), default="state_grid_22")
    first_body = CodeField(_("First number"))
    last_body = CodeField(_("Last number"))
    first_code = CodeField(_("First bar code"))
    last_code = CodeField(_("Last bar code"))
    count = models.IntegerField(_("Numbers"))
    issued_on = models.DateField(_("Issued on"))

    class Meta:
        ordering = ["first_body"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first_body__regex=r"^[0-9]{21}$") & Q(last_body__regex=r"^[0-9]{21}$"),
                name="segment_form",
            ),
            models.CheckConstraint(condition=Q(last_body__gte=F("first_body")), name="segment_order"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.first_code} – {self.last_code}"
