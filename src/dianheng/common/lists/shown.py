"""`ListShown`: what the template of a list asks for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import SavedView
from ..pages import may_open, no_right
from .bulk import PageAction, ShownAction
from .columns import Cell, Column
from .query import ListQuery, join
from .sources import COUNTED, Place

if TYPE_CHECKING:
    from .page import ListPage


@dataclass
class Row:
    """One row as the template shows it.

    name: what its first column says.
    fields: its `<td>`s, put together here: as a template they were a third of the page's time.
    """

    key: Any
    name: str
    fields: SafeString


class ListShown:
    """A list with its rows and links; each part is worked out when it is asked for."""

    def __init__(self, page: "ListPage", query: ListQuery, request: HttpRequest):
        self.page, self.query, self.request = page, query, request
        self.path = request.path
        self.sort, self.descending = page.order_of(query.order)
        self._doors: dict[str, bool] = {}

    @property
    def has_search(self) -> bool:
        """It can be searched; asked here, since a template would call a search that is a function."""
        return self.page.search is not None

    @cached_property
    def _found(self) -> tuple[list[Any], Place | None]:
        if self.query.faults:
            return [], None
        after = self.request.GET.get("after", "")
        place = Place.read(after) if after else None
        return self.page.source(self.query).page(
            self.sort, self.descending, place, self.page.page_size
        )

    @cached_property
    def rows(self) -> list[Row]:
        begins = [self._begin(column) for column in self.query.columns]
        return [self._row(row, begins) for row in self.page.dressed(self._found[0])]

    def _row(self, row: Any, begins: Sequence[SafeString]) -> Row:
        url = self.page.row_url
        cells = [self._cell(column, row) for column in self.query.columns]
        own = self._way("", url(row) if url else None)
        if own:
            cells[0] = replace(cells[0], text=cells[0].text or "–", url=own, tone="")
        fields = [begin + cell.html for begin, cell in zip(begins, cells, strict=True)]
        key = row["pk"] if isinstance(row, dict) else row.pk
        return Row(key, cells[0].text, mark_safe("".join(fields)))  # noqa: S308  of escaped parts

    def _begin(self, column: Column) -> SafeString:
        """What begins each field of a column."""
        more = f"{' right' if column.is_right else ''}{'' if column.key in self.cards else ' off-card'}"
        return format_html(
            '<td role="cell" data-label="{}" class="kind-{}{}"', column.label, column.kind, more
        )

    def _cell(self, column: Column, row: Any) -> Cell:
        cell = column.cell(row)
        return cell if cell.url is None else replace(cell, url=self._way(column.key, cell.url))

    def _way(self, column: str, address: str | None) -> str | None:
        """The address, unless the pages that this column leads to are closed to the person."""
        if address is not None and column not in self._doors:
            self._doors[column] = may_open(self.request.rights, address)  # type: ignore[attr-defined]
        return address if address is not None and self._doors[column] else None

    @property
    def more_url(self) -> str:
        """Address of the next page."""
        place = self._found[1]
        if place is None:
            return ""
        return f"{self.path}?{join(self.query.address(), 'after=' + place.token())}"

    @cached_property
    def count(self) -> int:
        if self.query.faults:
            return 0
        is_alone = self.request.GET.get("count") == "only"  # the rows are shown already
        if not is_alone and self._found[1] is None and not self.request.GET.get("after"):
            return len(self.rows)
        return self.page.source(self.query).count()

    @property
    def count_text(self) -> str:
        """Exact up to 10,000, honest above."""
        if self.count > COUNTED:
            return _("over %(number)s") % {"number": f"{COUNTED:,}"}
        return ngettext("%(number)s row", "%(number)s rows", self.count) % {
            "number": f"{self.count:,}"
        }

    @property
    def count_url(self) -> str:
        """Where the number is to be had, when counting would keep the page waiting."""
        if self._found[1] is None and not self.request.GET.get("after"):
            return ""
        return f"{self.path}?{join(self.query.address(), 'count=only')}"

    @property
    def columns(self) -> list[dict[str, Any]]:
        """Heads with their sort links."""
        heads = []
        for column in self.query.columns:
            is_sorted = self.query.order.lstrip("-") == column.key
            turned = f"-{column.key}" if is_sorted and not self.descending else column.key
            heads.append(
                {
                    "column": column,
                    "url": f"{self.path}?{self.query.address(order=turned)}" if column.sort else "",
                    "sorted": ("descending" if self.descending else "ascending")
                    if is_sorted
                    else "",
                    "is_card": column.key in self.cards,
                }
            )
        return heads

    @cached_property
    def cards(self) -> set[str]:
        shown = [column.key for column in self.query.columns]
        return set(self.page.cards) if self.page.cards else set(shown[:5])

    @property
    def span(self) -> int:
        """Columns of the table, the one for choosing included."""
        return len(self.query.columns) + bool(self.page.all_actions)

    @property
    def sort_options(self) -> list[dict[str, Any]]:
        """For the phone, where there are no heads."""
        return [
            {
                "order": sign + column.key,
                "label": column.label,
                "is_descending": bool(sign),
                "is_chosen": self.query.order == sign + column.key,
            }
            for column in self.page.columns
            if column.sort
            for sign in ("", "-")
        ]

    @property
    def chips(self) -> list[dict[str, Any]]:
        """Filters in force, each with the address without it."""
        shown = []
        if self.query.text:
            shown.append(
                {"label": _("Search"), "text": self.query.text, "url": self._without({"q": None})}
            )
        for chip in self.query.chips:
            changes: dict[str, Any] = dict.fromkeys(chip.names)
            if chip.value is not None:
                name = chip.names[0]
                changes = {name: [v for v in self.query.data.getlist(name) if v != chip.value]}
            shown.append({"label": chip.label, "text": chip.text, "url": self._without(changes)})
        return shown

    def _without(self, changes: dict[str, Any]) -> str:
        return f"{self.path}?{self.query.address(**changes)}"

    @property
    def clear_url(self) -> str:
        """The list with its order and columns, nothing filtered."""
        names = [name for one in self.page.filters for name in one.names]
        return self._without(dict.fromkeys(["q", *names]))

    @property
    def filters(self) -> list[dict[str, Any]]:
        """Fields of the filter panel with what is chosen."""
        data, fields = self.query.data, []
        for one in self.page.filters:
            entry: dict[str, Any] = {"filter": one, "kind": one.kind, "names": one.names}
            if one.kind == "choice":
                chosen = set(data.getlist(one.key))
                entry["options"] = [
                    {"value": v, "label": lb, "is_chosen": v in chosen}
                    for v, lb in one.choices(self.query.scope)  # type: ignore[attr-defined]
                ]
            elif len(one.names) == 2:
                entry["from_"], entry["to"] = (data.get(name, "") for name in one.names)
            else:
                entry["value"] = data.get(one.key, "")
            fields.append(entry)
        return fields

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Parameters that a filter form keeps: order, columns."""
        return [
            (name, self.query.data[name]) for name in ("order", "cols") if self.query.data.get(name)
        ]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """All parameters that the search form keeps."""
        skip = {"q", "after", "export", "view", "count"}
        return [
            (n, v) for n, values in self.query.data.lists() if n not in skip for v in values if v
        ]

    @property
    def export_url(self) -> str:
        if not self.page.export:
            return ""
        return f"{self.path}?{join(self.query.address(), 'export=xlsx')}"

    @property
    def address(self) -> str:
        return f"{self.path}?{self.query.address()}"

    @cached_property
    def views(self) -> list[dict[str, Any]]:
        """Saved views of the person and of the person's unit."""
        person: Any = self.request.user
        visible = Q(person_id=person.pk)
        if person.unit_id:
            visible |= Q(shared_unit_id=person.unit_id)
        rows = SavedView.objects.filter(visible, list_key=self.page.key).exclude(name="")
        chosen = self.request.GET.get("view", "")
        return [
            {
                "view": row,
                "url": f"{self.path}?{join(row.query, f'view={row.pk}')}",
                "is_mine": row.person_id == person.pk,
                "is_chosen": str(row.pk) == chosen,
            }
            for row in rows
        ]

    @property
    def column_choice(self) -> list[dict[str, Any]]:
        chosen = {column.key for column in self.query.columns}
        return [
            {"column": column, "is_chosen": column.key in chosen} for column in self.page.columns
        ]

    @property
    def bulk_actions(self) -> list[ShownAction]:
        rights = self.request.rights  # type: ignore[attr-defined]
        return [
            ShownAction(a, None if not a.right or rights.may(a.right) else no_right(a.right))
            for a in self.page.all_actions
        ]

    @property
    def actions(self) -> Sequence[PageAction]:
        return self.page.actions(self.request) if self.page.actions else ()
