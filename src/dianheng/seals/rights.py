"""Rights and settings of this app."""

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import SettingKind, register_rights, register_settings, yes_no

register_rights(
    {
        "seals.view": _("See seals"),
        "seals.enrol": _("Enter seals in the register"),
        "seals.issue": _("Issue seals and take them back"),
        "seals.apply": _("Apply seals"),
        "seals.open": _("Open seals"),
        "seals.scrap": _("Destroy seals and report them lost"),
    }
)


def _few(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 4:
        raise ValueError(text)
    return value


register_settings(
    SettingKind(
        "seals.register_unknown",
        _("A seal that is not in the register is entered when it is applied"),
        True,
        yes_no,
        source="own choice: seals of a bench's stock may not have been entered one by one",
        certainty="project",
    ),
    SettingKind(
        "seals.per_meter",
        _("Verification seals that a meter needs before it is qualified"),
        1,
        _few,
        source="practice of metering centres; one or two by the company's sealing rules",
        certainty="from_memory",
    ),
)
