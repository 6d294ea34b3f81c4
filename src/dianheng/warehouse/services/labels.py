"""Labels of devices and places: chosen, then printed as often as needed."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.documents.choices import LabelKind
from dianheng.documents.services import labels_print

from ..labels import labels_of
from ..models import LabelRun


def label_run_make(*, kind: str, keys: Sequence[int], actor: Actor) -> LabelRun:
    """Keep what was chosen, so that sheet and start can be set and a print repeated."""
    if kind not in LabelKind.values:
        raise BadInput(_("There is no such label."))
    if not keys:
        raise BadInput(_("Choose what to print labels for."))
    return LabelRun.objects.create(person_id=actor.person_id, kind=kind, keys=sorted(set(keys)))


def labels_pdf(
    *, kind: str, keys: Sequence[int], actor: Actor, approver: str = "", **sheet: Any
) -> bytes:
    """Labels for what there can be some, as PDF; `sheet` goes to `documents.labels_print`."""
    made = labels_of(kind, keys, approver)
    return labels_print(
        kind=kind, labels=made.labels, unit_ids=sorted(made.unit_ids), actor=actor, **sheet
    )
