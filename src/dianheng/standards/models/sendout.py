"""What goes to higher bodies: plans, orders, and each standard on its way."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from ..choices import Found, ItemState, OrderState, PlanState, Way


class SendoutPlan(models.Model):
    """送检计划: which standards go to which body when, in a period."""

    number = CodeField(_("Number"), unique=True)
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Laboratory"), related_name="+"
    )
    title = NameField(_("Title"))
    first_on = models.DateField(_("From"))
    last_on = models.DateField(_("Through"))
    state = CodeField(_("State"), choices=PlanState, default=PlanState.DRAFT)
    made_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("Made at"))
    agreed_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    agreed_at = models.DateTimeField(_("Agreed at"), null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")), name="sendoutplan_period"
            )
        ]

    def __str__(self) -> str:
        return self.number


class SendoutOrder(models.Model):
    """送检单: a batch of standards to one body, with its hand-over lists out and in."""

    number = CodeField(_("Number"), unique=True)
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Laboratory"), related_name="+"
    )
    body = NameField(_("Higher body"))
    state = CodeField(_("State"), choices=OrderState, default=OrderState.LISTED)
    expected_on = models.DateField(_("Expected back on"))
    made_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("Made at"))
    handed_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    handed_at = models.DateTimeField(_("Handed over at"), null=True)
    receiver = NameField(_("Received there by"), blank=True, default="")
    carrier = NameField(_("Carried by"), blank=True, default="")
    strangers = ArrayField(CodeField(), default=list)  # scanned coming in, not on the list
    invoice_no = CodeField(_("Invoice"), blank=True, default="")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["expected_on", "id"], name="sendoutorder_away",
                condition=Q(state__in=["out", "partly"]),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number


class SendoutItem(models.Model):
    """One standard that goes to a higher body once.

    From `out_at` until `released_at` it is locked: away, or back without a new certificate.
    """

    plan = models.ForeignKey(SendoutPlan, models.PROTECT, null=True, related_name="items")
    order = models.ForeignKey(SendoutOrder, models.PROTECT, null=True, related_name="items")
    device = models.ForeignKey(
        "assets.Device", models.PROTECT, verbose_name=_("Standard"), related_name="sendouts"
    )
    body = NameField(_("Higher body"), blank=True, default="")
    way = CodeField(_("Way"), choices=Way, default=Way.SENT)
    due_on = models.DateField(_("Certificate ends"), null=True)  # as it stood when planned
    planned_on = models.DateField(_("Planned for"))
    appointed_on = models.DateField(_("Day given by the body"), null=True)
    cycle_months = models.SmallIntegerField(_("Cycle"), null=True)
    note = models.TextField(_("Note"), blank=True, default="")
    state = CodeField(_("State"), choices=ItemState, default=ItemState.PLANNED)
    accessories = models.TextField(_("Accessories"), blank=True, default="")
    condition = models.TextField(_("Condition"), blank=True, default="")
    scanned_out_at = models.DateTimeField(null=True)
    out_at = models.DateTimeField(_("Left at"), null=True)
    scanned_in_at = models.DateTimeField(null=True)
    back_at = models.DateTimeField(_("Came back at"), null=True)
    back_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    brought_by = NameField(_("Brought back by"), blank=True, default="")
    back_accessories = models.TextField(_("Accessories that came back"), blank=True, default="")
    back_condition = models.TextField(_("Condition found"), blank=True, default="")
    found = CodeField(_("Came back as"), choices=Found, blank=True, default="")
    cost_yuan = models.DecimalField(_("Cost"), max_digits=12, decimal_places=2, null=True)
    certificate = models.ForeignKey(
        "standards.StandardCertificate", models.PROTECT, null=True, related_name="+"
    )
    released_at = models.DateTimeField(_("Released at"), null=True)

    class Meta:
        ordering = ["planned_on", "id"]
        indexes = [
            models.Index(fields=["planned_on", "id"], name="sendoutitem_planned"),
            models.Index(fields=["device", "out_at"], name="sendoutitem_device"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["device"], name="sendoutitem_planned_once", condition=Q(state="planned")
            ),
            models.UniqueConstraint(
                fields=["device"], name="sendoutitem_away_once", condition=Q(state__in=["listed", "out"])
            ),
            models.CheckConstraint(
                condition=Q(cost_yuan__isnull=True) | Q(cost_yuan__gte=0), name="sendoutitem_cost"
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True) | Q(out_at__isnull=False),
                name="sendoutitem_released",
            ),
        ]  # fmt: skip
