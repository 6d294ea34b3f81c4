"""What other apps add to a device's page: fragments, actions, ways to their documents.

register_panel(30, function)     function(device, request) -> HTML of a section, or ""
register_actions(30, function)   function(device, rights) -> DeviceActions; no queries, since
                                 the scan page asks for every code
register_thing_actions(function)   function(scanned, rights) -> DeviceActions of a place, box, person …
                                 that was scanned; on the page of a place too; no queries
register_document("task", _("Verification task"), function, paths)   what people call `task:<number>`,
                                 function(number) -> its address, and paths(numbers) -> the
                                 paths of the units over which each may be seen
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from dianheng.common.errors import Text
from dianheng.common.pages import may_open

from .models import Device


@dataclass(frozen=True)
class DeviceAction:
    """Something that can be done with a device now, or why not.

    `next_in` names the states in which this is what usually comes next; the first such action
    that is possible is the filled button of the page.
    """

    label: Text
    url: str
    refusal: Text = ""
    next_in: Sequence[str] = ()


@dataclass(frozen=True)
class _Kind:
    """Documents of one kind."""

    label: Text | Callable[[str], Text]
    url_of: Callable[[str], str] | None = None
    paths_of: Callable[[Sequence[str]], Mapping[str, Sequence[str]]] | None = None


Panel = Callable[[Device, HttpRequest], str]
Actions = Callable[[Device, Any], Sequence[DeviceAction]]
_panels: list[tuple[int, Panel]] = []
_actions: list[tuple[int, Actions]] = []
_thing_actions: list[Callable[[Any, Any], Sequence[DeviceAction]]] = []
_documents: dict[str, "_Kind"] = {}


def register_panel(order: int, panel: Panel) -> None:
    """Add a section to the page of a device; called in `AppConfig.ready`."""
    _panels.append((order, panel))
    _panels.sort(key=lambda pair: pair[0])


def register_actions(order: int, actions: Actions) -> None:
    """Add actions to devices; called in `AppConfig.ready`."""
    _actions.append((order, actions))
    _actions.sort(key=lambda pair: pair[0])


def register_thing_actions(actions: Callable[[Any, Any], Sequence[DeviceAction]]) -> None:
    """Add actions to things that are no devices; called in `AppConfig.ready`."""
    _thing_actions.append(actions)


def thing_actions_of(scanned: Any, rights: Any) -> list[DeviceAction]:
    """What can be done with a place, box, person, and what not and why."""
    return [action for actions in _thing_actions for action in actions(scanned, rights)]


def register_document(
    prefix: str,
    label: Text | Callable[[str], Text],
    url_of: Callable[[str], str] | None = None,
    paths_of: Callable[[Sequence[str]], Mapping[str, Sequence[str]]] | None = None,
) -> None:
    """Say what documents `prefix:number` of the ledger are called, where and whose they are."""
    _documents[prefix] = _Kind(label, url_of, paths_of)


def panels_of(device: Device, request: HttpRequest) -> list[str]:
    """The sections of a device's page."""
    return [html for _order, panel in _panels if (html := panel(device, request))]


def actions_of(device: Device, rights: Any) -> list[DeviceAction]:
    """What can be done with a device, and what not and why."""
    return [action for _order, actions in _actions for action in actions(device, rights)]


def next_action(device: Device, actions: Sequence[DeviceAction]) -> DeviceAction | None:
    """What usually comes next in this state, if it is possible."""
    return next((a for a in actions if device.state in a.next_in and not a.refusal), None)


def document_urls(documents: Iterable[str], rights: Any) -> dict[str, str]:
    """Addresses of documents of the ledger, of those that the person may open.

    Of each kind whose they are is asked once.
    """
    numbers: dict[str, list[str]] = {}
    for document in dict.fromkeys(documents):
        prefix, _colon, number = document.partition(":")
        if number and prefix in _documents:
            numbers.setdefault(prefix, []).append(number)
    found = {}
    for prefix, wanted in numbers.items():
        kind = _documents[prefix]
        if kind.url_of is None:
            continue
        paths = kind.paths_of(wanted) if kind.paths_of else {}
        for number in wanted:
            address = kind.url_of(number)
            if may_open(rights, address, *paths.get(number, ())):
                found[f"{prefix}:{number}"] = address
    return found


def document_words(document: str) -> str:
    """A document of the ledger as people say it: what it is and its number."""
    prefix, _colon, number = document.partition(":")
    kind = _documents.get(prefix)
    label = kind.label if kind else ""
    if callable(label):
        label = label(number)
    return f"{label} {number}" if label and number else document
