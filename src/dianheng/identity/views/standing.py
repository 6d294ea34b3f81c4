"""Stand-ins, and exceptions of the separation of duties."""

from typing import Any

from django.db.models import Case, CharField, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.errors import NotFound
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Condition, Contains, ListPage, PageAction
from dianheng.common.pages import needs, no_right, opens_to

from ..forms import STEP_NAMES, ReasonForm, SeparationForm, StandInForm
from ..models import Delegation, SeparationException
from ..services import actor_of, delegation_make, delegation_revoke, separation_except

PERIOD = {
    "now": gettext_lazy("In force"),
    "later": gettext_lazy("Not yet in force"),
    "over": gettext_lazy("Over"),
    "revoked": gettext_lazy("Ended early"),
}
PERIOD_TONES = {"now": "good", "later": "calm", "over": "calm", "revoked": "warn"}


def _period(*more: Any) -> Case:
    today = timezone.localdate()
    return Case(
        *more,
        When(valid_from__gt=today, then=Value("later")),
        When(valid_through__lt=today, then=Value("over")),
        default=Value("now"),
        output_field=CharField(),
    )


def _in_period(chosen: list[str]) -> list[Condition]:
    return [Condition(q=Q(period__in=chosen))]


# -- stand-ins -----------------------------------------------------------------------------------


def _stand_ins(scope: Any) -> Any:
    rows = Delegation.objects.select_related("from_person", "to_person", "holding__post").annotate(
        period=_period(When(revoked_at__isnull=False, then=Value("revoked")))
    )
    if scope.rights.may("identity.view"):
        return rows
    return rows.filter(Q(from_person_id=scope.person_id) | Q(to_person_id=scope.person_id))


STAND_INS = ListPage(
    key="stand-ins",
    title=gettext_lazy("Stand-ins"),
    rows=_stand_ins,
    columns=[
        Column(
            "from_person", gettext_lazy("For"), "from_person.name", sort="from_person__sort_key"
        ),
        Column("to_person", gettext_lazy("Stand-in"), "to_person.name", sort="to_person__sort_key"),
        Column(
            "post", gettext_lazy("Post"), lambda d: d.holding.post.name if d.holding else _("all")
        ),
        Column("valid_from", gettext_lazy("From"), kind="date", sort="valid_from"),
        Column("valid_through", gettext_lazy("Through"), kind="date", sort="valid_through"),
        Column("reason", gettext_lazy("Reason")),
        Column("period", gettext_lazy("State"), kind="state", choices=PERIOD, tones=PERIOD_TONES),
    ],
    filters=[
        Choice("period", gettext_lazy("State"), options=list(PERIOD.items()), where=_in_period)
    ],
    default_order="-valid_from",
    search=("from_person__name", "to_person__name", "reason"),
    row_url=lambda d: reverse("stand_in", args=[d.pk]),
    actions=lambda request: [
        PageAction(_("Name a stand-in"), reverse("stand_in_add"), is_primary=True)
    ],
    cards=("from_person", "to_person", "valid_from", "valid_through", "period"),
    empty_text=gettext_lazy("No stand-in yet. Before a leave, name who decides meanwhile."),
)


def stand_ins(request: HttpRequest) -> HttpResponse:
    """Who stands in for whom."""
    return STAND_INS.answer(request)


def stand_in_add(request: HttpRequest) -> HttpResponse:
    """Name a stand-in, for oneself or for others by who may."""
    initial = {"from_person": request.user, "valid_from": timezone.localdate()}

    def make(data: dict[str, Any]) -> str:
        delegation_make(**data, actor=actor_of(request))
        return reverse("stand_ins")

    return answer_form(
        request, StandInForm(request.POST or None, initial=initial), make,
        title=_("Name a stand-in"), submit=_("Name the stand-in"), back=reverse("stand_ins"),
        crumbs=[(_("Stand-ins"), reverse("stand_ins"))], success=_("The stand-in is named."),
        intro=_("A stand-in has all your rights in these days; every record shows both names."),
    )  # fmt: skip


