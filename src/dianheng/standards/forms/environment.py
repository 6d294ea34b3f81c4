"""Bounds of the environment, and what loggers measured."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dianheng.assets.models import Place
from dianheng.common.forms import DayField, Form
from dianheng.identity.models import Unit

from ..rules import POSSIBLE
from .certificate import ValuesForm


def _bound(quantity: str, label: Any, initial: int) -> forms.DecimalField:
    low, high = POSSIBLE[quantity]
    return forms.DecimalField(
        label=label, initial=Decimal(initial), min_value=low, max_value=high, decimal_places=2
    )


class EnvironmentForm(Form):
    """The laboratory's own bounds."""

    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Laboratory"), empty_label=None)
    temperature_low_c = _bound("temperature", _("Lowest, °C"), 21)
    temperature_high_c = _bound("temperature", _("Highest, °C"), 25)
    humidity_low_pct = _bound("humidity", _("Lowest, %RH"), 45)
    humidity_high_pct = _bound("humidity", _("Highest, %RH"), 75)
    source = forms.CharField(label=_("Source"), max_length=500)
    valid_from = DayField(label=_("From"))

    def __init__(self, *args: Any, units: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


class EnvironmentFileForm(ValuesForm):
    """What a logger measured in a room."""

    place = forms.ModelChoiceField(
        Place.objects.none(), label=_("Laboratory room"), empty_label=None
    )
    values = forms.CharField(
        label=_("Lines of the logger"), required=False, strip=False,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false", "wrap": "off"}),
        help_text=_("Columns: moment, temperature, humidity; with or without a line of heads."),
    )  # fmt: skip
    reason = None  # type: ignore[assignment]
    field_order = ["place", "table", "values"]

    def __init__(self, *args: Any, rooms: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["place"].queryset = rooms  # type: ignore[attr-defined]
