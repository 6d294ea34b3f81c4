"""The archive: fonds, volumes, pieces with the versions of their files, who was at the door."""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from ..choices import Category, DoorKind, PieceState, Retention, Secrecy, VolumeState


class Fonds(models.Model):
    """全宗: all records of one body, under the number that the archives office gave it."""

    number = CodeField(_("Fonds number"), unique=True)
    name = NameField(_("Name"))
    unit = models.ForeignKey("identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+")  # fmt: skip

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class ArchiveSeries(models.Model):
    """How far the numbers of a fonds, category, year and retention have come.

    Volumes and single pieces share them; a number is taken in the transaction that uses it.
    """

    fonds = models.ForeignKey(Fonds, models.PROTECT, related_name="+")
    category = CodeField(choices=Category)
    year = models.SmallIntegerField()
    retention = CodeField(choices=Retention)
    last = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fonds", "category", "year", "retention"], name="archiveseries_once"
            )
        ]


class Filed(models.Model):
    """What a volume and a piece have in common."""

    number = CodeField(_("Archival number"), unique=True)
    title = NameField(_("Title of the record"))
    category = CodeField(_("Category"), choices=Category)
    year = models.SmallIntegerField(_("Year of the record"))
    retention = CodeField(_("Retention"), choices=Retention)
    ends_on = models.DateField(_("Kept through"), null=True)  # last day included; null: for ever
    secrecy = CodeField(_("Secrecy class"), choices=Secrecy)
    remark = models.TextField(_("Remark"), default="", blank=True)
    filed_by = models.ForeignKey("identity.Person", models.PROTECT, verbose_name=_("Filed by"), related_name="+")  # fmt: skip
    filed_at = models.DateTimeField(_("Filed"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number


class ArchiveVolume(Filed):
    """案卷: pieces that belong together, bound and numbered as one."""

    fonds = models.ForeignKey(Fonds, models.PROTECT, verbose_name=_("Fonds"), related_name="volumes")  # fmt: skip
    state = CodeField(_("State"), choices=VolumeState, default=VolumeState.OPEN)
    shelf = NameField(_("Archive shelf"), default="", blank=True)
    closed_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(_("Closed"), null=True)
    checked_by = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(_("Checked"), null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["fonds", "-id"], name="volume_fonds"),
            models.Index(fields=["ends_on", "id"], name="volume_ends"),
        ]


class ArchivePiece(Filed):
    """件: one matter with its files, alone or in a volume."""

    fonds = models.ForeignKey(Fonds, models.PROTECT, verbose_name=_("Fonds"), related_name="pieces")  # fmt: skip
    volume = models.ForeignKey(
        ArchiveVolume, models.PROTECT, verbose_name=_("Volume"), null=True, related_name="pieces"
    )
    place = models.SmallIntegerField(_("Place in the volume"), null=True)
    doc_no = CodeField(_("File number"), default="", blank=True)
    responsible = NameField(_("Responsible"))
    dated_on = models.DateField(_("Date of the paper"))
    sheets = models.IntegerField(_("Number of pages"), null=True)
    keywords = ArrayField(NameField(), verbose_name=_("Keywords"), default=list)
    abstract = models.TextField(_("Abstract"), default="", blank=True)
    process = CodeField(_("Process"), default="", blank=True)
    state = CodeField(_("State"), choices=PieceState, default=PieceState.KEPT)
    destruction = CodeField(_("Destroyed by"), default="", blank=True)  # number of the process

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["fonds", "-id"], name="piece_fonds"),
            models.Index(fields=["volume", "place"], name="piece_volume"),
            models.Index(fields=["doc_no"], name="piece_doc_no", condition=~Q(doc_no="")),
            models.Index(fields=["dated_on", "id"], name="piece_dated"),
            models.Index(fields=["ends_on", "id"], name="piece_ends"),
            models.Index(fields=["filed_at", "id"], name="piece_filed"),
            models.Index(
                fields=["destruction"], name="piece_destruction", condition=~Q(destruction="")
            ),
            GinIndex(fields=["keywords"], name="piece_keywords"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["process"], name="piece_process_once", condition=~Q(process="")
            ),
            models.CheckConstraint(
                condition=Q(volume__isnull=True) | Q(place__isnull=False), name="piece_place"
            ),
        ]

    def is_due(self, on: date) -> bool:
        """Its retention has run out by this day."""
        return self.ends_on is not None and self.ends_on < on


class ArchiveCount(models.Model):
    """How many kept pieces of a fonds run out on a day; kept by a trigger on the pieces (sql/office.sql)."""

    fonds = models.ForeignKey(Fonds, models.PROTECT, related_name="+", db_index=False)
    ends_on = models.DateField()
    retention = CodeField(choices=Retention)
    is_secret = models.BooleanField()  # business secrets, which not everybody may count
    pieces = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fonds", "ends_on", "retention", "is_secret"], name="archivecount_once"
            )
        ]


class PieceFile(models.Model):
    """A file of a piece in one version; a new version names the one it replaces; evidence."""

    piece = models.ForeignKey(ArchivePiece, models.PROTECT, related_name="files")
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, related_name="+")
    name = NameField(_("Name"))
    media_type = CodeField()
    version = models.SmallIntegerField(_("Version"), default=1)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    reason = models.TextField(_("Reason"), default="", blank=True)
    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]


class ArchiveSearch(models.Model):
    """What a piece is found by: its entry and the text of its files, made anew with them.

    `pairs` are all pairs of neighbouring signs, for words of two Chinese characters, which have
    no trigram. `unread` names files whose text could not be taken out.
    """

    piece = models.OneToOneField(
        ArchivePiece, models.CASCADE, primary_key=True, related_name="search"
    )
    text = models.TextField()
    pairs = ArrayField(models.TextField())
    unread = ArrayField(NameField(), default=list)

    class Meta:
        indexes = [
            GinIndex(fields=["text"], name="archive_text", opclasses=["gin_trgm_ops"]),
            GinIndex(fields=["pairs"], name="archive_pairs"),
        ]


class ArchiveDoor(models.Model):
    """Who read or took a piece, and who was refused and why; evidence."""

    piece = models.ForeignKey(ArchivePiece, models.PROTECT, related_name="doors")
    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    kind = CodeField(choices=DoorKind)
    code = CodeField(default="", blank=True)  # of the refusal
    name = NameField(default="", blank=True)  # of the file
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["piece", "-id"], name="archivedoor_piece")]
