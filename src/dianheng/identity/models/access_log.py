"""Who came in, who was refused, what was taken out; and changes that need a look."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField

from ..choices import AccessKind, Via
from .audit import AuditBatch


class AccessEvent(models.Model):
    """One line of the security log: added once, changed never, removed by a clean-up only.

    It belongs to no batch: a login writes nothing else, and a refusal leaves nothing written.
    """

    at = models.DateTimeField(_("When"), db_default=Now())
    kind = CodeField(_("What"), choices=AccessKind)
    person = models.ForeignKey(
        "identity.Person", models.DO_NOTHING, verbose_name=_("Who"), null=True,
        db_constraint=False, db_index=False, related_name="+",
    )  # fmt: skip
    login = CodeField(_("Login"), default="", help_text=_("As typed, where a login failed."))
    address = CodeField(_("Address"), default="")
    via = CodeField(_("Door"), choices=Via)
    what = CodeField(default="", help_text=_("The right, the list, or the label of the token."))
    path = CodeField(_("Page"), default="")
    login_event_id = models.BigIntegerField(null=True)  # of a logout: the login that it ends
    token_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["at"], name="access_at"),
            models.Index(fields=["person", "id"], name="access_person"),
            models.Index(fields=["kind", "id"], name="access_kind"),
            models.Index(
                fields=["login_event_id"], name="access_logout",
                condition=Q(login_event_id__isnull=False),
            ),
            models.Index(
                fields=["token_id", "at"], name="access_token", condition=Q(token_id__isnull=False)
            ),
        ]  # fmt: skip


class AccessCleanUp(models.Model):
    """Events older than a day were removed: how many, from when to when, and their digest.

    Written by the database's own function, the only way to remove any (sql/access.sql).
    """

    before = models.DateTimeField(_("Before"))
    event_count = models.BigIntegerField(_("Events"))
    first_at = models.DateTimeField(_("First"), null=True)
    last_at = models.DateTimeField(_("Last"), null=True)
    digest = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("Clean-up of the security log")


class UnusualChange(models.Model):
    """A batch changed master data in an unusual way; somebody else looks at it and says so."""

    batch = models.OneToOneField(
        AuditBatch, models.DO_NOTHING, db_constraint=False, related_name="unusual"
    )
    reasons = ArrayField(CodeField(), verbose_name=_("Why"))
    row_count = models.BigIntegerField(_("Rows"))
    acknowledged_at = models.DateTimeField(_("Seen at"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        "identity.Person", models.PROTECT, verbose_name=_("Seen by"), null=True, blank=True,
        related_name="+",
    )  # fmt: skip
    word = models.TextField(_("Word"), blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("Unusual change")
        indexes = [
            models.Index(fields=["id"], name="unusual_open", condition=Q(acknowledged_at=None)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by=None, word="")
                | (Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False) & ~Q(word="")),
                name="unusual_seen_with_a_word",
            ),
        ]


class TrailWatch(models.Model):
    """How far along the chain a watcher has looked."""

    name = CodeField(unique=True)
    position = models.BigIntegerField()
