"""What people are authorised for, with the days that run out."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Case, CharField, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.errors import NotFound
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Condition, Contains, Days, ListPage, PageAction
from dianheng.common.pages import needs, no_right, opens_to

from ..choices import QualificationKind
from ..forms import QualificationForm, WithdrawForm
from ..models import Person, Qualification
from ..services import actor_of, qualification_grant, qualification_withdraw

DUE_DAYS = 60  # before the last day it is time to renew
DUE = {
    "valid": gettext_lazy("In force"),
    "due": gettext_lazy("Runs out soon"),
    "expired": gettext_lazy("Run out"),
    "withdrawn": gettext_lazy("Withdrawn"),
    "later": gettext_lazy("Not yet in force"),
}
DUE_TONES = {"valid": "good", "due": "warn", "expired": "bad", "withdrawn": "bad", "later": "calm"}


def with_due() -> Any:
    """Qualifications, each with where it stands today."""
    today = timezone.localdate()
    return Qualification.objects.select_related("person", "person__unit").annotate(
        due=Case(
            When(withdrawn_on__lte=today, then=Value("withdrawn")),
            When(valid_through__lt=today, then=Value("expired")),
            When(valid_from__gt=today, then=Value("later")),
            When(valid_through__lte=today + timedelta(days=DUE_DAYS), then=Value("due")),
            default=Value("valid"),
            output_field=CharField(),
        )
    )


def qualification_lines(person: Person) -> list[dict[str, Any]]:
    """A person's own, for pages."""
    return [
        {"one": q, "word": DUE[q.due], "tone": DUE_TONES[q.due]}
        for q in with_due().filter(person=person)
    ]


def _with_due(chosen: list[str]) -> Sequence[Condition]:
    return [Condition(q=Q(due__in=chosen))]


def _actions(request: HttpRequest) -> list[PageAction]:
    refusal = None if request.rights.may("identity.qualify") else no_right("identity.qualify")  # type: ignore[attr-defined]
    return [
        PageAction(_("New qualification"), reverse("qualification_add"), refusal, is_primary=True)
    ]


QUALIFICATIONS = ListPage(
    key="qualifications",
    title=gettext_lazy("Qualifications"),
    rows=lambda scope: with_due(),
    right="identity.view",
    unit_field="person__unit",
    columns=[
        Column("number", gettext_lazy("Number"), kind="code", sort="number"),
        Column("person", gettext_lazy("Person"), "person.name", sort="person__sort_key"),
        Column("unit", gettext_lazy("Unit"), "person.unit.name"),
        Column("kind", gettext_lazy("Kind"), "get_kind_display"),
        Column("project", gettext_lazy("Project")),
        Column("issuer", gettext_lazy("Issued by"), hidden=True),
        Column("valid_from", gettext_lazy("From"), kind="date", sort="valid_from"),
        Column("valid_through", gettext_lazy("Through"), kind="date", sort="valid_through"),
        Column("due", gettext_lazy("State"), kind="state", choices=DUE, tones=DUE_TONES),
    ],
    filters=[
        Choice("kind", gettext_lazy("Kind"), options=QualificationKind.choices),
        Choice("due", gettext_lazy("State"), options=list(DUE.items()), where=_with_due),
        Contains("project", gettext_lazy("Project")),
        Days("through", gettext_lazy("Through"), "valid_through"),
    ],
    default_order="valid_through",
    search=("number", "person__name", "person__sort_key", "project"),
    row_url=lambda q: reverse("qualification", args=[q.pk]),
    actions=_actions,
    cards=("number", "person", "kind", "project", "valid_through", "due"),
    empty_text=gettext_lazy("No qualification yet. Without one nobody's record gets a verdict."),
)


@opens_to("identity.view")
def qualifications(request: HttpRequest) -> HttpResponse:
    """All, the one that runs out first on top."""
    return QUALIFICATIONS.answer(request)


def _back() -> list[tuple[Any, str]]:
    return [(_("Qualifications"), reverse("qualifications"))]


@needs("identity.qualify")
def qualification_add(request: HttpRequest) -> HttpResponse:
    """Record an authorisation."""

    def grant(data: dict[str, Any]) -> str:
        qualification_grant(**data, actor=actor_of(request))
        return reverse("qualifications")

    initial = {"person": request.GET.get("person", "")}
    form = QualificationForm(request.POST or None, initial=initial)
    return answer_form(
        request, form, grant, title=_("New qualification"), submit=_("Record"),
        back=reverse("qualifications"), crumbs=_back(), success=_("The qualification is recorded."),
    )  # fmt: skip


@needs("identity.view")
def qualification(request: HttpRequest, qualification_id: int) -> HttpResponse:
    """One, and its withdrawal."""
    found = with_due().filter(pk=qualification_id).first()
    if found is None:
        raise NotFound(_("There is no such qualification."))

    def withdraw(data: dict[str, Any]) -> str:
        qualification_withdraw(qualification=found, **data, actor=actor_of(request))
        return reverse("qualifications")

    path = found.person.unit.path if found.person.unit else None
    form = WithdrawForm(request.POST or None, initial={"withdrawn_on": timezone.localdate()})
    return answer_form(
        request, form, withdraw, title=found.number, submit=_("Withdraw"),
        back=reverse("qualifications"), crumbs=_back(),
        success=_("The qualification is withdrawn."),
        template="identity/qualification.html",
        one=found, word=DUE[found.due], tone=DUE_TONES[found.due],
        refusal=None if request.rights.may("identity.qualify", path)  # type: ignore[attr-defined]
        else no_right("identity.qualify"),
    )  # fmt: skip
