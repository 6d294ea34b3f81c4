"""Laws, standards, rules, instructions: editions, clauses, and what carries each clause out."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from ..choices import RegulationKind


class Regulation(models.Model):
    """A law, standard, rule or instruction under its code; its editions follow each other."""

    code = CodeField(_("Number"), unique=True)  # JJG 596, Q/GDW 1206, 计量〔2026〕11 号
    slug = CodeField(unique=True)  # the code as it stands in addresses
    title = NameField(_("Name"))
    kind = CodeField(_("Kind"), choices=RegulationKind)
    unit = models.ForeignKey("identity.Unit", models.PROTECT, verbose_name=_("Unit"), related_name="+")  # fmt: skip

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class RegulationEdition(models.Model):
    """An edition with the days on which it is in force; the last day counts."""

    regulation = models.ForeignKey(Regulation, models.PROTECT, related_name="editions")
    edition = CodeField(_("Edition"))
    in_force_from = models.DateField(_("In force from"))
    in_force_through = models.DateField(_("In force through"), null=True)
    record = CodeField(_("Full text in the archive"), default="", blank=True)  # archival number
    entered_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(_("Entered"))

    class Meta:
        ordering = ["-in_force_from"]
        constraints = [
            models.UniqueConstraint(fields=["regulation", "edition"], name="edition_once"),
            models.CheckConstraint(
                condition=Q(in_force_through__isnull=True)
                | Q(in_force_through__gte=models.F("in_force_from")),
                name="edition_days",
            ),
        ]

    def is_in_force(self, on: date) -> bool:
        """It counts on this day."""
        through = self.in_force_through
        return self.in_force_from <= on and (through is None or on <= through)


class Clause(models.Model):
    """A clause of an edition, as it stands there."""

    edition = models.ForeignKey(RegulationEdition, models.PROTECT, related_name="clauses")
    number = CodeField(_("Clause"))
    place = models.IntegerField()
    text = models.TextField(_("Text"))

    class Meta:
        ordering = ["edition", "place"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "number"], name="clause_once"),
        ]


class ClauseControl(models.Model):
    """What carries a clause out: a thing of the program by kind and key, or something in words.

    `name` is what the thing was called when it was tied; its label of today is asked of the app
    that has it (`common.controls`).
    """

    clause = models.ForeignKey(Clause, models.PROTECT, related_name="controls")
    kind = CodeField(_("Kind"))
    key = CodeField(default="", blank=True)  # empty: in words only
    name = NameField(_("What carries it out"))
    # The newer edition that changed its clause, until somebody has looked at it.
    changed_by = models.ForeignKey(RegulationEdition, models.PROTECT, related_name="left_open", null=True)  # fmt: skip
    entered_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(_("Entered"))
    ended_at = models.DateTimeField(_("Ended"), null=True)
    end_reason = models.TextField(_("Reason"), default="", blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["kind", "key"], condition=Q(ended_at=None), name="control_of"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["clause", "kind", "key"], condition=~Q(key=""), name="control_thing_once"
            ),
            models.UniqueConstraint(
                fields=["clause", "name"], condition=Q(key=""), name="control_words_once"
            ),
        ]
