"""Files kept by digest, numbers without unexplained gaps, issued documents, their copies."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from .choices import CopyKind, DocumentKind, DocumentState


class StoredFile(models.Model):
    """A file as it came, kept once by its digest in the data folder; evidence."""

    digest = CodeField(unique=True)  # SHA-256, hexadecimal
    size = models.BigIntegerField()
    media_type = CodeField()
    name = NameField(_("Name"))
    recorded_at = models.DateTimeField(db_default=Now())


class IssuingBody(models.Model):
    """In whose name a unit's papers are issued; the head of each paper."""

    unit = models.OneToOneField("identity.Unit", models.PROTECT, related_name="issuing_body")
    name = NameField(_("Name"))
    name_en = NameField(_("English name"), blank=True)
    department = NameField(_("Department"), blank=True)
    address = models.TextField(_("Address"), blank=True)
    post_code = CodeField(_("Post code"), blank=True)
    phone = CodeField(_("Telephone"), blank=True)
    email = CodeField(_("E-mail"), blank=True)


class NumberSeries(models.Model):
    """A sequence of document numbers per kind, unit and year.

    A number is taken in the transaction that uses it: what rolls back gives it back, so that
    the only gaps are numbers voided with a reason.
    """

    key = CodeField()
    unit = models.ForeignKey("identity.Unit", models.PROTECT)
    year = models.SmallIntegerField()
    prefix = CodeField()
    last = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "unit", "year"], name="numberseries_key")
        ]


class VoidNumber(models.Model):
    """A number that will never stand on a document, and why; evidence."""

    number = CodeField(unique=True)
    series = models.ForeignKey(NumberSeries, models.PROTECT, related_name="voids")
    reason = models.TextField()
    recorded_at = models.DateTimeField(db_default=Now())


class IssuedDocument(models.Model):
    """A document under its number, with the data that it was made from; evidence.

    `data` is the canonical JSON whose digest the QR code carries. A wrong document is never
    changed: another one supersedes it and names it.
    """

    number = CodeField(_("Number"), unique=True)
    kind = CodeField(_("Kind"), choices=DocumentKind)
    title = NameField(_("Title"))
    unit = models.ForeignKey("identity.Unit", models.PROTECT, related_name="+")
    subjects = ArrayField(CodeField(), default=list)  # "device:4130…", "lot:…", "task:…"
    data = models.BinaryField()
    data_digest = CodeField()  # SHA-256 of data, base64url
    code_text = models.TextField(default="", blank=True)
    key_no = CodeField(default="", blank=True)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    issued_on = models.DateField(_("Issued on"))
    valid_through = models.DateField(_("Valid through"), null=True)
    conclusion = CodeField(default="", blank=True)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="superseded_by"
    )
    actor = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        indexes = [
            GinIndex(fields=["subjects"], name="document_subjects"),
            models.Index(fields=["kind", "-id"], name="document_kind"),
            models.Index(fields=["unit", "-id"], name="document_unit"),
        ]

    def __str__(self) -> str:
        return self.number


class DocumentEnd(models.Model):
    """That a document no longer counts, since when and why; evidence."""

    document = models.OneToOneField(IssuedDocument, models.PROTECT, related_name="end")
    state = CodeField(choices=DocumentState)
    reason = models.TextField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(state="in_force"), name="documentend_state")
        ]


class DocumentCopy(models.Model):
    """The print ledger: who took which copy when; evidence."""

    document = models.ForeignKey(IssuedDocument, models.PROTECT, null=True, related_name="copies")
    kind = CodeField(choices=DocumentKind)
    number = CodeField()  # also of papers that are composed on demand and not kept as documents
    how = CodeField(choices=CopyKind)
    copies = models.SmallIntegerField(default=1)
    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    reason = models.TextField(default="", blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["number", "-id"], name="documentcopy_number")]
