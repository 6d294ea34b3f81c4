"""Inspection of a lot by a sample: split, draw, results, opinions of two departments."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from ..choices import Department, InspectionState, Opinion, Outcome, ResultSource, SentState


class InspectionLot(models.Model):
    """What is inspected as one: a lot, or a part of it that was stated before the draw.

    `plan` is what `rules.plan_record` makes: standard, edition, level, severity, lot size and
    a line per class. `judgement` holds counts and steps of the decision by the sample.
    """

    number = CodeField(_("Inspection"), unique=True)
    lot = models.ForeignKey(
        "assets.Lot", models.PROTECT, verbose_name=_("Lot"), related_name="inspections"
    )
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+"
    )
    submission = models.SmallIntegerField(_("Submission"), default=1)  # 1: the original inspection
    resubmits = models.OneToOneField(
        "self",
        models.PROTECT,
        verbose_name=_("Resubmission of"),
        null=True,
        related_name="resubmission",
    )
    part_no = models.SmallIntegerField(_("Part"), default=1)
    part_count = models.SmallIntegerField(_("Parts"), default=1)
    state = CodeField(_("State"), choices=InspectionState, default=InspectionState.STATED)
    split_reason = models.TextField(_("Why split so"), blank=True, default="")
    level = CodeField(_("Inspection level"))
    aql = models.JSONField(_("AQL by class"), default=dict)  # {"B": "1.0", "C": "4.0"}
    severity = CodeField(_("Severity"), default="normal")
    plan = models.JSONField(_("Plan"), null=True)
    lot_size = models.IntegerField(_("Lot size"), null=True)
    stated_at = models.DateTimeField(_("Stated"))
    stated_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    judgement = models.JSONField(_("Judgement"), null=True)
    is_accepted = models.BooleanField(_("Accepted by the sample"), null=True)
    judged_at = models.DateTimeField(_("Judged"), null=True)
    decided_at = models.DateTimeField(_("Decided"), null=True)
    report_no = CodeField(_("Sampling report"), default="", blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["unit", "state", "-id"], name="inspection_unit"),
            models.Index(fields=["lot"], name="inspection_lot"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def document(self) -> str:
        """How the ledger names it."""
        return f"inspection:{self.number}"


class InspectionPart(models.Model):
    """What belongs to an inspection: the devices of an arrival, or those from code to code."""

    inspection = models.ForeignKey(InspectionLot, models.PROTECT, related_name="parts")
    arrival = models.ForeignKey("supply.Arrival", models.PROTECT, related_name="inspection_parts")
    first_code = CodeField(_("From bar code"), default="", blank=True)
    last_code = CodeField(_("To bar code"), default="", blank=True)


class InspectionMember(models.Model):
    """A device of a closed lot: the frozen list, never changed. The join is by key alone."""

    inspection = models.ForeignKey(
        InspectionLot,
        models.DO_NOTHING,
        db_constraint=False,
        related_name="members",
        db_index=False,
    )
    device = models.ForeignKey(
        "assets.Device", models.DO_NOTHING, db_constraint=False, related_name="inspections"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inspection", "device"], name="inspectionmember_once"),
        ]


class SampleDraw(models.Model):
    """The draw, for everybody to repeat.

    `secret_seed` is kept from the publication of its digest to the close of the lot and is
    neither shown nor part of the audit trail; then it becomes `seed`.
    """

    inspection = models.OneToOneField(InspectionLot, models.PROTECT, related_name="draw")
    algorithm = CodeField(_("Algorithm"))
    seed_digest = CodeField(_("Digest of the seed"))
    secret_seed = CodeField(default="", editable=False)
    published_at = models.DateTimeField(_("Digest published"))
    published_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    seed = CodeField(_("Seed"), default="", blank=True)
    closed_at = models.DateTimeField(_("Lot closed, seed published"), null=True)
    closed_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    list_digest = CodeField(_("Digest of the device list"), default="", blank=True)
    list_count = models.IntegerField(_("Devices in the list"), null=True)
    sample_size = models.IntegerField(_("Sample size"), null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(seed="") | Q(closed_at__isnull=False), name="draw_seed_after_close"),
        ]  # fmt: skip


class SampleDevice(models.Model):
    """A drawn device, in the order of the draw."""

    draw = models.ForeignKey(SampleDraw, models.PROTECT, related_name="sample", db_index=False)
    device = models.ForeignKey("assets.Device", models.PROTECT, related_name="samples")
    rank = models.IntegerField(_("Order of the draw"))

    class Meta:
        ordering = ["draw", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["draw", "device"], name="sampledevice_once"),
            models.UniqueConstraint(fields=["draw", "rank"], name="sampledevice_rank"),
        ]


class SampleResult(models.Model):
    """A result of a drawn device; the first one counts, later ones are kept beside it."""

    sample = models.ForeignKey(SampleDevice, models.PROTECT, related_name="results", db_index=False)
    attempt = models.SmallIntegerField(_("Attempt"))
    outcome = CodeField(_("Result"), choices=Outcome)
    source = CodeField(_("Source"), choices=ResultSource)
    source_ref = CodeField(_("Record"), default="", blank=True)
    tested_on = models.DateField(_("Tested on"))
    note = models.TextField(_("Note"), default="", blank=True)
    recorded_at = models.DateTimeField(_("Recorded"))
    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    acting_for = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["sample", "attempt"]
        constraints = [
            models.UniqueConstraint(fields=["sample", "attempt"], name="sampleresult_attempt"),
        ]


class Nonconformity(models.Model):
    """What does not conform on a drawn device: item, class, what was found and asked for."""

    result = models.ForeignKey(SampleResult, models.PROTECT, related_name="nonconformities")
    item = CodeField(_("Item"))
    nonconformity_class = CodeField(_("Class"))  # A, B, C
    measured = models.TextField(_("Found"), default="", blank=True)
    limit = models.TextField(_("Required"), default="", blank=True)
    text = models.TextField(_("Remark"), default="", blank=True)


class SentSample(models.Model):
    """A sample that the higher centre tests: list, hand-over, its report."""

    inspection = models.OneToOneField(InspectionLot, models.PROTECT, related_name="sent")
    number = CodeField(_("Sent sample"), unique=True)
    sent_to = NameField(_("Sent to"))
    place = models.ForeignKey(
        "assets.Place", models.PROTECT, verbose_name=_("Place"), null=True, related_name="+"
    )
    state = CodeField(_("State"), choices=SentState, default=SentState.LISTED)
    listed_at = models.DateTimeField(_("Listed"))
    listed_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    carrier = NameField(_("Carrier"), default="", blank=True)
    handed_over_at = models.DateTimeField(_("Handed over"), null=True)
    handed_over_by = models.ForeignKey(
        "identity.Person", models.PROTECT, null=True, related_name="+"
    )
    received_by_name = NameField(_("Received there by"), default="", blank=True)
    report_no = CodeField(_("Report"), default="", blank=True)
    report_on = models.DateField(_("Date of the report"), null=True)
    report_file = models.ForeignKey(
        "documents.StoredFile", models.PROTECT, null=True, related_name="+"
    )
    back_at = models.DateTimeField(_("Came back"), null=True)


class AcceptanceOpinion(models.Model):
    """One department's signature on the unified form; `signed` is what was signed, by digest."""

    inspection = models.ForeignKey(InspectionLot, models.PROTECT, related_name="opinions")
    department = CodeField(_("Department"), choices=Department)
    unit_name = NameField(_("Unit"))
    opinion = CodeField(_("Opinion"), choices=Opinion)
    text = models.TextField(_("Reasons"), default="", blank=True)
    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    acting_for = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(_("Signed"))
    signed_digest = CodeField(_("Digest of what was signed"))

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["inspection", "department"], name="opinion_once"),
        ]


class SwitchingState(models.Model):
    """Severity of inspection for a maker's model in a unit, after the lots judged so far."""

    model = models.ForeignKey(
        "assets.DeviceModel", models.PROTECT, verbose_name=_("Model"), related_name="+"
    )
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+"
    )
    state = CodeField(_("Severity"), default="normal")  # normal, tightened, discontinued
    recent = models.JSONField(_("Recent lots"), default=list)
    accepted_run = models.SmallIntegerField(_("Accepted in a row"), default=0)
    rejected = models.SmallIntegerField(_("Rejected under tightened inspection"), default=0)
    changed_at = models.DateTimeField(_("Since"))
    reason = models.TextField(_("Reason"), default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "unit"], name="switchingstate_model"),
        ]
