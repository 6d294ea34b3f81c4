"""The security log: who came in, who was refused, what was taken out; its clean-up; my own log."""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.access import POST, SIGNATURE
from dianheng.common.actions import all_actions
from dianheng.common.errors import Refused
from dianheng.common.forms import take_refusal
from dianheng.common.lists import Choice, Column, Contains, Days, ListPage, PageAction
from dianheng.common.lists.page import list_page
from dianheng.common.pages import door_refusal, needs

from ..choices import ACCESS_TONES, AccessKind, Via
from ..forms import CleanUpForm
from ..models import AccessEvent
from ..registry import all_rights
from ..selectors import setting
from ..selectors.access_log import clean_ups, older_than
from ..services import access_clean_up, actor_of
from .trail import BATCH_COLUMNS, batches_with_rows


def who(event: AccessEvent) -> str:
    """The person; what was typed where nobody is known."""
    return event.person.name if event.person else event.login


def what(event: AccessEvent) -> str:
    """The right, the posts or the list by their names, else as it was noted."""
    if event.what == SIGNATURE:
        return _("Signature of the bench")
    if event.what.startswith(POST):
        return _("Step of the post %(posts)s") % {"posts": event.what.removeprefix(POST)}
    if event.kind == AccessKind.REFUSED:
        return str(all_rights().get(event.what, event.what))
    if event.kind == AccessKind.EXPORT:
        try:
            return str(list_page(event.what).title)
        except KeyError:
            return event.what
    if event.kind == AccessKind.FAILED and event.what:
        return _("Token")
    return event.what


WHEN = Column("at", gettext_lazy("When"), kind="moment", sort="at")
WHO = Column("who", gettext_lazy("Who"), who)
KIND = Column(
    "kind", gettext_lazy("Event"), kind="state", choices=AccessKind.choices, tones=ACCESS_TONES
)
WHAT = Column("what", gettext_lazy("Right, list or token"), what, hint=lambda event: event.what)
ADDRESS = Column("address", gettext_lazy("Address"), kind="code")
DOOR = Column("via", gettext_lazy("Door"), lambda event: dict(Via.choices).get(event.via, ""))
PATH = Column("path", gettext_lazy("Page"), kind="code")
LOGIN = Column("login", gettext_lazy("Login"), kind="code", hidden=True)


WHOSE = Contains("who", gettext_lazy("Who"), "person__name")
DAY = Days("day", gettext_lazy("When"), "at", of_moment=True)


def _log_actions(request: HttpRequest) -> list[PageAction]:
    address = reverse("access_clean_up")
    refusal = door_refusal(request.rights, address)  # type: ignore[attr-defined]
    return [PageAction(gettext_lazy("Clean up"), address, refusal)]


LOG = ListPage(
    key="access_log",
    title=gettext_lazy("Security log"),
    rows=lambda scope: AccessEvent.objects.select_related("person"),
    columns=[WHEN, WHO, KIND, WHAT, ADDRESS, DOOR, PATH, LOGIN],
    filters=[
        Choice("kind", gettext_lazy("Event"), options=AccessKind.choices),
        WHOSE,
        DAY,
        Choice("via", gettext_lazy("Door"), options=Via.choices),
    ],
    default_order="-id",
    actions=_log_actions,
    cards=("at", "who", "kind", "what"),
    empty_text=gettext_lazy("Nobody has come in since the log was cleaned up."),
)


@needs("audit.view")
def access_log(request: HttpRequest) -> HttpResponse:
    """Every event of access, the newest first."""
    return LOG.answer(request)


# -- who was online ------------------------------------------------------------------------------


def _logins(scope: Any) -> Any:
    ended = AccessEvent.objects.filter(login_event_id=OuterRef("pk")).order_by("pk")
    return (
        AccessEvent.objects.select_related("person")
        .filter(kind=AccessKind.LOGIN)
        .annotate(ended_at=Subquery(ended.values("at")[:1]))
    )


def _how(event: Any) -> str:
    if event.ended_at is not None:
        return "logout"
    lasts = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return "open" if event.at + lasts > timezone.now() else "ran_out"


def _ended(event: Any) -> Any:
    """The logout; or, where nobody logged out, when the session ended by itself."""
    if _how(event) == "open":
        return None
    return event.ended_at or event.at + timedelta(seconds=settings.SESSION_COOKIE_AGE)


