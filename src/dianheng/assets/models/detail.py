"""What only one kind of device has."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from dianheng.common.fields import CodeField, NameField

from ..choices import KeyState, Prepayment


class Meter(models.Model):
    """Meters: communication, prepayment, keys, versions (R-013, R-014, R-310)."""

    device = models.OneToOneField(
        "assets.Device", models.PROTECT, primary_key=True, related_name="meter"
    )
    material_code = CodeField(_("Material code"), default="", blank=True)
    type_approval_no = CodeField(_("Type approval"), default="", blank=True)
    hardware_version = CodeField(_("Hardware version"), default="", blank=True)
    software_version = CodeField(_("Software version"), default="", blank=True)
    protocol = CodeField(_("Protocol"), default="", blank=True)  # 645-2007, 698.45
    comm_address = CodeField(_("Communication address"), default="", blank=True)
    comm_module_type = CodeField(
        _("Communication module"), default="", blank=True
    )  # HPLC, 4G, RS-485
    comm_module_maker = NameField(_("Module's maker"), default="", blank=True)
    prepayment = CodeField(_("Prepayment"), choices=Prepayment, default=Prepayment.NONE)
    esam_no = CodeField(_("ESAM number"), default="", blank=True)
    key_state = CodeField(_("Keys"), choices=KeyState, default=KeyState.UNKNOWN)
    price_preset = CodeField(_("Price preset"), default="", blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["comm_address"], name="meter_address", condition=~models.Q(comm_address="")
            ),
        ]


class Transformer(models.Model):
    """Current, voltage and combined transformers (R-015, R-021)."""

    device = models.OneToOneField(
        "assets.Device", models.PROTECT, primary_key=True, related_name="transformer"
    )
    ratio = CodeField(_("Ratio in use"), default="", blank=True)
    phase = CodeField(_("Phase"), default="", blank=True)
    burden_va = CodeField(_("Rated burden, VA"), default="", blank=True)
    security_factor = CodeField(_("Security factor"), default="", blank=True)


class Terminal(models.Model):
    """Acquisition terminals, concentrators, collectors."""

    device = models.OneToOneField(
        "assets.Device", models.PROTECT, primary_key=True, related_name="terminal"
    )
    comm_address = CodeField(_("Communication address"), default="", blank=True)
    comm_module_type = CodeField(_("Communication module"), default="", blank=True)
    sim_no = CodeField(_("SIM number"), default="", blank=True)
    software_version = CodeField(_("Software version"), default="", blank=True)


class StandardEquipment(models.Model):
    """Standards, benches and instruments of the laboratory (R-016, R-023)."""

    device = models.OneToOneField(
        "assets.Device", models.PROTECT, primary_key=True, related_name="standard"
    )
    name = NameField(_("Name"))
    measuring_range = CodeField(_("Measuring range"), default="", blank=True)
    uncertainty = CodeField(_("Class or uncertainty"), default="", blank=True)
    period_months = models.SmallIntegerField(_("Verification period, months"), default=12)
    position_count = models.SmallIntegerField(_("Positions"), null=True, blank=True)  # benches
    restriction = models.TextField(
        _("Restriction"), default="", blank=True
    )  # printed on a yellow label
    stopped_on = models.DateField(_("Taken out of use on"), null=True, blank=True)
