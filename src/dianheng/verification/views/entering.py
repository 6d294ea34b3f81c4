"""What the pages share on which records are typed: the head of a record, and the standards."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from ..models import BenchLoad, LoadPosition


def header_of(load: BenchLoad, put: LoadPosition, typed: Mapping[str, str]) -> dict[str, Any]:
    """The header of the upload format from the fields of the form."""

    def text(name: str) -> str:
        return typed.get(name, "")

    return {
        "task_no": load.task.number,
        "asset_no": put.task_device.device.asset_number,
        "position_no": put.position,
        "test_kind": load.task.kind.upper(),
        "standards": [{"asset_no": code} for code in text("standards").split()],
        "environment": {
            moment: {
                "temperature_c": text(f"temperature_{moment}"),
                "humidity_pct": text(f"humidity_{moment}"),
            }
            for moment in ("start", "end")
        },
        "operators": [
            {"person_no": code, "role": "VERIFIER"} for code in text("verifiers").split()
        ],
        "started_at": moment_of(text("started_at")),
        "finished_at": moment_of(text("finished_at")),
        "attempt": put.attempt,
    }


def moment_of(text: str) -> str | None:
    """A moment as typed, in the organisation's zone; unreadable text goes on as it is."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return text
    if timezone.is_naive(found):
        found = timezone.make_aware(found)
    return found.isoformat()


def standards_of(installation: Any) -> str:
    """Bar codes of the main standards of the bench's installation today, as the field has them."""
    if installation is None:
        return ""
    today = timezone.localdate()
    parts = installation.parts.filter(role="main", valid_from__lte=today).select_related("device")
    return " ".join(
        part.device.barcode
        for part in parts
        if part.valid_through is None or part.valid_through >= today
    )
