"""A delivery at the door: what the file announces, what was scanned."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dianheng.common.fields import CodeField

from ..choices import ArrivalState, ScanResult


class Arrival(models.Model):
    """Devices of one delivery file; the register's devices carry its number."""

    number = CodeField(_("Arrival"), unique=True)
    line = models.ForeignKey(
        "supply.OrderLine", models.PROTECT, verbose_name=_("Order line"), related_name="arrivals"
    )
    delivery = models.OneToOneField(
        "supply.DeliveryFile",
        models.PROTECT,
        verbose_name=_("Delivery file"),
        related_name="arrival",
    )
    lot = models.ForeignKey(
        "assets.Lot", models.PROTECT, verbose_name=_("Lot"), related_name="arrivals"
    )
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+"
    )
    state = CodeField(_("State"), choices=ArrivalState, default=ArrivalState.ANNOUNCED)
    announced = models.IntegerField(_("Announced"))
    received = models.IntegerField(pgettext_lazy("goods", "Received"), default=0)
    delivery_note_no = CodeField(_("Delivery note"), blank=True, default="")
    place = models.ForeignKey(
        "assets.Place", models.PROTECT, verbose_name=_("Received in"), null=True, related_name="+"
    )
    arrived_on = models.DateField(_("Arrived on"), null=True)
    announced_at = models.DateTimeField(_("Announced"))
    received_at = models.DateTimeField(pgettext_lazy("goods", "Received"), null=True)
    received_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    # Package, papers, quantity … [{check, requirement, result, conclusion}]
    checks = models.JSONField(_("Checks on arrival"), default=list)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["unit", "-id"], name="arrival_unit"),
            models.Index(fields=["lot"], name="arrival_lot"),
        ]

    def __str__(self) -> str:
        return self.number


class ArrivalBox(models.Model):
    """A carton or turnover box as the file packs it: one scan of it is a scan of its devices."""

    arrival = models.ForeignKey(Arrival, models.PROTECT, related_name="boxes")
    code = CodeField(_("Box"))
    device_ids = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["arrival", "code"], name="arrivalbox_code")]


class ArrivalScan(models.Model):
    """One code read at the door; `client_key` makes a repeat of the request harmless."""

    arrival = models.ForeignKey(Arrival, models.PROTECT, related_name="scans", db_index=False)
    code = CodeField(_("Code"))
    device = models.ForeignKey(
        "assets.Device", models.PROTECT, null=True, related_name="+", db_index=False
    )
    result = CodeField(_("Result"), choices=ScanResult)
    box_code = CodeField(_("Box"), default="", blank=True)
    client_key = CodeField(default="", blank=True)
    scanned_at = models.DateTimeField(_("Scanned"))
    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="+", db_index=False)
    is_undone = models.BooleanField(default=False)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["arrival", "result", "id"], name="arrivalscan_result")]
        constraints = [
            models.UniqueConstraint(fields=["arrival", "code"], condition=Q(is_undone=False), name="arrivalscan_once"),
        ]  # fmt: skip
