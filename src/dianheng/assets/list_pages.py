"""What pages and jobs of lists of devices share, whoever sends the list."""

from collections.abc import Callable
from functools import partial
from typing import Any, Generic

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.common.errors import Refusal, Text
from dianheng.common.files import LEFT_OUT
from dianheng.common.forms import acted
from dianheng.common.jobs import JobRun, job_handler
from dianheng.common.pages import View, needs, no_right
from dianheng.common.uploads import uploaded
from dianheng.identity.services import actor_of

from .choices import LIST_TONE, ListState
from .forms import RefuseForm
from .services.list_way import L, ListWay

FAULTS_SHOWN = 200


class ListPages(Generic[L]):
    """The page of one list and its buttons.

    Args:
        way: what is done with a list.
        page: name of its address; those of the buttons are `<page>_map`, `_check`, `_take`,
            `_refuse` and `_marked`: `paths`.
        find: the list of a number, or NotFound for who may not see it.
        door: who may fetch the marked copy, `needs` or `opens_to`; buttons need the way's right.
        taken, refused: said when it is done, with places `no` and `n` (devices).
    """

    def __init__(
        self,
        way: ListWay[L],
        page: str,
        find: Callable[[HttpRequest, str], L],
        door: Callable[[View], View],
        taken: Text,
        refused: Text,
    ):
        self.way, self.page, self.find, self.door = way, page, find, door
        self.taken, self.refused = taken, refused

    def paths(self, at: str) -> list[URLPattern]:
        """Addresses of its buttons and of its marked copy, below that of the page."""
        buttons = {
            "columns": self.map, "check": self.check, "take": self.take, "refuse": self.refuse,
        }  # fmt: skip
        asks = needs(self.way.right)
        return [
            *(
                path(f"{at}{step}/", require_POST(asks(act)), name=f"{self.page}_{act.__name__}")
                for step, act in buttons.items()
            ),
            path(f"{at}marked/", self.door(partial(self.marked)), name=f"{self.page}_marked"),
        ]

    def received(self, request: HttpRequest, sent: Any, upload: Callable[..., L], **of: Any) -> str:
        """Take in what was sent; it is checked at once when its columns are known. Its address.

        Args:
            upload: the service that receives it; `of`: what it says it is of.
        """
        with uploaded(sent) as file:
            found = upload(path=file, name=sent.name, actor=actor_of(request), **of)
        if found.state == ListState.MAPPED:
            self.check_now(request, found)
        return reverse(self.page, args=[found.number])

    def check_now(self, request: HttpRequest, found: L) -> None:
        """Check it: at once, or as a job when it is large."""
        self.way.work(found, what="check", actor=actor_of(request))

    def context(self, request: HttpRequest, found: L) -> dict[str, Any]:
        """Columns to be named, or what the check found, and what can be done with it."""
        right, unit = self.way.right, self.way.unit(found)
        may = request.rights.may(right, unit.path)  # type: ignore[attr-defined]

        def against(*reasons: Text) -> Refusal | None:
            if not may:
                return no_right(right)
            return next((Refusal("now", reason) for reason in reasons if reason), None)

        is_running = found.job is not None and not found.job.is_over
        running = _("It is being worked on.") if is_running else ""
        over = _("It is taken or refused already.") if found.is_over else ""
        to_map = found.state == ListState.RECEIVED
        take = self.way.guard_take(found, True)
        kind = request.GET.get("kind", "")
        faults = found.faults.filter(code=kind) if kind else found.faults.all()
        names = ("map", "check", "take", "refuse", "marked")
        return {
            "title": found.number,
            "file": found,
            "tone": LIST_TONE[ListState(found.state)],
            "page_url": reverse(self.page, args=[found.number]),
            "url": {name: reverse(f"{self.page}_{name}", args=[found.number]) for name in names},
            "findings": [
                {
                    **one,
                    "label": self.way.label(one["field"]),
                    "name": self.way.kinds[one["code"]].name,
                }
                for one in found.findings
            ],
            "kind": kind,
            "faults": [
                {"row": m.row_no, "label": self.way.label(m.field), "text": m.text}
                for m in map(self.way.mark, faults.order_by("row_no", "pk")[:FAULTS_SHOWN])
            ],
            "shown": FAULTS_SHOWN,
            "fields": [(key, field.label) for key, field in self.way.fields.items()],
            "left_out": LEFT_OUT,
            "to_map": to_map,
            "may_check": against(over, running, _("Name the columns first.") if to_map else ""),
            "may_take": against(over, running, take.text if take else ""),
            "may_refuse": against(over, running),
            "is_checked": found.checked_at is not None,
            "form": RefuseForm(),
        }

    def acted(self, request: HttpRequest, number: str, act: Callable[[], Any]) -> HttpResponse:
        """Do it, then back to the page; what is refused is said there."""
        return acted(request, act, reverse(self.page, args=[number]))

    def map(self, request: HttpRequest, number: str) -> HttpResponse:
        """Keep what the columns are, then check."""
        found, actor = self.find(request, number), actor_of(request)
        fields = [request.POST.get(f"column-{n}", "") for n in range(len(found.columns))]

        def act() -> None:
            self.check_now(request, self.way.name_columns(found, fields=fields, actor=actor))

        return self.acted(request, number, act)

    def check(self, request: HttpRequest, number: str) -> HttpResponse:
        """Check it once more."""
        found = self.find(request, number)
        return self.acted(request, number, lambda: self.check_now(request, found))

    def take(self, request: HttpRequest, number: str) -> HttpResponse:
        """Take it: at once, or as a job when it is large."""
        found, actor = self.find(request, number), actor_of(request)
        is_read = bool(request.POST.get("with_warnings"))

        def act() -> None:
            if not self.way.work(found, what="take", actor=actor, with_warnings=is_read):
                messages.success(request, self.taken % {"no": number, "n": found.row_count})

        return self.acted(request, number, act)

    def refuse(self, request: HttpRequest, number: str) -> HttpResponse:
        """Send it back."""
        found, reason = self.find(request, number), request.POST.get("reason", "")

        def act() -> None:
            self.way.send_back(found, reason=reason, actor=actor_of(request))
            messages.success(request, self.refused % {"no": number})

        return self.acted(request, number, act)

    def marked(self, request: HttpRequest, number: str) -> FileResponse | HttpResponse:
        """The list with every fault at its row."""
        found = self.find(request, number)
        if found.checked_at is None:
            return redirect(self.page, number=number)
        copy = self.way.marked_copy(found)
        return FileResponse(copy, as_attachment=True, filename=f"{number}.xlsx")


def list_jobs(way: ListWay[L], page: str) -> None:
    """Checking and taking as jobs. A repeat is harmless: what is taken stays as it is."""

    def find(run: JobRun) -> L:
        rows = way.model.objects.select_related(*way.related)
        return rows.get(pk=run.params[way.name])

    def result(found: L) -> dict[str, Any]:
        text = _("%(rows)s rows, %(faults)s faults, %(warnings)s remarks.") % {
            "rows": f"{found.row_count:,}",
            "faults": found.fault_count,
            "warnings": found.warning_count,
        }
        link = {"url": reverse(page, args=[found.number]), "label": found.number}
        return {"text": text, "links": [link], way.name: found.number, "state": found.state}

    @job_handler(way.job_kind("check"))
    def check(run: JobRun) -> dict[str, Any]:
        return result(way.check(find(run), actor=run.actor, tell=run.progress))

    @job_handler(way.job_kind("take"))
    def take(run: JobRun) -> dict[str, Any]:
        taken = way.take(
            find(run), actor=run.actor, with_warnings=run.params["with_warnings"],
            request_key=f"job-{run.job.pk}", tell=run.progress,
        )  # fmt: skip
        return result(taken)
