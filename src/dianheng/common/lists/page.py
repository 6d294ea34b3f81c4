"""`ListPage`: a list declared once, answered by one call."""

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from ..access import note_access
from ..errors import BadInput, Refused, Text
from ..jobs import job_start
from ..models import SavedView
from ..pages import actor_from, fragment, is_fragment, no_right, scope_of
from .bulk import AT_MOST, BulkAction, PageAction, Selection
from .columns import Column
from .export import EXPORTED_AT_ONCE, workbook_file
from .filters import Filter
from .query import ListQuery
from .shown import ListShown
from .sources import Condition, Rows, Source, SqlRows, source_of

OWN = {"q", "order", "cols", "after", "view", "export", "count"}  # parameters that are no filters
_pages: dict[str, "ListPage"] = {}
_more_actions: dict[str, list[BulkAction]] = {}


def register_bulk_action(list_key: str, action: BulkAction) -> None:
    """Add an action to a list of an app below; called in `AppConfig.ready`."""
    _more_actions.setdefault(list_key, []).append(action)


def list_page(key: str) -> "ListPage":
    """A declared list by its key."""
    return _pages[key]


@dataclass(frozen=True)
class ListPage:
    """A list: where its rows come from, what it shows, what it can be narrowed by.

    Declare it at module level and answer with it from one view::

        DEVICES = ListPage(
            key="devices",
            title=_("Devices"),
            rows=lambda scope: Device.objects.select_related("model", "place"),
            right="assets.view", unit_field="unit",
            columns=[
                Column("device_no", _("Number"), kind="code", sort="device_no"),
                Column("model", _("Model"), "model.name"),
                Column("state", _("State"), kind="state",
                       choices=DeviceState.choices, tones=STATE_TONES),
                Column("made_on", _("Made on"), kind="date", sort="made_on"),
            ],
            filters=[
                Choice("state", _("State"), options=DeviceState.choices),
                Days("made", _("Made on"), "made_on"),
            ],
            default_order="-made_on",
            search=("device_no", "bar_code"),
            row_url=lambda device: reverse("device", args=[device.device_no]),
            empty_text=_("No device yet. Take in a delivery under Arrivals."),
        )

        def device_list(request):
            return DEVICES.answer(request)

    The view also handles paging, sorting, saved views, export and bulk actions, all at the
    same address. For the list of one thing, `answer(request, lot=7)` hands `lot` on to
    `rows(scope, lot=7)` (plain values only, a job repeats the call for a large export);
    everything under `context=` goes to the template only.

    Args:
        key: unique name; saved views and exports go by it.
        title: heading of the page and name of the exported sheet.
        rows: `rows(scope, **given)` answers a queryset or `SqlRows`; no order.
        columns: in the order shown; the first one links to the row.
        filters: see `filters.py`; each reads its own parameters of the address.
        default_order: key of a sortable column, with `-` for descending; `pk` always works.
        search: field paths of which one must contain the text, or a function (rows, text).
        search_hint: what the search field says it takes.
        dress: gives the rows that are shown or exported together what one look finds for all.
        row_url: address of a row's thing.
        bulk_actions: see `bulk.py`.
        actions: function (request) -> page actions (buttons above the list).
        export: whether what is filtered may be taken as .xlsx.
        empty_text: why the list is empty and what to do next, when nothing is filtered.
        cards: keys of the columns that a phone shows; the first four when empty.
        right: rows are limited to the units over which it is held; needs `unit_field`.
        unit_field: path of the foreign key to the unit (queryset) or the column with the
            unit's path (SQL).
        page_size: rows per page.
        template: an own template that extends `common/list.html`.
    """

    key: str
    title: Text
    rows: Callable[..., Rows]
    columns: Sequence[Column]
    filters: Sequence[Filter] = ()
    default_order: str = "-pk"
    search: Sequence[str] | Callable[[Any, str], Any] | None = None
    search_hint: Text = ""
    dress: Callable[[Sequence[Any]], object] | None = None
    row_url: Callable[[Any], str | None] | None = None
    bulk_actions: Sequence[BulkAction] = ()
    actions: Callable[[HttpRequest], Sequence[PageAction]] | None = None
    export: bool = True
    empty_text: Text = ""
    cards: Sequence[str] = ()
    right: str = ""
    unit_field: str = ""
    page_size: int = 50
    template: str = "common/list.html"

    def __post_init__(self) -> None:
        if self.key in _pages and _pages[self.key].title != self.title:
            raise ValueError(f"two lists are called {self.key}")
        names = [column.key for column in self.columns]
        taken = [name for one in self.filters for name in one.names if name in OWN]
        if len(set(names)) != len(names) or taken:
            raise ValueError(f"list {self.key}: double column or reserved filter name {taken}")
        self.order_of(self.default_order)
        _pages[self.key] = self

    @property
    def all_actions(self) -> list[BulkAction]:
        """Its own bulk actions and those that other apps registered."""
        return [*self.bulk_actions, *_more_actions.get(self.key, ())]

    # -- what a view calls -------------------------------------------------------------------

    def answer(
        self, request: HttpRequest, *, context: dict[str, Any] | None = None, **given: Any
    ) -> HttpResponse:
        """The whole page, a fragment of it, an export, or a step of a bulk action."""
        if self.right and not request.rights.may(self.right):  # type: ignore[attr-defined]
            raise Refused(no_right(self.right))
        query = ListQuery.read(
            self, request.GET, scope_of(request), given, self._own_columns(request)
        )
        if request.method == "POST":
            return self._post(request, query, context or {})
        if request.GET.get("export") == "xlsx" and self.export:
            return self._export(request, query)
        shown = ListShown(self, query, request)
        if request.GET.get("count") == "only":
            return HttpResponse(shown.count_text)
        data = {"list": shown, "title": self.title, **(context or {})}
        name = self.template
        if is_fragment(request):
            name += "#rows" if request.GET.get("after") else "#list"
        return fragment(request, render(request, name, data))

    def source(self, query: ListQuery) -> Source:
        """All rows that the query asks for, not ordered."""
        rows = self.rows(query.scope, **query.given)
        conditions = list(query.conditions)
        if self.right and self.unit_field:
            conditions += unit_conditions(rows, self.unit_field, query.scope.paths(self.right))
        if query.text and callable(self.search):
            rows = self.search(rows, query.text)
        elif query.text and self.search:
            if isinstance(rows, SqlRows):
                raise TypeError("search over SQL needs a function")
            anywhere = Q()
            for path in self.search:
                anywhere |= Q(**{f"{path}__icontains": query.text})
            conditions.append(Condition(q=anywhere))
        return source_of(rows).narrowed(conditions)

    # -- parts -------------------------------------------------------------------------------

    def order_of(self, order: str) -> tuple[str, bool]:
        """Field path and whether descending; KeyError when the column is not sortable."""
        key, descending = order.lstrip("-"), order.startswith("-")
        if key in ("pk", "id"):
            return "pk", descending
        for column in self.columns:
            if column.key == key and column.sort:
                return column.sort, descending
        raise KeyError(order)

    def _own_columns(self, request: HttpRequest) -> str:
        """Columns that the person chose last, as a view without a name."""
        kept = SavedView.objects.filter(person_id=request.user.pk, list_key=self.key, name="")
        return QueryDict(kept.values_list("query", flat=True).first() or "").get("cols", "")

    def _export(self, request: HttpRequest, query: ListQuery) -> HttpResponse:
        note_access(request, "export", self.key)
        if self.source(query).keys(EXPORTED_AT_ONCE + 1)[EXPORTED_AT_ONCE:]:
            job = job_start(
                kind="common.export",
                params={
                    "list": self.key,
                    "query": query.address(),
                    "given": query.given,
                    "unit_path": query.scope.unit_path,
                },
                actor=actor_from(request),
                title=_("Export: %(list)s") % {"list": self.title},
            )
            return redirect("job", job_id=job.pk)
        file = workbook_file(str(self.title), query.columns, self.walk(query))
        return FileResponse(file, as_attachment=True, filename=f"{self.title}.xlsx")

    def walk(self, query: ListQuery) -> Any:
        """All rows of the query in its order."""
        rows = self.source(query).walk(*self.order_of(query.order))
        while block := list(islice(rows, 500)):
            yield from self.dressed(block)

    def dressed(self, rows: Sequence[Any]) -> Sequence[Any]:
        """The rows with what is found for all of them together."""
        if self.dress is not None:
            self.dress(rows)
        return rows

    def _post(
        self, request: HttpRequest, query: ListQuery, context: dict[str, Any]
    ) -> HttpResponse:
        if request.POST.get("view"):
            return self._keep_view(request, query)
        action = next((a for a in self.all_actions if a.key == request.POST.get("bulk")), None)
        if action is None:
            raise BadInput(_("The list knows no such action."))
        if action.right and not request.rights.may(action.right):  # type: ignore[attr-defined]
            raise Refused(no_right(action.right))
        return self._bulk(request, query, action, context)

    def _keep_view(self, request: HttpRequest, query: ListQuery) -> HttpResponse:
        """Save, remove, or remember the columns; then back to the list."""
        mine = SavedView.objects.filter(person_id=request.user.pk, list_key=self.key)
        wish, name = request.POST["view"], request.POST.get("name", "").strip()[:60]
        if wish == "columns":
            chosen = [c.key for c in self.columns if c.key in request.POST.getlist("cols")]
            data = QueryDict(mutable=True)
            data["cols"] = ",".join(chosen)
            if chosen:
                mine.update_or_create(
                    name="",
                    defaults={"query": data.urlencode()},
                    create_defaults=self._view_row(request, "", data.urlencode()),
                )
            else:
                mine.filter(name="").delete()
            return redirect(f"{request.path}?{query.address(cols=None)}")
        if wish == "save":
            if not name:
                raise BadInput(_("A view needs a name."))
            text = query.address()
            row = self._view_row(request, name, text)
            if request.POST.get("shared"):
                row["shared_unit_id"] = request.user.unit_id  # type: ignore[union-attr]
            saved, _made = mine.update_or_create(
                name=name,
                defaults={"query": text, "shared_unit_id": row.get("shared_unit_id")},
                create_defaults=row,
            )
            messages.success(request, _("The view “%(name)s” is saved.") % {"name": name})
            return redirect(f"{request.path}?{text}&view={saved.pk}")
        if wish == "remove":
            mine.filter(pk=int(request.POST.get("id") or 0)).delete()
            messages.success(request, _("The view is removed."))
        return redirect(f"{request.path}?{query.address()}")

    def _view_row(self, request: HttpRequest, name: str, query: str) -> dict[str, Any]:
        return {"person_id": request.user.pk, "list_key": self.key, "name": name, "query": query}

    # -- acting on many ----------------------------------------------------------------------

    def _bulk(
        self, request: HttpRequest, query: ListQuery, action: BulkAction, context: dict[str, Any]
    ) -> HttpResponse:
        is_all = request.POST.get("all") == "1"
        if is_all:
            ids = self.source(query).keys(AT_MOST + 1)
        else:
            given = ",".join(request.POST.getlist("ids")).split(",")
            wanted = {text.strip() for text in given if text.strip()}
            ids = self._among(query, wanted)
        if not ids:
            messages.warning(request, _("Choose rows first."))
            return redirect(f"{request.path}?{query.address()}")
        if len(ids) > AT_MOST:
            raise BadInput(
                _("That is more than %(most)s rows. Narrow the list first.") % {"most": AT_MOST}
            )
        selection = Selection(tuple(ids))
        if action.page is not None:
            return action.page(request, selection, f"{request.path}?{query.address()}")
        digest = hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()
        is_confirmed = request.POST.get("step") == "confirm"
        form = action.form(request.POST if is_confirmed else None) if action.form else None
        data = {
            "title": action.label,
            "list_page": self,
            "action": action,
            "selection": selection,
            "is_all": is_all,
            "ids": "" if is_all else ",".join(map(str, ids)),
            "digest": digest,
            "form": form,
            "back": f"{request.path}?{query.address()}",
            "has_changed": is_confirmed and request.POST.get("digest") != digest,
            **context,
        }
        if is_confirmed and not data["has_changed"] and (form is None or form.is_valid()):
            key = request.POST.get("request_key", "")
            outcome = action.perform(request, selection, form.cleaned_data if form else {}, key)
            if outcome.job is not None:
                return redirect("job", job_id=outcome.job.pk)
            return render(request, "common/bulk_result.html", data | {"outcome": outcome})
        preview = action.preview(request, selection)
        data |= {
            "preview": preview,
            "request_key": request.POST.get("request_key") or uuid.uuid4().hex,
        }
        return render(request, "common/bulk.html", data)

    def _among(self, query: ListQuery, wanted: set[str]) -> list[Any]:
        """Of the keys that were sent, those which the person may see in this list."""
        if not wanted:
            return []
        rows = self.rows(query.scope, **query.given)
        conditions: list[Condition] = []
        if self.right and self.unit_field:
            conditions += unit_conditions(rows, self.unit_field, query.scope.paths(self.right))
        if isinstance(rows, SqlRows):
            conditions.append(Condition(rows.key, "in", tuple(wanted)))
        else:
            field_ = rows.model._meta.pk
            try:
                conditions.append(Condition("pk", "in", tuple(field_.to_python(v) for v in wanted)))
            except Exception:
                raise BadInput(_("The chosen rows cannot be read.")) from None
        return source_of(rows).narrowed(conditions).keys(AT_MOST + 1)


def unit_conditions(rows: Rows, unit_field: str, paths: Sequence[str]) -> list[Condition]:
    """Limit rows to subtrees of units.

    The keys of the units are read first, and no condition is set where they are all of them:
    so the planner keeps walking the index of the order.
    """
    if isinstance(rows, SqlRows):
        raise TypeError("SqlRows narrow to units themselves: use scope.paths(right)")
    model = rows.model
    for part in unit_field.split("__"):
        model = model._meta.get_field(part).related_model
    under = Q(pk__in=[])
    for path in paths:
        under |= Q(path__startswith=path)
    ids = list(model.objects.filter(under).values_list("pk", flat=True))
    if len(ids) == model.objects.count():
        return []
    return [Condition(f"{unit_field}_id", "in", tuple(ids))]
