"""What the laboratory knows for marks: who verified, under which authorisation."""

from collections.abc import Mapping, Sequence
from typing import Any

from dianheng.documents.papers import schema as paper
from dianheng.documents.selectors import body_for
from dianheng.warehouse.registry import register_label_facts

from .choices import Outcome
from .models import ApprovalLine


def mark_facts(device_ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    """合格标记: verifier, laboratory and its authorisation, from the approval in force."""
    lines = (
        ApprovalLine.objects.filter(task_device__device__in=device_ids, outcome=Outcome.PASSED)
        .select_related("record__verifier", "record__authorisation", "record__task__unit")
        .order_by("task_device__device", "-pk")
        .distinct("task_device__device")
    )
    bodies: dict[int, str] = {}
    found: dict[int, dict[str, Any]] = {}
    for line in lines:
        record = line.record
        unit = record.task.unit
        if unit.pk not in bodies:
            bodies[unit.pk] = body_for(unit).name
        found[line.device_id] = {
            "body_name": bodies[unit.pk],
            "verifier": record.verifier.name if record.verifier else "",
            "validity_mode": paper.TERM if line.validity_mode == "first_only" else paper.VALIDITY,
            "authorisation_no": record.authorisation.number if record.authorisation else "",
        }
    return found


register_label_facts("qualification_mark", mark_facts)
