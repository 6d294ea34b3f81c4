"""`ListQuery`: what an address asks of a list."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from ..numbers import halfwidth
from ..pages import Scope
from .columns import Column
from .filters import Chip, NotUnderstood
from .sources import Condition

if TYPE_CHECKING:
    from .page import ListPage


@dataclass(frozen=True)
class ListQuery:
    """What an address asks of a list."""

    page: "ListPage"
    data: QueryDict
    scope: Scope
    given: dict[str, Any]
    text: str
    order: str
    columns: list[Column]
    conditions: tuple[Condition, ...]
    chips: tuple[Chip, ...]
    faults: tuple[str, ...]

    @classmethod
    def read(
        cls,
        page: "ListPage",
        data: QueryDict,
        scope: Scope,
        given: dict[str, Any],
        own_columns: str = "",
    ) -> "ListQuery":
        """From the address; what is not understood is said, not guessed."""
        conditions: list[Condition] = []
        chips: list[Chip] = []
        faults: list[str] = []
        for one in page.filters:
            try:
                more, shown = one.read(data, scope)
                conditions += more
                chips += shown
            except NotUnderstood as fault:
                faults.append(f"{one.label}: {fault}")
        order = data.get("order", "")
        try:
            page.order_of(order)
        except KeyError:
            if order:
                faults.append(_("Order: %(order)s") % {"order": order})
            order = page.default_order
        chosen = [key for key in (data.get("cols") or own_columns).split(",") if key]
        columns = [c for c in page.columns if (c.key in chosen if chosen else not c.hidden)]
        if not columns:
            columns = [column for column in page.columns if not column.hidden]
        text = halfwidth(data.get("q", "")).strip().replace("\0", "")
        return cls(
            page, data, scope, given, text, order, columns,
            tuple(conditions), tuple(chips), tuple(faults),
        )  # fmt: skip

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is filtered or searched."""
        return bool(self.text or self.chips)

    def address(self, **changes: str | list[str] | None) -> str:
        """The query string of this list with some parameters changed; never a page's place."""
        data = self.data.copy()
        for name in ("after", "export", "view", "count"):
            data.pop(name, None)
        for name, value in changes.items():
            data.pop(name, None)
            if isinstance(value, list):
                data.setlist(name, value)
            elif value:
                data[name] = value
        for name in [name for name in data if not any(data.getlist(name))]:
            del data[name]
        return data.urlencode()


def join(*parts: str) -> str:
    """Query strings put together."""
    return "&".join(part for part in parts if part)
