"""Acting on many rows: what will happen, to how many, to which not and why, then the result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from ..errors import Refusal, Text
from ..models import Job

AT_MOST = 100_000  # rows of one action; what is more is narrowed first


@dataclass(frozen=True)
class Selection:
    """Rows that a person chose: their keys, in order."""

    ids: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class NotThis:
    """One row that is left out or was refused, and why."""

    label: Text
    text: Text
    code: str = ""


@dataclass(frozen=True)
class Preview:
    """What an action would do."""

    possible: int
    refused: Sequence[NotThis] = ()
    text: Text = ""


@dataclass(frozen=True)
class Outcome:
    """What an action did. A job leads to its page; `url` puts a button under the result."""

    done: int = 0
    refused: Sequence[NotThis] = ()
    text: Text = ""
    job: Job | None = None
    url: str = ""
    url_label: Text = ""


@dataclass(frozen=True)
class BulkAction:
    """An action on the chosen rows of a list.

    Args:
        key: name in the form.
        label: on the button.
        preview: (request, selection) -> Preview; asks the guards, writes nothing.
        perform: (request, selection, data, request_key) -> Outcome; calls one service, which
            checks again. `data` is the cleaned form.
        right: who may; others see the button disabled with the reason.
        form: asked for in the preview (a place, a reason).
        confirm_label: on the confirming button, when the action's label is not enough.
        page: (request, selection, address of the list) -> the action's own page, in the place
            of preview and result.
    """

    key: str
    label: Text
    preview: Callable[[HttpRequest, Selection], Preview] | None = None
    perform: Callable[[HttpRequest, Selection, dict[str, Any], str], Outcome] | None = None
    right: str = ""
    form: type[forms.Form] | None = None
    confirm_label: Text = ""
    is_dangerous: bool = False
    page: Callable[[HttpRequest, Selection, str], HttpResponse] | None = None


@dataclass(frozen=True)
class ShownAction:
    """A bulk action as this person sees it."""

    action: BulkAction
    refusal: Refusal | None = None


@dataclass
class PageAction:
    """A button above a list: leads to another page; greyed with its reason when refused."""

    label: Text
    url: str
    refusal: Refusal | None = None
    is_primary: bool = False
    icon: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
