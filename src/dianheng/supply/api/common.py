"""What the endpoints of supply share."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import Field

from dianheng.common.errors import NotFound
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of, require

VIEW = "supply.view"
KEY = "The same key again is answered as the first time and does nothing twice."


class Wanted(Schema):
    """What to list; `next` of the answer is given as `after` for the following page."""

    state: str = ""
    after: str = ""
    limit: int = Field(100, ge=1, le=1000)


class Request(Schema):
    """A write that may be sent again."""

    request_key: str = Field("", max_length=100, description=KEY)


class Reason(Schema):
    """Why."""

    reason: str


def visible(request: HttpRequest, thing: Any, number: str, unit_id: int | None = None) -> Any:
    """The thing, when it is there and one may see it.

    Raises:
        NotFound: there is none.
        Refused: no right over its unit.
    """
    if thing is None:
        raise NotFound(_("There is no %(no)s here.") % {"no": number}, number=number)
    require(actor_of(request), VIEW, unit_id or thing.unit_id)
    return thing


def page(request: HttpRequest, rows: Any, wanted: Wanted, number: str = "number") -> list[Any]:
    """A page of the things of the units one may see, by number."""
    units = units_with_right(request.rights, VIEW)  # type: ignore[attr-defined]
    rows = rows.filter(unit__in=units, **{f"{number}__gt": wanted.after})
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    return list(rows.order_by(number)[: wanted.limit])


def following(items: list[Any], wanted: Wanted, number: str = "number") -> str | None:
    """Where the next page begins; None on the last."""
    return getattr(items[-1], number) if len(items) == wanted.limit else None
