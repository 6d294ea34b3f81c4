"""Movements of devices between places, units and persons, and the scans they are made from."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField

from .choices import (
    DifferenceKind,
    LineState,
    LockReason,
    MovementState,
    Purpose,
    ScanOutcome,
    SessionState,
)


class Movement(models.Model):
    """A note of the store 出入库单/交接单: what, from where, to where, by whom.

    A two-sided one stays open until the other side has received; its devices are meanwhile at
    the place `via` (on the way).
    """

    number = CodeField(_("Number"), unique=True)
    purpose = CodeField(_("Purpose"), choices=Purpose)
    state = CodeField(_("State"), choices=MovementState)
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("From unit"), related_name="+"
    )
    to_unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("To unit"), related_name="+"
    )
    from_place = models.ForeignKey("assets.Place", models.PROTECT, null=True, related_name="+")
    to_place = models.ForeignKey("assets.Place", models.PROTECT, null=True, related_name="+")
    to_person = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    via = models.ForeignKey("assets.Place", models.PROTECT, null=True, related_name="+")
    count = models.IntegerField(_("Devices"))
    received_count = models.IntegerField(_("Received"), default=0)
    basis = CodeField(_("Basis"), default="", blank=True)  # order, plan, task
    handed_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    handed_for = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    handed_at = models.DateTimeField(_("Handed over at"))
    received_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    received_at = models.DateTimeField(_("Received at"), null=True)
    note = models.TextField(_("Note"), default="", blank=True)
    closed_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(_("Closed at"), null=True)
    answerable = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    difference_reason = models.TextField(_("Reason of the difference"), default="", blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["unit", "-id"], name="movement_unit"),
            models.Index(fields=["to_unit", "state", "-id"], name="movement_to_unit"),
            models.Index(
                fields=["to_person", "state"],
                name="movement_to_person",
                condition=Q(to_person__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class MovementLine(models.Model):
    """One device of a movement."""

    movement = models.ForeignKey(Movement, models.PROTECT, related_name="lines", db_index=False)
    # Devices are never deleted; a check for each of 10,000 lines would only cost.
    device = models.ForeignKey(
        "assets.Device", models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False
    )
    from_place = models.ForeignKey(
        "assets.Place",
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
    )
    state = CodeField(choices=LineState)
    note = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["movement", "device"], name="movementline_once")
        ]
        indexes = [models.Index(fields=["device", "-id"], name="movementline_device")]


class MovementBox(models.Model):
    """A box that travels with its devices."""

    movement = models.ForeignKey(Movement, models.PROTECT, related_name="boxes", db_index=False)
    box = models.ForeignKey("assets.Place", models.PROTECT, related_name="+")
    from_parent = models.ForeignKey("assets.Place", models.PROTECT, null=True, related_name="+")
    count = models.IntegerField(_("Devices"))  # in it when it left
    state = CodeField(choices=LineState)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["movement", "box"], name="movementbox_once")]


class MovementDifference(models.Model):
    """A code that was scanned on arrival and does not stand on the hand-over."""

    movement = models.ForeignKey(
        Movement, models.PROTECT, related_name="differences", db_index=False
    )
    kind = CodeField(_("Difference"), choices=DifferenceKind)
    code = CodeField(_("Code"))
    device = models.ForeignKey("assets.Device", models.PROTECT, null=True, related_name="+")
    seen_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["movement", "code"], name="movementdifference_once")
        ]


class StockLock(models.Model):
    """When and why a device in stock was locked; over as soon as its state changes again."""

    device = models.ForeignKey("assets.Device", models.PROTECT, related_name="stock_locks")
    locked_at = models.DateTimeField(_("Locked at"))
    why = CodeField(_("Why"), choices=LockReason)
    since_on = models.DateField(_("Counted from"), null=True)

    class Meta:
        ordering = ["-id"]


class LabelRun(models.Model):
    """Things chosen for labels, until they are printed; what was printed is in the ledger."""

    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    kind = CodeField()
    keys = ArrayField(models.BigIntegerField())
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]


class ScanSession(models.Model):
    """A person's scans for one purpose, kept at once; booked as one movement or dropped.

    Working notes, not a record: what was booked stands in the movement and the ledger.
    """

    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="scan_sessions")
    purpose = CodeField(_("Purpose"), choices=Purpose)
    state = CodeField(choices=SessionState, default=SessionState.OPEN)
    unit = models.ForeignKey("identity.Unit", models.PROTECT, related_name="+")
    from_place = models.ForeignKey("assets.Place", models.PROTECT, null=True, related_name="+")
    to_place = models.ForeignKey("assets.Place", models.PROTECT, null=True, related_name="+")
    to_person = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    movement = models.ForeignKey(Movement, models.PROTECT, null=True, related_name="sessions")
    basis = CodeField(default="", blank=True)
    expected = models.IntegerField(null=True)
    count = models.IntegerField(default=0)  # devices that the good scans mean, boxes opened
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["person", "state", "-id"], name="scansession_person")]


class Scan(models.Model):
    """One scanned code, by the key that the browser gave it: the same key is the same scan."""

    session = models.ForeignKey(ScanSession, models.CASCADE, related_name="scans", db_index=False)
    key = CodeField()
    code = CodeField()
    outcome = CodeField(choices=ScanOutcome)
    device = models.ForeignKey(
        "assets.Device",
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
    )
    box = models.ForeignKey(
        "assets.Place",
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        db_index=False,
    )
    adds = models.IntegerField(default=0)  # devices that a box brought
    answer = models.JSONField()
    scanned_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["session", "key"], name="scan_once")]
        indexes = [
            models.Index(fields=["session", "device"], name="scan_device"),
            models.Index(
                fields=["session", "box"], name="scan_box", condition=Q(box__isnull=False)
            ),
        ]
