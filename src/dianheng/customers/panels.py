"""What other apps add to the page of a usage point.

register_point_panel(30, function)     function(point, request) -> HTML of a section, or ""
register_point_actions(30, function)   function(point, rights) -> PointActions
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from dianheng.common.errors import Text
from dianheng.common.pages import no_right

from .models import UsagePoint

EDIT = "customers.edit"


@dataclass(frozen=True)
class PointAction:
    """Something that can be done at a usage point now, or why not."""

    label: Text
    url: str
    refusal: Text = ""
    is_primary: bool = False


Panel = Callable[[UsagePoint, HttpRequest], str]
Actions = Callable[[UsagePoint, Any], Sequence[PointAction]]
_panels: list[tuple[int, Panel]] = []
_actions: list[tuple[int, Actions]] = []


def register_point_panel(order: int, panel: Panel) -> None:
    """Add a section to the page of a usage point; called in `AppConfig.ready`."""
    _panels.append((order, panel))
    _panels.sort(key=lambda pair: pair[0])


def register_point_actions(order: int, actions: Actions) -> None:
    """Add actions to usage points; called in `AppConfig.ready`."""
    _actions.append((order, actions))
    _actions.sort(key=lambda pair: pair[0])


def point_panels(point: UsagePoint, request: HttpRequest) -> list[str]:
    """The sections of a usage point's page."""
    return [html for _order, panel in _panels if (html := panel(point, request))]


def point_actions(point: UsagePoint, rights: Any) -> list[PointAction]:
    """What can be done at a usage point, and what not and why."""
    return [one for _order, actions in _actions for one in actions(point, rights)]


def own_steps(point: UsagePoint, rights: Any) -> Sequence[PointAction]:
    """Correcting and closing, or opening again."""
    no: Any = "" if rights.may(EDIT, point.unit.path) else no_right(EDIT).text
    steps = [(_("Correct"), "usage_point_change")]
    if point.closed_on is None:
        steps.append((pgettext("usage point", "Close"), "usage_point_close"))
    else:
        steps.append((_("Open again"), "usage_point_reopen"))
    return [PointAction(label, reverse(name, args=[point.number]), no) for label, name in steps]
