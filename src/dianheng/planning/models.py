"""What is shared and when, and what a meeting gave whom to do."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from .choices import TAKEN, AssignmentState, BookingState, ResourceKind


class TsTzRange(Func):
    """A period of moments, the last one excluded."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Resource(models.Model):
    """Something that several people need, one after the other."""

    code = CodeField(_("Code"), unique=True, help_text=_("Number plate, room or asset number."))
    name = NameField(_("Name"))
    kind = CodeField(_("Kind"), choices=ResourceKind)
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+"
    )
    remark = models.TextField(
        _("Particulars"), default="", blank=True
    )  # seats, range, where it stands
    is_active = models.BooleanField(_("Can be booked"), default=True)

    class Meta:
        verbose_name = _("Resource")
        ordering = ["kind", "code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Booking(models.Model):
    """A resource for a period [from, to); the database refuses two at once."""

    resource = models.ForeignKey(
        Resource,
        models.PROTECT,
        verbose_name=_("Resource"),
        related_name="bookings",
        db_index=False,
    )
    from_at = models.DateTimeField(_("Booked from"))
    to_at = models.DateTimeField(_("Booked until"))  # exclusive
    purpose = models.TextField(_("Purpose"))
    person = models.ForeignKey(
        "identity.Person", models.PROTECT, verbose_name=_("Booked by"), related_name="+"
    )
    document = CodeField(_("Document"), default="", blank=True)  # as the ledger names it
    state = CodeField(_("State"), choices=BookingState, default=BookingState.BOOKED)
    lent_at = models.DateTimeField(_("Lent at"), null=True)
    returned_at = models.DateTimeField(_("Given back at"), null=True)
    condition = models.TextField(_("Condition"), default="", blank=True)  # when it was last handed

    class Meta:
        verbose_name = _("Booking")
        ordering = ["from_at"]
        indexes = [
            models.Index(fields=["resource", "from_at"], name="booking_resource"),
            models.Index(fields=["document"], name="booking_document", condition=~Q(document="")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(to_at__gt=F("from_at")), name="booking_period"),
            models.UniqueConstraint(
                fields=["resource"], condition=Q(state="lent"), name="booking_lent_once"
            ),
            ExclusionConstraint(
                name="booking_clash",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    (TsTzRange("from_at", "to_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=TAKEN),
            ),
        ]

    @property
    def is_of_a_day(self) -> bool:
        """It begins and ends on the same day of the organisation."""
        first, last = timezone.localtime(self.from_at), timezone.localtime(self.to_at)
        return first.date() == last.date()

    @property
    def number(self) -> str:
        """Number of the process that holds it, if one does."""
        return self.document.removeprefix("process:")


class Assignment(models.Model):
    """A sentence of the minutes: what, who, until when; and what became of it."""

    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+"
    )
    document = CodeField(_("Meeting"))  # the process whose minutes say it
    matter = models.TextField(_("Task"))
    owner = models.ForeignKey(
        "identity.Person", models.PROTECT, verbose_name=_("Answers for it"), related_name="+",
        db_index=False,
    )  # fmt: skip
    due_on = models.DateField(_("Due"))  # last day, included
    state = CodeField(_("State"), choices=AssignmentState, default=AssignmentState.OPEN)
    result = models.TextField(_("Result"), default="", blank=True)
    done_on = models.DateField(_("Done on"), null=True)
    done_by = models.ForeignKey(  # who said what became of it
        "identity.Person", models.PROTECT, verbose_name=_("Reported by"), null=True,
        related_name="+", db_index=False,
    )  # fmt: skip
    acting_for = models.ForeignKey(  # the owner, where a stand-in said it
        "identity.Person", models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("Task of a meeting")
        ordering = ["due_on", "id"]
        indexes = [
            models.Index(
                fields=["owner", "due_on"], name="assignment_open", condition=Q(state="open")
            ),
            models.Index(fields=["document"], name="assignment_document"),
            models.Index(fields=["due_on", "id"], name="assignment_due"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(done_on__isnull=False), name="assignment_done_on"
            )
        ]

    @property
    def number(self) -> str:
        """Number of the process whose minutes say it."""
        return self.document.removeprefix("process:")

    @property
    def reporter(self) -> str:
        """Who said what became of it, with whom they stood in for; empty: the owner did."""
        if self.done_by is None or self.done_by_id == self.owner_id:
            return ""
        if self.acting_for is None:
            return self.done_by.name
        names = {"name": self.done_by.name, "other": self.acting_for.name}
        return str(_("%(name)s for %(other)s") % names)
