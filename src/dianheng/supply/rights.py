"""Rights of this app."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from dianheng.identity.registry import SettingKind, register_rights, register_settings, target

register_rights(
    {
        "supply.view": _("See orders, arrivals and inspections"),
        "supply.order": _("Enter orders and issue number segments"),
        "supply.deliver": _("Check and take delivery files"),
        "supply.receive": _("Receive deliveries by scan"),
        "supply.inspect": _("State splits, draw samples, record their results"),
        "supply.decide_technical": _("Sign acceptance for the technical department"),
        "supply.decide_asset": _("Sign acceptance for the asset department"),
        "supply.resume": _("Resume inspection of a maker's model"),
        "supply.return": _("Return devices to the maker"),
    }
)
register_settings(
    SettingKind(
        "figures.lots_target_pct",
        _("Target: lots accepted on arrival"),
        Decimal(95),
        target,
        source="own choice",
        certainty="project",
        unit="%",
    ),
)