def stand_in(request: HttpRequest, delegation_id: int) -> HttpResponse:
    """One, and its early end."""
    person: Any = request.user
    found = (
        Delegation.objects.select_related("from_person__unit", "to_person")
        .filter(pk=delegation_id)
        .first()
    )
    rights = request.rights  # type: ignore[attr-defined]
    is_mine = found and person.pk in (found.from_person_id, found.to_person_id)
    if found is None or not (is_mine or rights.may("identity.view")):
        raise NotFound(_("There is no such stand-in."))

    def revoke(data: dict[str, Any]) -> str:
        delegation_revoke(delegation=found, reason=data["reason"], actor=actor_of(request))
        return reverse("stand_ins")

    unit = found.from_person.unit
    may_end = found.from_person_id == person.pk or rights.may(
        "identity.delegate", unit.path if unit else None
    )
    return answer_form(
        request, ReasonForm(request.POST or None), revoke,
        title=_("%(stand_in)s for %(person)s")
        % {"stand_in": found.to_person, "person": found.from_person},
        submit=_("End now"), back=reverse("stand_ins"), success=_("The stand-in is ended."),
        crumbs=[(_("Stand-ins"), reverse("stand_ins"))], template="identity/stand_in.html",
        one=found, refusal=None if may_end else no_right("identity.delegate"),
    )  # fmt: skip


# -- exceptions of separation --------------------------------------------------------------------


def _steps(row: SeparationException) -> str:
    return "、".join(str(STEP_NAMES.get(step, step)) for step in row.steps)


def _exception_actions(request: HttpRequest) -> list[PageAction]:
    refusal = None if request.rights.may("identity.except") else no_right("identity.except")  # type: ignore[attr-defined]
    return [PageAction(_("Grant an exception"), reverse("exception_add"), refusal, is_primary=True)]


EXCEPTIONS = ListPage(
    key="separation-exceptions",
    title=gettext_lazy("Exceptions of separation"),
    rows=lambda scope: SeparationException.objects.select_related("person", "granted_by").annotate(
        period=_period()
    ),
    right="identity.view",
    unit_field="person__unit",
    columns=[
        Column("subject", gettext_lazy("Matter"), kind="code", sort="subject"),
        Column("person", gettext_lazy("Person"), "person.name", sort="person__sort_key"),
        Column("steps", gettext_lazy("Steps allowed"), _steps),
        Column("reason", gettext_lazy("Reason")),
        Column("valid_from", gettext_lazy("From"), kind="date", sort="valid_from"),
        Column("valid_through", gettext_lazy("Through"), kind="date", sort="valid_through"),
        Column("granted_by", gettext_lazy("Granted by"), "granted_by.name"),
        Column("granted_at", gettext_lazy("Granted at"), kind="moment", sort="granted_at"),
        Column("period", gettext_lazy("State"), kind="state", choices=PERIOD, tones=PERIOD_TONES),
    ],
    filters=[
        Choice("period", gettext_lazy("State"), options=list(PERIOD.items())[:3], where=_in_period),
        Contains("subject", gettext_lazy("Matter")),
    ],
    default_order="-granted_at",
    search=("subject", "person__name", "reason"),
    actions=_exception_actions,
    cards=("subject", "person", "steps", "valid_through", "granted_by"),
    empty_text=gettext_lazy(
        "No exception was ever granted:"
        " whoever tests does not review, whoever reviews does not approve."
    ),
)


@opens_to("identity.view")
def exceptions(request: HttpRequest) -> HttpResponse:
    """Every exception, the newest first."""
    return EXCEPTIONS.answer(request)


@needs("identity.except")
def exception_add(request: HttpRequest) -> HttpResponse:
    """Grant one beforehand, as a third person."""
    today = timezone.localdate()
    form = SeparationForm(
        request.POST or None, initial={"valid_from": today, "valid_through": today}
    )

    def grant(data: dict[str, Any]) -> str:
        separation_except(**data, actor=actor_of(request))
        return reverse("exceptions")

    return answer_form(
        request, form, grant, title=_("Grant an exception"), submit=_("Grant"),
        back=reverse("exceptions"),
        success=_("The exception is granted and stands in the audit trail."),
        crumbs=[(_("Exceptions of separation"), reverse("exceptions"))],
        intro=_("For one matter and few days. A third person grants it before the work is done."),
    )  # fmt: skip
