"""What certificates say and rest on: values by point, outside standards above ours."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField, NumericField


class OutsideStandard(models.Model):
    """A standard of another body, above ours: by it a certificate of ours was made.

    `higher` leads up to the national standard; what no paper has told us stays empty.
    """

    body = NameField(_("Other body"))
    name = NameField(_("Name"))
    accuracy = CodeField(_("Class or uncertainty"), blank=True, default="")
    certificate_no = CodeField(_("Certificate"), blank=True, default="")
    valid_through = models.DateField(_("Valid through"), null=True, blank=True)
    is_national = models.BooleanField(_("National primary standard"), default=False)
    higher = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("Traced to"), null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["body", "name"]
        indexes = [models.Index(fields=["name", "id"], name="outsidestandard_name")]
        constraints = [
            models.UniqueConstraint(fields=["body", "name"], name="outsidestandard_once"),
            models.CheckConstraint(
                condition=Q(higher__isnull=True) | ~Q(higher=F("id")), name="outsidestandard_self"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.body}"


class CertificatePoint(models.Model):
    """What a certificate of a standard says at one point, in the figures of the paper."""

    certificate = models.ForeignKey(
        "standards.StandardCertificate", models.PROTECT, related_name="points"
    )
    seq = models.SmallIntegerField()
    quantity = CodeField(_("Measured quantity"))
    point = CodeField(_("Measuring point"))
    value = NumericField(_("Certified value"))
    correction = NumericField(_("Correction"), null=True)
    uncertainty = NumericField(_("Expanded uncertainty"), null=True)
    factor = NumericField(_("k"), null=True)
    unit = CodeField(_("Unit of measurement"))

    class Meta:
        ordering = ["certificate", "seq"]
        constraints = [
            models.UniqueConstraint(
                fields=["certificate", "quantity", "point"], name="certificatepoint_once"
            ),
            models.CheckConstraint(
                condition=(Q(uncertainty__isnull=True) | Q(uncertainty__gt=0))
                & (Q(factor__isnull=True) | Q(factor__gt=0)),
                name="certificatepoint_positive",
            ),
        ]
