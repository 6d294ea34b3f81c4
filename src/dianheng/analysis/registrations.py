"""What processes can be about of this app."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from dianheng.workflow.registry import Subject, register_subject

from .models import Trace


def _facts(number: str) -> Mapping[str, Any]:
    """What an approver of a recall decides on."""
    trace = Trace.objects.filter(number=number).first()
    if trace is None:
        return {}
    return {"reason": trace.reason, "cause": trace.cause_text, "counts": trace.counts}


register_subject(Subject("trace", _facts, lambda number: reverse("trace", args=[number])))
