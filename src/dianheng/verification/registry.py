"""What other apps say before results are reviewed or approved: declared by them, at start."""

from collections.abc import Callable, Sequence

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal, refuse

from .models import VerificationTask

Guard = Callable[[VerificationTask, Sequence[int], Actor], Refusal | None]
_guards: list[Guard] = []


def register_results_guard(guard: Guard) -> None:
    """Declare what may stand against a review or approval: task, keys of its devices, who signs."""
    _guards.append(guard)


def refuse_results(task: VerificationTask, device_ids: Sequence[int], actor: Actor) -> None:
    """Refuse what another app does not let pass."""
    for guard in _guards:
        refuse(guard(task, device_ids, actor))
