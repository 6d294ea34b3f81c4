"""What benches measured, as received and as judged; all of it evidence."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dianheng.common.fields import CodeField, NameField

from ..choices import Outcome, Source, UploadState
from .fields import NumericField


class Upload(models.Model):
    """One envelope as it came in: the bytes, their digest, the answer given.

    Of an envelope that nobody can read only the first part is kept (`services.upload_run.KEPT`),
    with size and digest of the whole.
    """

    upload_id = CodeField(_("Upload"))
    source = CodeField(_("Door"), choices=Source)
    source_name = NameField(_("File"), default="", blank=True)
    content_type = CodeField(default="", blank=True)
    body = models.BinaryField()
    body_size = models.BigIntegerField()
    sha256 = CodeField()
    state = CodeField(_("State"), choices=UploadState)
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, null=True, related_name="+", db_index=False
    )
    bench = models.ForeignKey(
        "assets.Device", models.PROTECT, null=True, related_name="+", db_index=False
    )
    bench_no = CodeField(_("Bench"), default="", blank=True)
    signature = CodeField(default="")  # none, unchecked, valid
    sent_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(_("Received at"))
    received_by = models.ForeignKey(
        "identity.Person", models.PROTECT, related_name="+", db_index=False
    )
    taken = models.IntegerField(_("Taken"))
    refused = models.IntegerField(_("Refused"))
    extra = models.JSONField(default=dict)
    answer = models.JSONField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "-id"], name="upload_state"),
            models.Index(fields=["bench", "-id"], name="upload_bench"),
        ]
        constraints = [
            # An envelope of which nothing was taken may be sent again under its number.
            models.UniqueConstraint(
                fields=["upload_id"], condition=Q(taken__gt=0), name="upload_once"
            ),
        ]


class TestRecord(models.Model):
    """One run of one device: 原始记录. Points are `TestResult`, the judgement is `Verdict`."""

    __test__ = False  # not a test case

    number = CodeField(_("Record"), unique=True)  # task, device in it, attempt
    upload = models.ForeignKey(Upload, models.PROTECT, related_name="records")
    upload_index = models.IntegerField()
    task = models.ForeignKey(
        "verification.VerificationTask", models.PROTECT, related_name="records", db_index=False
    )
    task_device = models.ForeignKey(
        "verification.TaskDevice", models.PROTECT, related_name="records", db_index=False
    )
    device = models.ForeignKey(
        "assets.Device", models.PROTECT, related_name="records", db_index=False
    )
    load = models.ForeignKey(
        "verification.BenchLoad", models.PROTECT, null=True, related_name="records"
    )
    position = models.IntegerField(pgettext_lazy("bench", "Position"), null=True)
    attempt = models.IntegerField(_("Attempt"))
    attempt_reason = models.TextField(_("Reason of the retest"), default="", blank=True)
    bench = models.ForeignKey(
        "assets.Device", models.PROTECT, null=True, related_name="+", db_index=False
    )
    installation = models.ForeignKey(
        "standards.StandardInstallation", models.PROTECT, null=True, related_name="records"
    )
    installation_certificate = models.ForeignKey(
        "standards.InstallationCertificate",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    authorisation = models.ForeignKey(
        "standards.LaboratoryAuthorisation",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    standards = models.JSONField(default=list)  # as received, with our certificate where known
    standard_ids = ArrayField(models.BigIntegerField(), default=list)  # known ones, and the bench
    operators = models.JSONField(default=list)  # as received, with our person where known
    verifier = models.ForeignKey(
        "identity.Person", models.PROTECT, null=True, related_name="+", db_index=False
    )
    tester_ids = ArrayField(models.BigIntegerField(), default=list)  # all who had a hand in it
    temperature_start_c = NumericField(null=True)
    temperature_end_c = NumericField(null=True)
    humidity_start_pct = NumericField(null=True)
    humidity_end_pct = NumericField(null=True)
    started_at = models.DateTimeField(_("Started at"), null=True)
    finished_at = models.DateTimeField(_("Finished at"))
    received_at = models.DateTimeField(_("Received at"))
    bench_overall = CodeField(default="")  # PASS, FAIL, INCOMPLETE as the bench said
    seals = models.JSONField(default=list)  # as received
    header = models.JSONField(default=dict)  # the rest of the header, unknown fields in `extra`
    received = models.TextField()  # this device's part of the envelope, as JSON

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["task", "id"], name="testrecord_task"),
            models.Index(fields=["device", "id"], name="testrecord_device"),
            models.Index(fields=["finished_at"], name="testrecord_finished"),
            # “A standard turns out bad”: every record made with it.
            GinIndex(fields=["standard_ids"], name="testrecord_standards"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["task_device", "attempt"], name="testrecord_attempt"),
        ]

    def __str__(self) -> str:
        return self.number


class TestResult(models.Model):
    """One item at one point of a record: raw readings, the bench's figures, ours.

    Ours stay empty where no verdict may be given (BLOCKED) but for mean and rounded value,
    which are arithmetic. `is_derived`: computed by us from other points, nothing measured.
    """

    __test__ = False

    # No check of the key: a load brings thousands of points, written with their records.
    record = models.ForeignKey(
        TestRecord, models.DO_NOTHING, db_constraint=False, related_name="results", db_index=False
    )
    seq = models.IntegerField()
    item = CodeField()  # metrology.items.Item, or the bench's own name in lower case
    direction = CodeField(default="")
    phases = CodeField(default="")
    load_point = CodeField(default="")
    factor = CodeField(default="")
    point = CodeField(default="")  # name of the point on pages and papers
    samples = ArrayField(NumericField(), default=list)
    facts = models.JSONField(null=True)
    unit = CodeField(default="")
    bench_mean = NumericField(null=True)
    bench_rounded = CodeField(default="")
    bench_limit_low = NumericField(null=True)
    bench_limit_high = NumericField(null=True)
    bench_conclusion = CodeField(default="")
    value = NumericField(null=True)  # mean, or what is judged
    rounded = NumericField(null=True)
    rounded_text = CodeField(default="")
    limit_low = NumericField(null=True)
    limit_high = NumericField(null=True)
    internal_limit = NumericField(null=True)
    conclusion = CodeField(default="")  # pass, fail, incomplete; empty: not judged
    internal = CodeField(default="")
    reason = CodeField(default="")
    rule_row = CodeField(default="")
    certainty = CodeField(default="")
    is_derived = models.BooleanField(default=False)
    differences = ArrayField(CodeField(), default=list)
    tested_at = models.DateTimeField(null=True)
    remark = models.TextField(default="")

    class Meta:
        ordering = ["record", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["record", "seq"], name="testresult_seq"),
        ]


class Verdict(models.Model):
    """The judgement on a record: by which rules, with which outcome and why.

    A record is judged again when a rule set is signed or a paper of the laboratory is entered
    late; the new verdict names the one that it replaces.
    """

    record = models.ForeignKey(TestRecord, models.PROTECT, related_name="verdicts", db_index=False)
    device = models.ForeignKey("assets.Device", models.PROTECT, related_name="+", db_index=False)
    number = models.IntegerField()  # 1, 2, … of the record
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", db_index=False
    )
    reason = models.TextField(default="", blank=True)
    outcome = CodeField(_("Outcome"), choices=Outcome)
    would_be = CodeField(choices=Outcome, default="")  # were all rule sets signed
    legal = CodeField(default="")
    fitness = CodeField(default="")
    internal = CodeField(default="")
    blocks = models.JSONField(default=list)  # [{code, text facts}]
    failing_items = ArrayField(CodeField(), default=list)
    missing = models.JSONField(default=list)  # [{item, point, reason}]
    outside_internal = ArrayField(CodeField(), default=list)
    warnings = models.JSONField(default=list)  # environment outside, attempts, marks for review
    difference_count = models.IntegerField(default=0)
    scheme_version = models.ForeignKey(
        "verification.TestSchemeVersion", models.PROTECT, related_name="+", db_index=False
    )
    standard = CodeField(default="")
    edition = CodeField(default="")
    rule_digest = CodeField(default="")  # of the regulation
    rule_sets = models.JSONField(default=list)  # [{standard, edition, digest, signed_by}]
    internal_factor = models.DecimalField(max_digits=6, decimal_places=4, null=True)
    certainty = CodeField(default="")
    points = models.JSONField(null=True)  # of a repeated judgement: what differs from the results
    digest = CodeField()  # SHA-256 over record, results and outcome: what is signed
    judged_at = models.DateTimeField()
    judged_by = models.ForeignKey(
        "identity.Person", models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["record", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["record", "number"], name="verdict_once"),
        ]
