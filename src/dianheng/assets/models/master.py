"""Makers, models with their technical parameters, lots."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from ..choices import Connection, DeviceKind, DeviceState, Wiring


class Manufacturer(models.Model):
    """A maker of devices."""

    code = CodeField(_("Code"), unique=True)
    name = NameField(_("Name"))
    short_name = NameField(_("Short name"), blank=True)
    sort_key = CodeField(editable=False, default="")
    is_active = models.BooleanField(_("Active"), default=True)

    class Meta:
        ordering = ["sort_key"]

    def __str__(self) -> str:
        return self.short_name or self.name


class DeviceModel(models.Model):
    """A maker's type with the parameters on its plate.

    Currents: legacy plates give Ib(Imax) or In(Imax), new ones Imin-Itr(Imax); columns that a
    plate does not have are empty. Transformers use ratio, burden and their own class.
    """

    kind = CodeField(_("Kind"), choices=DeviceKind)
    manufacturer = models.ForeignKey(
        Manufacturer, models.PROTECT, verbose_name=_("Maker"), related_name="models"
    )
    code = CodeField(_("Model"))
    name = NameField(_("Name"))
    accuracy_class = CodeField(_("Active class"), blank=True)  # 0.2S 0.5S 1 2, or A–E by IR46
    reactive_class = CodeField(_("Reactive class"), blank=True)
    wiring = CodeField(_("Wiring"), choices=Wiring, blank=True)
    connection = CodeField(_("Connection"), choices=Connection, blank=True)
    voltage_v = models.DecimalField(
        _("Reference voltage, V"), max_digits=10, decimal_places=3, null=True, blank=True
    )
    base_current_a = models.DecimalField(
        _("Ib or In, A"), max_digits=10, decimal_places=4, null=True, blank=True
    )
    min_current_a = models.DecimalField(
        _("Imin, A"), max_digits=10, decimal_places=4, null=True, blank=True
    )
    transitional_current_a = models.DecimalField(
        _("Itr, A"), max_digits=10, decimal_places=4, null=True, blank=True
    )
    max_current_a = models.DecimalField(
        _("Imax, A"), max_digits=10, decimal_places=4, null=True, blank=True
    )
    frequency_hz = models.DecimalField(
        _("Frequency, Hz"), max_digits=5, decimal_places=2, default=50
    )
    constant_imp_per_kwh = models.DecimalField(
        _("Constant, imp/kWh"), max_digits=12, decimal_places=3, null=True, blank=True
    )
    constant_imp_per_kvarh = models.DecimalField(
        _("Constant, imp/kvarh"), max_digits=12, decimal_places=3, null=True, blank=True
    )
    register_decimals = models.SmallIntegerField(_("Decimals of the register"), default=2)
    tariff_count = models.SmallIntegerField(_("Rates"), default=1)
    has_clock = models.BooleanField(_("Clock"), default=False)
    has_relay = models.BooleanField(_("Relay"), default=False)
    has_demand = models.BooleanField(_("Demand"), default=False)
    has_security_module = models.BooleanField(_("Security module"), default=False)
    type_approval_no = CodeField(_("Type approval"), blank=True)
    protocol = CodeField(_("Protocol"), blank=True)
    ratio = CodeField(_("Ratio"), blank=True)
    burden_va = CodeField(_("Rated burden, VA"), blank=True)
    parameters = models.JSONField(_("More parameters"), default=dict, blank=True)
    sort_key = CodeField(editable=False, default="")
    is_active = models.BooleanField(_("Active"), default=True)

    class Meta:
        ordering = ["kind", "sort_key"]
        constraints = [
            models.UniqueConstraint(fields=["manufacturer", "code"], name="devicemodel_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def plate_current(self) -> str:
        """Currents as on the plate, e.g. `5(60)A` or `0.25-0.5(60)A`."""
        if self.max_current_a is None:
            return ""

        def plain(value: object) -> str:
            return (
                format(value, "f").rstrip("0").rstrip(".")
                if "." in format(value, "f")
                else format(value, "f")
            )

        if self.transitional_current_a is not None and self.min_current_a is not None:
            return f"{plain(self.min_current_a)}-{plain(self.transitional_current_a)}({plain(self.max_current_a)})A"
        if self.base_current_a is not None:
            return f"{plain(self.base_current_a)}({plain(self.max_current_a)})A"
        return ""

    @property
    def specification(self) -> str:
        """Voltage and currents as lists of goods write them, e.g. `220 V 5(60)A`."""
        voltage = f"{self.voltage_v.normalize():f} V" if self.voltage_v else ""
        return " ".join(part for part in (voltage, self.plate_current, self.ratio) if part)


class Lot(models.Model):
    """A maker's devices of one model and tender batch: what sampling judges as one."""

    code = CodeField(_("Lot"), unique=True)
    model = models.ForeignKey(
        DeviceModel, models.PROTECT, verbose_name=_("Model"), related_name="lots"
    )
    tender_batch = CodeField(_("Tender batch"))
    unit = models.ForeignKey("identity.Unit", models.PROTECT, verbose_name=_("Unit"))

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["model", "tender_batch", "unit"], name="lot_identity"),
        ]

    def __str__(self) -> str:
        return self.code


class StateMapping(models.Model):
    """How a state is called in a file that is imported."""

    source = NameField(_("File of"), default="*")
    text = NameField(_("Text in the file"))
    state = CodeField(_("State"), choices=DeviceState)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "text"], name="statemapping_text")]
