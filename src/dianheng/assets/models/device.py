"""The register of devices and the ledger of their lives."""

from django.contrib.postgres.indexes import BrinIndex, GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField

from ..choices import IN_STOCK_VERIFIED, STANDARDS, DeviceKind, DeviceState, Ownership, Verb


class Device(models.Model):
    """One device from purchase to scrap.

    State, place, validity are the projection of its events, kept in the same transaction by
    `services.devices_transition`; nothing else changes them. Devices are never deleted.
    """

    barcode = CodeField(_("Bar code"), unique=True)
    asset_no = CodeField(
        _("Asset number"),
        default="",
        blank=True,
        help_text=_("Empty: the bar code is the asset number."),
    )
    serial_no = CodeField(_("Maker's number"), default="", blank=True)
    kind = CodeField(_("Kind"), choices=DeviceKind)
    model = models.ForeignKey(
        "assets.DeviceModel",
        models.PROTECT,
        verbose_name=_("Model"),
        related_name="devices",
        db_index=False,  # here and below: the index of two columns begins with it
    )
    lot = models.ForeignKey(
        "assets.Lot",
        models.PROTECT,
        verbose_name=_("Lot"),
        null=True,
        blank=True,
        related_name="devices",
        db_index=False,
    )
    unit = models.ForeignKey(
        "identity.Unit",
        models.PROTECT,
        verbose_name=_("Unit"),
        related_name="devices",
        db_index=False,
    )
    ownership = CodeField(_("Owner"), choices=Ownership, default=Ownership.UTILITY)
    state = CodeField(_("State"), choices=DeviceState)
    state_at = models.DateTimeField(_("In this state since"))
    place = models.ForeignKey(
        "assets.Place",
        models.PROTECT,
        verbose_name=_("Place"),
        related_name="devices",
        db_index=False,
    )
    arrival_no = CodeField(_("Arrival"), default="", blank=True)
    purchased_on = models.DateField(_("Purchased on"), null=True, blank=True)
    produced_on = models.DateField(_("Produced on"), null=True, blank=True)
    verified_on = models.DateField(_("Verified on"), null=True, blank=True)
    valid_through = models.DateField(
        _("Valid through"), null=True, blank=True
    )  # last day, included
    stocked_on = models.DateField(_("In stock since"), null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(F("serial_no"), name="device_serial", condition=~Q(serial_no="")),
            models.Index(fields=["lot", "id"], name="device_lot"),
            models.Index(fields=["model", "id"], name="device_model"),
            models.Index(fields=["place", "id"], name="device_place"),
            models.Index(fields=["unit", "state", "id"], name="device_unit_state"),
            models.Index(fields=["arrival_no"], name="device_arrival", condition=~Q(arrival_no="")),
            models.Index(
                fields=["valid_through"],
                name="device_valid",
                condition=Q(valid_through__isnull=False),
            ),
            # What is verified and in stock, the oldest verdict first.
            models.Index(
                fields=["verified_on", "id"],
                name="device_recheck",
                condition=Q(state__in=IN_STOCK_VERIFIED, verified_on__isnull=False),
            ),
            models.Index(
                fields=["stocked_on", "id"],
                name="device_ageing",
                condition=Q(state__in=IN_STOCK_VERIFIED, verified_on__isnull=False),
            ),
            # Standards, benches and instruments: some hundreds among all devices.
            models.Index(
                fields=["kind", "id"], name="device_standards", condition=Q(kind__in=STANDARDS)
            ),
            # Any piece of bar code or maker's number (docs/explanation/search.md).
            GinIndex(
                OpClass(Upper(F("barcode")), name="gin_trgm_ops"),
                OpClass(Upper(F("serial_no")), name="gin_trgm_ops"),
                name="device_pieces",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(barcode__regex=r"^[!-~]{1,64}$"), name="device_barcode"),
            models.UniqueConstraint(fields=["asset_no"], condition=~Q(asset_no=""), name="device_asset_no"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.barcode

    @property
    def asset_number(self) -> str:
        """What the utility calls the device: its asset number, else its bar code."""
        return self.asset_no or self.barcode


class DeviceEvent(models.Model):
    """One thing that happened to a device; written once, never changed.

    `occurred_at` is when it happened, `recorded_at` when the program learnt of it. There are
    no foreign-key checks: devices, places and people are never deleted, and a batch of 10⁶
    events would pay a second for each of them.
    """

    device = models.ForeignKey(
        Device, models.DO_NOTHING, db_constraint=False, related_name="events", db_index=False
    )
    verb = CodeField(choices=Verb)
    from_state = CodeField(choices=DeviceState, default="")
    to_state = CodeField(choices=DeviceState)
    from_place = models.ForeignKey(
        "assets.Place",
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
    )
    to_place = models.ForeignKey(
        "assets.Place",
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
    )
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    actor = models.ForeignKey(
        "identity.Person", models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False
    )
    acting_for = models.ForeignKey(
        "identity.Person",
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
    )
    document = CodeField(
        default="", blank=True
    )  # "arrival:DH1-2026-000001", "task:JD1-2026-000007"
    reason = models.TextField(default="", blank=True)
    facts = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-occurred_at", "-id"]
        indexes = [
            models.Index(fields=["device", "id"], name="deviceevent_device"),
            models.Index(
                fields=["document"], name="deviceevent_document", condition=~Q(document="")
            ),
            # What happened lately, for next to nothing when events are written.
            BrinIndex(fields=["occurred_at"], name="deviceevent_occurred"),
        ]
