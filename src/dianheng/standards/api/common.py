"""What the endpoints of send-outs share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Schema

from dianheng.assets.models import Device
from dianheng.common.errors import BadInput
from dianheng.identity.selectors import units_with_right
from dianheng.identity.services import actor_of, require

from ..models import SendoutItem
from ..rights import VIEW

KEY = "The same key again is answered as the first time and does nothing twice."
Found = TypeVar("Found")


class Wanted(Schema):
    """What to list; `next` of the answer is given as `after` for the following page."""

    state: str = ""
    after: str = ""
    limit: int = Field(100, ge=1, le=1000)


class Request(Schema):
    """A write that may be sent again."""

    request_key: str = Field(min_length=8, max_length=100, description=KEY)


def page(request: HttpRequest, rows: Any, wanted: Wanted) -> dict[str, Any]:
    """A page of the things of the units one may see, by number, and where the next begins."""
    require(actor_of(request), VIEW)
    units = units_with_right(request.rights, VIEW)  # type: ignore[attr-defined]
    rows = rows.filter(unit__in=units, number__gt=wanted.after)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    items = list(rows.order_by("number")[: wanted.limit])
    return {"items": items, "next": items[-1].number if len(items) == wanted.limit else None}


def items_by_barcode(
    items: Sequence[SendoutItem], lines: Mapping[str, Found], number: str
) -> dict[int, Found]:
    """What was sent for bar codes, by key of the item; every code that does not stand there is told."""
    keys = {item.device.barcode: item.pk for item in items}
    guard_known(lines, keys, _("%(code)s does not stand on %(no)s."), no=number)
    return {keys[code]: line for code, line in lines.items()}


def name_of(device: Device) -> str:
    """What a standard is called: its own name, where the register has one."""
    detail = getattr(device, "standard", None)
    return str(detail.name if detail else device.model.name)


def guard_known(codes: Iterable[str], known: Any, text: str, **facts: str) -> None:
    """Refuse the codes that are not known, all at once."""
    errors = [
        {"field": "standards", "code": "not_found", "device": code, "text": text % {"code": code, **facts}}
        for code in codes
        if code not in known
    ]  # fmt: skip
    if errors:
        raise BadInput(_("Nothing was changed."), errors)
