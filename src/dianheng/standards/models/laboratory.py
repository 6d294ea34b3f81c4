"""What a laboratory must have before its results count: authorisation, examined standards.

The tables keep the names under which the audit trail has sealed their rows.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import DeviceKind
from dianheng.common.fields import CodeField, NameField

from ..choices import Project


def _period(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(valid_through__gte=F("valid_from")), name=name)


class LaboratoryAuthorisation(models.Model):
    """计量授权证书: which devices a laboratory may verify, from a day through a day."""

    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Laboratory"), related_name="authorisations"
    )
    number = CodeField(_("Number"))
    issuer = NameField(_("Issued by"))
    scope = models.TextField(_("Scope"), help_text=_("As it stands on the certificate."))
    kinds = ArrayField(CodeField(choices=DeviceKind), verbose_name=_("Kinds of device"))
    valid_from = models.DateField(_("From"))
    valid_through = models.DateField(_("Through"))
    withdrawn_on = models.DateField(_("Withdrawn on"), null=True, blank=True)

    class Meta:
        db_table = "verification_laboratoryauthorisation"
        ordering = ["-valid_from", "-id"]
        constraints = [
            _period("authorisation_period"),
            models.UniqueConstraint(fields=["unit", "number"], name="authorisation_number"),
        ]

    def __str__(self) -> str:
        return self.number


class StandardInstallation(models.Model):
    """计量标准: a bench with its standards, examined as one measuring standard."""

    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Laboratory"), related_name="installations"
    )
    code = CodeField(_("Code"), unique=True)
    name = NameField(_("Name"))
    project = CodeField(_("Project"), choices=Project, default=Project.AC_METER)
    kinds = ArrayField(CodeField(choices=DeviceKind), verbose_name=_("Kinds of device"))
    bench = models.ForeignKey(
        "assets.Device",
        models.PROTECT,
        verbose_name=_("Bench"),
        null=True,
        blank=True,
        related_name="installations",
    )
    measuring_range = CodeField(_("Measuring range"), blank=True, default="")
    accuracy = CodeField(_("Class or uncertainty"), blank=True, default="")
    stopped_on = models.DateField(_("Taken out of use on"), null=True, blank=True)

    class Meta:
        db_table = "verification_standardinstallation"
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["bench"], condition=Q(stopped_on__isnull=True), name="installation_of_bench"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class InstallationCertificate(models.Model):
    """计量标准考核证书: an installation was examined, from a day through a day."""

    installation = models.ForeignKey(
        StandardInstallation,
        models.PROTECT,
        verbose_name=_("Installation"),
        related_name="certificates",
    )
    number = CodeField(_("Number"), unique=True)
    issuer = NameField(_("Issued by"))
    valid_from = models.DateField(_("From"))
    valid_through = models.DateField(_("Through"))
    withdrawn_on = models.DateField(_("Withdrawn on"), null=True, blank=True)

    class Meta:
        db_table = "verification_installationcertificate"
        ordering = ["-valid_from", "-id"]
        constraints = [_period("installationcertificate_period")]

    def __str__(self) -> str:
        return self.number


class InstallationStandard(models.Model):
    """Which standards belong to an installation, first and last day included."""

    installation = models.ForeignKey(
        StandardInstallation, models.PROTECT, verbose_name=_("Installation"), related_name="parts"
    )
    device = models.ForeignKey(
        "assets.Device", models.PROTECT, verbose_name=_("Standard"), related_name="part_of"
    )
    role = CodeField(_("Role"), default="main")  # main standard, or auxiliary equipment
    valid_from = models.DateField(_("From"))
    valid_through = models.DateField(_("Through"), null=True, blank=True)

    class Meta:
        db_table = "verification_installationstandard"
        ordering = ["installation", "role", "device"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_through__isnull=True) | Q(valid_through__gte=F("valid_from")),
                name="installationstandard_period",
            ),
        ]


class StandardCertificate(models.Model):
    """A standard's, bench's or instrument's own certificate: its link to a higher standard."""

    device = models.ForeignKey(
        "assets.Device", models.PROTECT, verbose_name=_("Standard"), related_name="certificates"
    )
    number = CodeField(_("Number"))
    issuer = NameField(_("Issued by"))
    accuracy_class = CodeField(_("Class"), blank=True, default="")  # 0.05; empty: by uncertainty
    uncertainty = CodeField(_("Uncertainty"), blank=True, default="")
    higher_standard = NameField(_("Traced to"), blank=True, default="")  # as it was written
    higher_device = models.ForeignKey(
        "assets.Device", models.PROTECT, null=True, blank=True, related_name="+"
    )
    higher_outside = models.ForeignKey(
        "standards.OutsideStandard",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="certificates",
    )
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, related_name="+")
    valid_from = models.DateField(_("From"))
    valid_through = models.DateField(_("Through"))
    withdrawn_on = models.DateField(_("Withdrawn on"), null=True, blank=True)
    note = models.TextField(_("Note"), blank=True, default="")

    class Meta:
        db_table = "verification_standardcertificate"
        ordering = ["-valid_from", "-id"]
        indexes = [models.Index(fields=["number"], name="standardcertificate_number")]
        constraints = [
            _period("standardcertificate_period"),
            models.UniqueConstraint(fields=["device", "number"], name="standardcertificate_once"),
            models.CheckConstraint(
                condition=Q(higher_device__isnull=True) | Q(higher_outside__isnull=True),
                name="standardcertificate_one_higher",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class EnvironmentBand(models.Model):
    """A laboratory's own bounds of temperature and humidity; outside them a record is flagged.

    Absent: the reference conditions of the rule set alone.
    """

    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, verbose_name=_("Laboratory"), related_name="+"
    )
    temperature_low_c = models.DecimalField(_("Lowest, °C"), max_digits=5, decimal_places=2)
    temperature_high_c = models.DecimalField(_("Highest, °C"), max_digits=5, decimal_places=2)
    humidity_low_pct = models.DecimalField(_("Lowest, %RH"), max_digits=5, decimal_places=2)
    humidity_high_pct = models.DecimalField(_("Highest, %RH"), max_digits=5, decimal_places=2)
    source = models.TextField(_("Source"))
    valid_from = models.DateField(_("From"))

    class Meta:
        db_table = "verification_environmentband"
        ordering = ["-valid_from", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(temperature_low_c__lt=F("temperature_high_c"))
                & Q(humidity_low_pct__lt=F("humidity_high_pct")),
                name="environmentband_order",
            ),
            models.UniqueConstraint(fields=["unit", "valid_from"], name="environmentband_once"),
        ]
