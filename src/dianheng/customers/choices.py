"""What a usage point is for and how it is wired."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Purpose(TextChoices):
    """What is measured for; the words of `metrology.device_classes`."""

    SETTLEMENT = "settlement", _("Trade settlement")  # 贸易结算
    ASSESSMENT = "assessment", _("Internal assessment")  # 内部考核
    GENERATOR = "generator", _("Generator")  # 发电上网
    PLANT_AUXILIARY = "plant_auxiliary", _("Plant auxiliary supply")  # 厂用电


class Circuit(TextChoices):
    """Wiring of the metering device; the words of `metrology.plates.Wiring`."""

    SINGLE_PHASE = "single_phase", _("Single-phase")
    THREE_PHASE_FOUR_WIRE = "three_phase_four_wire", _("Three-phase four-wire")
    THREE_PHASE_THREE_WIRE = "three_phase_three_wire", _("Three-phase three-wire")


CLASSES = [(name, name) for name in ("I", "II", "III", "IV", "V")]
