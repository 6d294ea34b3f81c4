"""What other apps say before results are reviewed or approved, and of the errors of devices.

Declared by them, at start.
"""

from collections.abc import Callable, Mapping, Sequence

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal, refuse

from .models import VerificationTask
from .selectors.transformer_errors import Errors

Guard = Callable[[VerificationTask, Sequence[int], Actor], Refusal | None]
Stated = Callable[[Sequence[int]], Mapping[int, tuple[Errors, str]]]
_guards: list[Guard] = []
_stated: list[Stated] = []


def register_results_guard(guard: Guard) -> None:
    """Declare what may stand against a review or approval: task, keys of its devices, who signs."""
    _guards.append(guard)


def refuse_results(task: VerificationTask, device_ids: Sequence[int], actor: Actor) -> None:
    """Refuse what another app does not let pass."""
    for guard in _guards:
        refuse(guard(task, device_ids, actor))


def register_stated_errors(stated: Stated) -> None:
    """Declare what is stated of transformers by others: errors by point, and where they stand."""
    _stated.append(stated)


def stated_errors(device_ids: Sequence[int]) -> dict[int, tuple[Errors, str]]:
    """Errors of transformers as others state them, by device."""
    return {key: one for stated in _stated for key, one in stated(device_ids).items()}
