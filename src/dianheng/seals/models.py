"""Seals, what they came in, and the ledger of their lives."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from .choices import SealKind, SealPosition, SealState, SealVerb


class SealBatch(models.Model):
    """Seals that were bought and entered together."""

    code = CodeField(_("Batch"), unique=True)
    kind = CodeField(_("Kind"), choices=SealKind)
    maker = NameField(_("Maker"), default="", blank=True)
    colour = NameField(_("Colour"), default="", blank=True)
    unit = models.ForeignKey("identity.Unit", models.PROTECT, verbose_name=_("Unit"))
    amount = models.IntegerField(_("Seals"))
    made_on = models.DateField(_("Entered on"))

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.code


class Seal(models.Model):
    """One seal from purchase to destruction; its number is never used again.

    Holder, device and position are the projection of its events: a holder while it is issued,
    a device and a position while it is applied.
    """

    seal_no = CodeField(_("Seal number"), unique=True)
    kind = CodeField(_("Kind"), choices=SealKind)
    state = CodeField(_("State"), choices=SealState)
    state_at = models.DateTimeField(_("In this state since"))
    batch = models.ForeignKey(
        SealBatch,
        models.PROTECT,
        verbose_name=_("Batch"),
        null=True,
        blank=True,
        related_name="seals",
    )
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+"
    )
    holder = models.ForeignKey(
        "identity.Person", models.PROTECT, verbose_name=_("Holder"), null=True, blank=True,
        related_name="seals",
    )  # fmt: skip
    device = models.ForeignKey(
        "assets.Device", models.PROTECT, verbose_name=_("Device"), null=True, blank=True,
        related_name="seals", db_index=False,
    )  # fmt: skip
    position = CodeField(_("Position"), choices=SealPosition, default="", blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["unit", "state", "id"], name="seal_unit_state"),
            models.Index(fields=["holder"], name="seal_holder", condition=Q(holder__isnull=False)),
            models.Index(fields=["state", "id"], name="seal_state"),
            models.Index(fields=["state_at", "id"], name="seal_since"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(seal_no__regex=r"^[0-9A-Z][0-9A-Z-]{3,39}$"), name="seal_number"
            ),
            models.CheckConstraint(
                condition=Q(state="applied", device__isnull=False) & ~Q(position="")
                | ~Q(state="applied") & Q(device__isnull=True, position=""),
                name="seal_on_device",
            ),
            models.CheckConstraint(
                condition=Q(state="issued", holder__isnull=False)
                | ~Q(state="issued") & Q(holder__isnull=True),
                name="seal_held",
            ),
            # Also the way to the seals of a device.
            models.UniqueConstraint(
                fields=["device", "position"],
                condition=Q(device__isnull=False),
                name="seal_place_once",
            ),
        ]

    def __str__(self) -> str:
        return self.seal_no


class SealEvent(models.Model):
    """One thing that happened to a seal; written once, never changed."""

    seal = models.ForeignKey(
        Seal, models.DO_NOTHING, db_constraint=False, related_name="events", db_index=False
    )
    verb = CodeField(choices=SealVerb)
    from_state = CodeField(choices=SealState, default="")
    to_state = CodeField(choices=SealState)
    holder = models.ForeignKey(
        "identity.Person",
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
    )
    device = models.ForeignKey(
        "assets.Device",
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
    )
    position = CodeField(choices=SealPosition, default="", blank=True)
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
    witness = models.ForeignKey(
        "identity.Person",
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
    )
    document = CodeField(default="", blank=True)
    reason = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["-occurred_at", "-id"]
        indexes = [
            models.Index(fields=["seal", "id"], name="sealevent_seal"),
            models.Index(
                fields=["device", "id"], name="sealevent_device", condition=Q(device__isnull=False)
            ),
            models.Index(fields=["document"], name="sealevent_document", condition=~Q(document="")),
        ]

    def __str__(self) -> str:
        return f"{self.seal_id} {self.verb}"
