"""Signatures under rule sets."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField


class RuleSetSignature(models.Model):
    """A metrologist confirms exactly this content of a rule set for a laboratory, or takes
    that back; until then what rests on unconfirmed figures is provisional.
    """

    unit = models.ForeignKey("identity.Unit", models.PROTECT, verbose_name=_("Laboratory"))
    standard = CodeField()
    edition = CodeField()
    digest = CodeField()  # hexadecimal SHA-256 of the rule set's files
    is_withdrawal = models.BooleanField(default=False)
    declaration = models.TextField()
    signed_by = models.ForeignKey("identity.Person", models.PROTECT, related_name="+")
    acting_for = models.ForeignKey("identity.Person", models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["digest", "unit"], name="rulesetsignature_digest")]
