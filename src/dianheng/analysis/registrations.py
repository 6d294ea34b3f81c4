"""What processes can be about of this app."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy

from dianheng.assets.models import Lot
from dianheng.common.errors import Text
from dianheng.standards.panels import register_outside_action, register_standard_action
from dianheng.supply.panels import register_lot_link
from dianheng.workflow.registry import Subject, register_subject

from .choices import Cause
from .models import Trace


def _facts(number: str) -> Mapping[str, Any]:
    """What an approver of a recall decides on."""
    trace = Trace.objects.filter(number=number).first()
    if trace is None:
        return {}
    return {"reason": trace.reason, "cause": trace.cause_text, "counts": trace.counts}


def _touched(cause: Cause, code: str) -> tuple[Text, str]:
    """From a standard, ours or another body's, to the search for what it touched."""
    asked = urlencode({"cause": cause.value, "code": code})
    return gettext_lazy("What it touched"), f"{reverse('trace_add')}?{asked}"


def _against_maker(lot: Lot) -> tuple[Text, str, str]:
    """From a lot that has its maker's data to how they compare."""
    return (
        gettext_lazy("Against the maker's data"),
        reverse("maker_data"),
        f"?by=point&lot={lot.pk}",
    )


register_standard_action(lambda device: _touched(Cause.STANDARD, device.barcode))
register_outside_action(lambda outside: _touched(Cause.OUTSIDE, str(outside)))
register_lot_link(_against_maker)
register_subject(
    Subject("trace", gettext_lazy("Trace"), _facts, lambda number: reverse("trace", args=[number]))
)
