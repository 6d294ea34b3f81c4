"""What pages of standards share: colours of last days, buttons, the form with one service."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.forms import answer_form
from dianheng.common.lists import PageAction
from dianheng.common.pages import no_right
from dianheng.identity.models import Unit
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of

from ..choices import PaperKind
from ..rights import RIGHT


def due_tone(last_day: Any, days: int = 90) -> str:
    """Colour of a last day: past bad, soon warn, later good, none bad."""
    today = timezone.localdate()
    if last_day is None or last_day < today:
        return "bad"
    return "warn" if last_day <= today + timedelta(days=days) else "good"


def due_word(last_day: Any, days: int = 90) -> str:
    """The same in a word."""
    tone = due_tone(last_day, days)
    if last_day is None:
        return _("none")
    return {"bad": _("out of date"), "warn": _("due soon"), "good": _("in date")}[tone]


def units_with(request: HttpRequest, right: str = RIGHT) -> Any:
    return units_with_right(request.rights, right)  # type: ignore[attr-defined]


def own_unit(request: HttpRequest) -> int | None:
    """The unit of the person: offered first where a laboratory is asked for."""
    return getattr(request.user, "unit_id", None)


def action_for(
    request: HttpRequest,
    label: Any,
    url: str,
    over: Unit | None = None,
    *,
    is_primary: bool = False,
) -> PageAction:
    """A button that needs the right to keep standards: over the unit of a thing, or over any."""
    may = request.rights.may(RIGHT, over.path if over else None)  # type: ignore[attr-defined]
    return PageAction(label, url, None if may else no_right(RIGHT), is_primary)


def paper_url(kind: str, key: str) -> str:
    """The page on which a paper is renewed."""
    match kind:
        case PaperKind.STANDARD:
            return reverse("standard", args=[key])
        case PaperKind.INSTALLATION:
            return reverse("installation", args=[key])
        case PaperKind.QUALIFICATION:
            return reverse("qualification", args=[key])
    return reverse("laboratory")


def with_due(rows: Any, days: int) -> list[dict[str, Any]]:
    """Papers with the colour of their last day and a word for it."""
    today, found = timezone.localdate(), []
    for row in rows:
        tone, word = due_tone(row.valid_through, days), due_word(row.valid_through, days)
        if row.withdrawn_on:
            tone, word = "calm", _("withdrawn")
        elif row.valid_from > today:
            tone, word = "calm", _("not begun yet")
        found.append({"row": row, "tone": tone, "word": word})
    return found


_CRUMB = gettext_lazy("Laboratory")


def laboratory_crumbs() -> list[tuple[Any, str]]:
    return [(_CRUMB, reverse("laboratory"))]


def write_form(
    request: HttpRequest,
    form: Form,
    write: Callable[..., Any],
    *,
    back: str,
    crumbs: Sequence[tuple[Any, str]] | None = None,
    **texts: Any,
) -> HttpResponse:
    """A form of the laboratory: one service gets what was typed, and the page before comes back.

    Args:
        write: the service, with what it is about; gets the fields of the form and the actor.
        crumbs: pages above; absent: the laboratory.
        texts: as `answer_form` takes them, the title always; where nothing is said, “Record” stands on
            the button, and afterwards that it is done.
    """

    def act(data: dict[str, Any]) -> str:
        write(actor=actor_of(request), **data)
        return back

    above = laboratory_crumbs() if crumbs is None else crumbs
    said = {
        "submit": _("Record"), "success": _("%(what)s: done.") % {"what": texts["title"]}, **texts,
    }  # fmt: skip
    return answer_form(request, form, act, back=back, crumbs=above, **said)
