"""What other apps add to the pages of standards: called in `AppConfig.ready`.

register_standard_panel(function)       function(device, request) -> HTML of a section, or ""
register_standard_action(function)      function(device) -> label and address of a button
register_outside_action(function)       function(outside standard) -> label and address of a button
register_installation_action(function)  function(installation) -> label and address of a button
register_installation_fact(function)    function(installation) -> name and text of a fact
"""

from collections.abc import Callable

from django.http import HttpRequest

from dianheng.assets.models import Device
from dianheng.common.errors import Text

from .models import OutsideStandard, StandardInstallation

Panel = Callable[[Device, HttpRequest], str]
Pair = Callable[[StandardInstallation], tuple[Text, str]]
DeviceAction = Callable[[Device], tuple[Text, str]]
OutsideAction = Callable[[OutsideStandard], tuple[Text, str]]
_panels: list[Panel] = []
_standard_actions: list[DeviceAction] = []
_outside_actions: list[OutsideAction] = []
_actions: list[Pair] = []
_facts: list[Pair] = []


def register_standard_panel(panel: Panel) -> None:
    """Add a section to the page of a standard or bench."""
    _panels.append(panel)


def register_standard_action(action: DeviceAction) -> None:
    """Add a button to the page of a standard or bench; it asks for the right of its own door."""
    _standard_actions.append(action)


def register_outside_action(action: OutsideAction) -> None:
    """Add a button to the page of another body's standard, once ours were certified with it."""
    _outside_actions.append(action)


def register_installation_action(action: Pair) -> None:
    """Add a button to the page of a measuring standard; it needs the right to keep it."""
    _actions.append(action)


def register_installation_fact(fact: Pair) -> None:
    """Add a line to the facts of a measuring standard."""
    _facts.append(fact)


def standard_panels(device: Device, request: HttpRequest) -> list[str]:
    """The sections of other apps on the page of a standard."""
    return [html for panel in _panels if (html := panel(device, request))]


def standard_actions(device: Device) -> list[tuple[Text, str]]:
    """The buttons of other apps on the page of a standard."""
    return [action(device) for action in _standard_actions]


def outside_actions(outside: OutsideStandard) -> list[tuple[Text, str]]:
    """The buttons of other apps on the page of another body's standard."""
    return [action(outside) for action in _outside_actions]


def installation_actions(installation: StandardInstallation) -> list[tuple[Text, str]]:
    """The buttons of other apps on the page of a measuring standard."""
    return [action(installation) for action in _actions]


def installation_facts(installation: StandardInstallation) -> list[tuple[Text, str]]:
    """The facts that other apps know of a measuring standard."""
    return [fact(installation) for fact in _facts]
