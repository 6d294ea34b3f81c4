"""Services that a pack may call: declared by the apps that have them, at start."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dianheng.common.errors import Text


@dataclass(frozen=True)
class Service:
    """A step that the program does itself.

    `call` gets the inputs by name, the actor and a request key; it runs in the transaction of
    the step, so that it takes effect exactly once. What it answers stands under the step's id.
    """

    name: str
    title: Text
    inputs: Sequence[str]
    call: Callable[..., Mapping[str, Any]]


_services: dict[str, Service] = {}


def register_service(*services: Service) -> None:
    """Declare services `app.verb`."""
    _services.update({service.name: service for service in services})


def all_services() -> dict[str, Service]:
    """Every service by name."""
    return dict(sorted(_services.items()))
