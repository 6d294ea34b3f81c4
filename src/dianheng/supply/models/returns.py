"""Devices that go back to the maker, with reasons and evidence."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from ..choices import ReturnKind, ReturnState


class ReturnOrder(models.Model):
    """A return: of a rejected lot, or of devices that failed later."""

    number = CodeField(_("Return order"), unique=True)
    kind = CodeField(_("Kind"), choices=ReturnKind)
    lot = models.ForeignKey(
        "assets.Lot", models.PROTECT, verbose_name=_("Lot"), related_name="returns"
    )
    inspection = models.OneToOneField(
        "supply.InspectionLot", models.PROTECT, null=True, related_name="return_order"
    )
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+"
    )
    state = CodeField(_("State"), choices=ReturnState, default=ReturnState.DRAWN_UP)
    # [{reason, quantity, document_kind, document_no}]
    reasons = models.JSONField(_("Reasons"), default=list)
    demand = models.TextField(_("What is asked of the maker"), default="", blank=True)
    answer_until_on = models.DateField(_("Answer until"), null=True, blank=True)
    contact = NameField(_("Contact"), default="", blank=True)
    made_at = models.DateTimeField(_("Drawn up"))
    made_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    notified_at = models.DateTimeField(_("Maker notified"), null=True)
    shipped_at = models.DateTimeField(_("Shipped"), null=True)
    shipped_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    carrier = NameField(_("Carrier"), default="", blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["unit", "state", "-id"], name="return_unit")]

    def __str__(self) -> str:
        return self.number

    @property
    def document(self) -> str:
        """How the ledger names it."""
        return f"return:{self.number}"


class ReturnDevice(models.Model):
    """A device of a return and why it goes."""

    order = models.ForeignKey(ReturnOrder, models.PROTECT, related_name="devices", db_index=False)
    device = models.ForeignKey("assets.Device", models.PROTECT, related_name="returns")
    reason = models.TextField(_("Reason"), default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "device"], name="returndevice_once"),
        ]