ONLINE = ListPage(
    key="access_online",
    title=gettext_lazy("Who was online"),
    rows=_logins,
    columns=[
        Column("at", gettext_lazy("Logged in at"), kind="moment", sort="at"),
        WHO,
        Column("ended", gettext_lazy("Until"), _ended, kind="moment"),
        Column(
            "how", gettext_lazy("How it ended"), _how, kind="state",
            choices={
                "logout": gettext_lazy("Logged out"),
                "ran_out": gettext_lazy("Session ran out"),
                "open": gettext_lazy("No logout yet"),
            },
            tones={"open": "good", "logout": "calm", "ran_out": "calm"},
        ),
        ADDRESS,
    ],
    filters=[WHOSE, DAY],
    default_order="-id",
    cards=("at", "who", "ended", "how"),
    empty_text=gettext_lazy("Nobody has come in since the log was cleaned up."),
)  # fmt: skip


@needs("audit.view")
def access_online(request: HttpRequest) -> HttpResponse:
    """Each login with its logout or the end of its session."""
    return ONLINE.answer(request)


# -- clean-up ------------------------------------------------------------------------------------


@needs("audit.clean_up")
def access_clean_up_page(request: HttpRequest) -> HttpResponse:
    """First how many events would go, then the clean-up; earlier ones below."""
    keep_days = setting("audit.access_keep_days")
    latest = timezone.localdate() - timedelta(days=keep_days)
    form = CleanUpForm(request.POST or None, initial={"before": latest})
    found = None
    if request.method == "POST" and form.is_valid():
        before, reason = form.cleaned_data["before"], form.cleaned_data["reason"]
        if request.POST.get("step") != "remove":
            found = older_than(before)
        else:
            try:
                done = access_clean_up(
                    before=before, reason=reason, actor=actor_of(request),
                    request_key=request.POST.get("request_key", ""),
                )  # fmt: skip
            except Refused as refused:
                take_refusal(form, refused, request)
            else:
                messages.success(
                    request, _("%(number)s events are removed.") % {"number": done["events"]}
                )
                return redirect("access_clean_up")
    context = {
        "title": _("Clean up the security log"),
        "form": form,
        "found": found,
        "keep_days": keep_days,
        "request_key": uuid.uuid4().hex,
        "earlier": [
            {"one": one, "batch": batch, "digest": bytes(one.digest).hex()}
            for one, batch in clean_ups()
        ],
    }
    return render(request, "identity/access_clean_up.html", context)


# -- what was done in my name --------------------------------------------------------------------

MY_LOG = ListPage(
    key="my_log",
    title=gettext_lazy("Done in my name"),
    rows=lambda scope: batches_with_rows(scope).filter(
        Q(actor_id=scope.person_id) | Q(acting_for_id=scope.person_id)
    ),
    columns=[*BATCH_COLUMNS],
    filters=[
        Choice("action", gettext_lazy("Action"), options=lambda scope: all_actions()),
        Days("day", gettext_lazy("When"), "began_at", of_moment=True),
        Choice("via", gettext_lazy("Door"), options=Via.choices),
    ],
    default_order="-id",
    row_url=lambda batch: reverse("audit_batch", args=[batch.pk]),
    cards=("id", "began_at", "actor_name", "action", "rows"),
    actions=lambda request: [
        PageAction(gettext_lazy("My logins and refusals"), reverse("my_access"))
    ],
    empty_text=gettext_lazy("Nothing was written in your name yet."),
)


def my_log(request: HttpRequest) -> HttpResponse:
    """What I wrote, and what others wrote standing in for me; nobody else's."""
    return MY_LOG.answer(request)


MY_ACCESS = ListPage(
    key="my_access",
    title=gettext_lazy("My logins and refusals"),
    rows=lambda scope: AccessEvent.objects.filter(person_id=scope.person_id),
    columns=[WHEN, KIND, WHAT, ADDRESS, DOOR, PATH],
    filters=[Choice("kind", gettext_lazy("Event"), options=AccessKind.choices), DAY],
    default_order="-id",
    cards=("at", "kind", "what", "address"),
    actions=lambda request: [PageAction(gettext_lazy("Done in my name"), reverse("my_log"))],
    empty_text=gettext_lazy("Nothing is noted of you since the log was cleaned up."),
)


def my_access(request: HttpRequest) -> HttpResponse:
    """My logins, failed ones at my name too, refusals, exports and tokens; nobody else's."""
    return MY_ACCESS.answer(request)
