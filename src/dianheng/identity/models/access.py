"""Tokens, exceptions of separation, settings, and results kept for harmless repeats."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField


class ApiToken(models.Model):
    """A bearer token of a person; only its SHA-256 is kept."""

    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="tokens")
    label = NameField(_("Label"))
    digest = models.BinaryField(unique=True, max_length=32)
    scopes = ArrayField(
        CodeField(), default=list, blank=True, help_text=_("Empty: all rights of the person.")
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]


class SeparationException(models.Model):
    """A third person allowed beforehand that one person does two steps of one matter."""

    subject = CodeField(help_text=_("The matter, for example task:T2026-0001."))
    person = models.ForeignKey(
        "identity.Person", models.PROTECT, related_name="separation_exceptions"
    )
    steps = ArrayField(CodeField())
    reason = models.TextField()
    valid_from = models.DateField()
    valid_through = models.DateField()
    granted_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()

    class Meta:
        ordering = ["-granted_at"]
        indexes = [models.Index(fields=["subject", "person"], name="separation_subject")]
        constraints = [
            models.CheckConstraint(condition=~Q(granted_by=F("person")), name="separation_third_person"),
        ]  # fmt: skip


class Setting(models.Model):
    """A value that a company sets for itself, dated; its meaning is registered in code."""

    key = CodeField()
    unit = models.ForeignKey("identity.Unit", models.PROTECT, null=True, blank=True)
    value = models.JSONField()
    valid_from = models.DateField()
    reason = models.TextField()

    class Meta:
        ordering = ["key", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "unit", "valid_from"],
                nulls_distinct=False,
                name="setting_once_a_day",
            ),
        ]


class RightUse(models.Model):
    """On which day a right of a person was first and last used, by the person or a stand-in.

    Written after the act, once a day for each right; that so many days passed without is no record
    of the trade, it says which rights nobody needs.
    """

    person = models.ForeignKey(
        "identity.Person", models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    right = CodeField(_("Right"))
    first_on = models.DateField(_("First used"))
    last_on = models.DateField(_("Last used"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "right"], name="rightuse_once")]


class RequestResult(models.Model):
    """What a request answered, so that its repeat answers the same and changes nothing."""

    key = CodeField(unique=True)
    action = CodeField()
    result = models.JSONField()
    recorded_at = models.DateTimeField(db_default=Now())
