"""Pages of seals."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dianheng.common.errors import NotFound, Refused
from dianheng.common.forms import Form, take_refusal
from dianheng.common.lists import Choice, Column, Contains, Days, ListPage, PageAction
from dianheng.common.pages import needs, no_right, opens_to
from dianheng.identity.services import actor_of

from . import forms, services
from .choices import SEAL_TONE, SealKind, SealPosition, SealState, SealVerb
from .models import Seal
from .rules import TRANSITIONS, seal_no_normal
from .selectors import seal_by_no, seal_life

OPEN_TO = "seals.view"


def _page_actions(request: HttpRequest) -> list[PageAction]:
    rights: Any = request.rights  # type: ignore[attr-defined]

    def action(label: str, url: str, right: str, is_primary: bool = False) -> PageAction:
        refusal = None if rights.may(right) else no_right(right)
        return PageAction(label, reverse(url), refusal, is_primary)

    return [
        action(_("Enter seals"), "seals_enrol", "seals.enrol"),
        action(_("Issue to a person"), "seals_issue", "seals.issue", True),
        action(_("Take back"), "seals_give_back", "seals.issue"),
        action(_("Put on"), "seals_apply", "seals.apply"),
        action(_("Destroy"), "seals_scrap", "seals.scrap"),
    ]


SEALS = ListPage(
    key="seals",
    title=gettext_lazy("Seals"),
    rows=lambda scope: Seal.objects.select_related("holder", "device", "unit", "batch"),
    right=OPEN_TO,
    unit_field="unit",
    columns=[
        Column("seal_no", gettext_lazy("Seal number"), kind="code", sort="seal_no"),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column(
            "state", gettext_lazy("State"), kind="state", choices=SealState.choices, tones=SEAL_TONE
        ),
        Column("holder", gettext_lazy("Holder"), "holder.name"),
        Column(
            "device", gettext_lazy("Device"), "device.barcode", kind="code",
            url=lambda row: reverse("device", args=[row.device.barcode]) if row.device else None,
        ),
        Column("position", gettext_lazy("Position"), "get_position_display"),
        Column("state_at", gettext_lazy("Since"), kind="moment", sort="state_at"),
        Column("unit", gettext_lazy("Unit"), "unit.name", hidden=True),
        Column("batch", gettext_lazy("Batch"), "batch.code", hidden=True),
    ],
    filters=[
        Choice("state", gettext_lazy("State"), options=SealState.choices),
        Choice("kind", gettext_lazy("Kind"), options=SealKind.choices),
        Choice("position", gettext_lazy("Position"), options=SealPosition.choices),
        Contains("holder", gettext_lazy("Holder"), "holder__name"),
        Contains("batch", gettext_lazy("Batch"), "batch__code", how="equals"),
        Days("since", gettext_lazy("Since"), "state_at", of_moment=True),
    ],
    default_order="-pk",
    search=lambda rows, text: rows.filter(seal_no__startswith=text.upper()),
    search_hint=gettext_lazy("First digits of the seal number"),
    row_url=lambda row: reverse("seal", args=[row.seal_no]),
    actions=_page_actions,
    cards=("seal_no", "state", "holder", "device"),
    empty_text=gettext_lazy("No seal yet. Enter the numbers of a batch under “Enter seals”."),
)  # fmt: skip


@opens_to(OPEN_TO)
def seals(request: HttpRequest) -> HttpResponse:
    """All seals of the units one may see."""
    return SEALS.answer(request)


def _visible(request: HttpRequest, seal_no: str) -> Seal:
    seal = seal_by_no(seal_no)
    if not request.rights.may(OPEN_TO, seal.unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("There is no seal %(no)s.") % {"no": seal_no}, seal_no=seal_no)
    return seal


@needs(OPEN_TO)
def seal(request: HttpRequest, seal_no: str) -> HttpResponse:
    """One seal: where it is now, and its life."""
    found = _visible(request, seal_no)
    may_open = found.state in TRANSITIONS[SealVerb.OPEN].sources
    refusal: Any = ""
    if not may_open:
        refusal = _("The seal is “%(state)s”; only an applied one can be opened.") % {
            "state": found.get_state_display()
        }
    elif not request.rights.may("seals.open", found.unit.path):  # type: ignore[attr-defined]
        refusal = no_right("seals.open").text
    context = {
        "title": found.seal_no,
        "seal": found,
        "tone": SEAL_TONE[SealState(found.state)],
        "life": seal_life(found),
        "open_refusal": refusal,
    }
    return render(request, "seals/seal.html", context)


def _done_text(count: int) -> str:
    return ngettext("%(count)s seal.", "%(count)s seals.", count) % {"count": count}


def _form_page(
    request: HttpRequest,
    form: Form,
    title: Any,
    submit: Any,
    call: Callable[[dict[str, Any]], services.Done],
    done_url: str,
    **context: Any,
) -> HttpResponse:
    """One form, one service; what the service refuses is shown with all its reasons."""
    refusals: Any = ()
    if request.method == "POST" and form.is_valid():
        try:
            done = call(form.cleaned_data)
        except Refused as refused:
            refusals = [r for r in refused.refusals if r.errors]
            if not refusals:
                take_refusal(form, refused, request)
        else:
            messages.success(request, f"{title}: {_done_text(done.count)}")
            return redirect(done_url)
    data = {
        "title": title,
        "form": form,
        "submit": submit,
        "refusals": refusals,
        "crumbs": [(_("Seals"), reverse("seals"))],
        "back": reverse("seals"),
        "draft": request.resolver_match.url_name if request.resolver_match else "",
        **context,
    }
    status = 409 if refusals else 200
    return render(request, "assets/form.html", data, status=status)


@needs("seals.enrol")
def enrol(request: HttpRequest) -> HttpResponse:
    """Numbers and ranges into the register."""
    form = forms.EnrolForm(request.POST or None, initial={"unit": request.user.unit_id})  # type: ignore[union-attr]

    def call(data: dict[str, Any]) -> services.Done:
        unit = data.pop("unit")
        return services.seals_enrol(**data, unit_id=unit.pk, actor=actor_of(request))

    return _form_page(request, form, _("Enter seals"), _("Enter"), call, reverse("seals"))


@needs("seals.issue")
def issue(request: HttpRequest) -> HttpResponse:
    """Seals to a person."""
    return _form_page(
        request,
        forms.IssueForm(request.POST or None),
        _("Issue seals"),
        _("Issue"),
        lambda data: services.seals_issue(**data, actor=actor_of(request)),
        reverse("seals"),
    )


@needs("seals.issue")
def give_back(request: HttpRequest) -> HttpResponse:
    """Unused seals back into stock."""
    return _form_page(
        request,
        forms.NumbersForm(request.POST or None),
        _("Take seals back"),
        _("Take back"),
        lambda data: services.seals_give_back(**data, actor=actor_of(request)),
        reverse("seals"),
    )


@needs("seals.enrol")
def receive(request: HttpRequest) -> HttpResponse:
    """Ordered seals have come."""
    return _form_page(
        request,
        forms.NumbersForm(request.POST or None),
        _("Receive ordered seals"),
        _("Receive"),
        lambda data: services.seals_receive(**data, actor=actor_of(request)),
        reverse("seals"),
    )


@needs("seals.scrap")
def scrap(request: HttpRequest) -> HttpResponse:
    """Destroyed by two people."""
    return _form_page(
        request,
        forms.ScrapForm(request.POST or None),
        _("Destroy seals"),
        _("Destroy"),
        lambda data: services.seals_scrap(**data, actor=actor_of(request)),
        reverse("seals"),
        is_dangerous=True,
    )


@needs("seals.scrap")
def lose(request: HttpRequest) -> HttpResponse:
    """Reported lost."""
    return _form_page(
        request,
        forms.LoseForm(request.POST or None),
        _("Report seals lost"),
        _("Report"),
        lambda data: services.seals_lose(**data, actor=actor_of(request)),
        reverse("seals"),
        is_dangerous=True,
    )


@needs("seals.apply")
def apply(request: HttpRequest) -> HttpResponse:
    """One seal onto a device."""

    def call(data: dict[str, Any]) -> services.Done:
        return services.seals_apply(
            seals=[(data["seal_no"], data["kind"], data["device"].pk, data["position"])],
            actor=actor_of(request),
            request_key=data["request_key"],
        )

    form = forms.ApplyForm(request.POST or None, initial={"device": request.GET.get("device", "")})
    return _form_page(request, form, _("Apply a seal"), _("Put on"), call, reverse("seals_apply"))


@needs("seals.open")
def seal_open(request: HttpRequest, seal_no: str) -> HttpResponse:
    """A seal was opened: reason, and the new one."""
    found = _visible(request, seal_no)
    where = ""
    if found.device is not None:
        where = _("It sits on %(device)s, %(position)s.") % {
            "device": found.device.barcode,
            "position": found.get_position_display(),
        }
    url = reverse("seal", args=[found.seal_no])
    return _form_page(
        request,
        forms.OpenForm(request.POST or None),
        _("Open seal %(no)s") % {"no": found.seal_no},
        _("Record the opening"),
        lambda data: services.seal_open(
            seal_no=seal_no_normal(seal_no) or seal_no, **data, actor=actor_of(request)
        ),
        url,
        back=url,
        intro=where,
        is_dangerous=True,
    )
