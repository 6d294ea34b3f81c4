"""Units, people, posts and who holds them."""

from typing import Any

from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from dianheng.common.errors import NotFound
from dianheng.common.forms import answer_form
from dianheng.common.lists import Choice, Column, Condition, Flag, ListPage, PageAction
from dianheng.common.pages import needs, no_right, opens_to, scope_of

from ..forms import (
    EndForm,
    HoldingForm,
    PasswordForOtherForm,
    PersonForm,
    PostForm,
    ReasonForm,
    UnitForm,
    UnitRenameForm,
)
from ..models import Person, Post, PostHolding, Unit
from ..registry import all_rights
from ..selectors import unit_by_code
from ..services import (
    actor_of,
    holding_end,
    person_change_password,
    person_make,
    person_set_active,
    post_define,
    post_hold,
    unit_make,
    unit_rename,
)
from .qualifications import qualification_lines

ACTIVE = {"1": gettext_lazy("Active"), "0": gettext_lazy("Switched off")}
ACTIVE_TONES = {"1": "good", "0": "calm"}


# -- units ---------------------------------------------------------------------------------------


@needs("identity.view")
def units(request: HttpRequest) -> HttpResponse:
    """The organisation as a tree, with how many people work where."""
    scope = scope_of(request)
    under = Q(pk__in=[])
    for path in scope.paths("identity.view"):
        under |= Q(path__startswith=path)
    shown = list(
        Unit.objects.filter(under).annotate(people_count=Count("people", Q(people__is_active=True)))
    )
    top = min((unit.path.count("/") for unit in shown), default=0)
    context = {
        "title": _("Organisation"),
        "lines": [{"unit": unit, "depth": unit.path.count("/") - top} for unit in shown],
        "refusal": None
        if request.rights.may("identity.organise")
        else no_right("identity.organise"),  # type: ignore[attr-defined]
    }
    return render(request, "identity/units.html", context)


@needs("identity.view")
def unit(request: HttpRequest, code: str) -> HttpResponse:
    """A unit: name, what is below, who works there, who holds posts over it."""
    found = unit_by_code(code)
    today = timezone.localdate()
    in_force = Q(valid_from__lte=today) & (Q(valid_through=None) | Q(valid_through__gte=today))

    def rename(data: dict[str, Any]) -> str:
        unit_rename(
            unit=found, name=data["name"], is_active=data["is_active"], actor=actor_of(request)
        )
        return reverse("unit", args=[code])

    form = UnitRenameForm(
        request.POST or None, initial={"name": found.name, "is_active": found.is_active}
    )
    return answer_form(
        request, form, rename,
        title=found.name, submit=_("Save"), back=reverse("units"), success=_("The unit is saved."),
        crumbs=unit_crumbs(found), template="identity/unit.html",
        unit=found,
        children=found.children.all(),
        people=found.people.filter(is_active=True),
        holdings=PostHolding.objects.filter(in_force, unit=found).select_related("person", "post"),
        refusal=None if request.rights.may("identity.organise", found.path)  # type: ignore[attr-defined]
        else no_right("identity.organise"),
    )  # fmt: skip


@needs("identity.organise")
def unit_add(request: HttpRequest, code: str = "") -> HttpResponse:
    """A new unit below one, or the first of all."""
    parent = unit_by_code(code) if code else None

    def make(data: dict[str, Any]) -> str:
        made = unit_make(**data, parent=parent, actor=actor_of(request))
        return reverse("unit", args=[made.code])

    return answer_form(
        request, UnitForm(request.POST or None), make,
        title=_("New unit below %(name)s") % {"name": parent.name} if parent else _("New unit"),
        submit=_("Add the unit"), back=reverse("units"), success=_("The unit is added."),
        crumbs=[*unit_crumbs(parent), (parent.name, reverse("unit", args=[parent.code]))] if parent
        else [(_("Organisation"), reverse("units"))],
    )  # fmt: skip


def unit_crumbs(unit: Unit) -> list[tuple[Any, str]]:
    """The way from the top of the organisation to a unit's parent."""
    codes = unit.path.strip("/").split("/")[:-1]
    above = Unit.objects.filter(code__in=codes).order_by("path")
    return [
        (_("Organisation"), reverse("units")),
        *[(one.name, reverse("unit", args=[one.code])) for one in above],
    ]


# -- people --------------------------------------------------------------------------------------


def _people(scope: Any) -> Any:
    today = timezone.localdate()
    in_force = PostHolding.objects.filter(
        Q(valid_through=None) | Q(valid_through__gte=today), valid_from__lte=today
    ).select_related("post", "unit")
    return (
        Person.objects.filter(is_system=False)
        .select_related("unit")
        .prefetch_related(Prefetch("holdings", in_force, "held"))
    )


def _posts(scope: Any) -> list[tuple[str, Any]]:
    return [(post.code, post.name) for post in Post.objects.all()]


def _with_post(codes: list[str]) -> list[Condition]:
    today = timezone.localdate()
    holders = PostHolding.objects.filter(
        Q(valid_through=None) | Q(valid_through__gte=today),
        valid_from__lte=today,
        post__code__in=codes,
    ).values("person_id")
    return [Condition(q=Q(pk__in=holders))]


def _people_actions(request: HttpRequest) -> list[PageAction]:
    refusal = None if request.rights.may("identity.organise") else no_right("identity.organise")  # type: ignore[attr-defined]
    return [PageAction(_("New person"), reverse("person_add"), refusal, is_primary=True)]


PEOPLE = ListPage(
    key="people",
    title=gettext_lazy("People"),
    rows=_people,
    right="identity.view",
    unit_field="unit",
    columns=[
        Column("person_no", gettext_lazy("Staff number"), kind="code", sort="person_no"),
        Column("name", pgettext_lazy("person", "Name"), sort="sort_key"),
        Column("login", gettext_lazy("Login"), kind="code", sort="login"),
        Column("unit", gettext_lazy("Unit"), "unit.name", sort="unit__path"),
        Column("posts", gettext_lazy("Posts"), lambda p: "、".join(h.post.name for h in p.held)),
        Column(
            "state", gettext_lazy("State"), lambda p: "1" if p.is_active else "0",
            kind="state", choices=ACTIVE, tones=ACTIVE_TONES,
        ),
    ],
    filters=[
        Choice("post", gettext_lazy("Post"), options=_posts, where=_with_post),
        Flag("active", gettext_lazy("Active"), "is_active"),
    ],
    default_order="name",
    search=("name", "person_no", "login", "sort_key"),
    search_hint=gettext_lazy("Name, pinyin, staff number, login"),
    row_url=lambda person: reverse("person", args=[person.person_no]),
    actions=_people_actions,
    cards=("person_no", "name", "unit", "posts", "state"),
    empty_text=gettext_lazy("No person yet. Add the first one."),
)  # fmt: skip


@opens_to("identity.view")
def people(request: HttpRequest) -> HttpResponse:
    """Everybody of the units that one may see."""
    return PEOPLE.answer(request)


@needs("identity.view")
def people_suggest(request: HttpRequest) -> JsonResponse:
    """Who fits what is being typed, for the fields that ask for a person."""
    text = request.GET.get("q", "").strip()
    fits = (
        Q(name__contains=text) | Q(person_no__startswith=text) | Q(login__startswith=text.lower())
    )
    fits |= Q(sort_key__startswith=text.lower())
    rows = Person.objects.filter(fits, is_system=False, is_active=True).select_related("unit")[:12]
    return JsonResponse(
        [{"value": p.person_no, "label": f"{p.name} · {p.unit or ''}"} for p in rows], safe=False
    )


def person_by_no(person_no: str) -> Person:
    """The person of a staff number, or NotFound in words."""
    found = (
        Person.objects.select_related("unit").filter(person_no=person_no, is_system=False).first()
    )
    if found is None:
        raise NotFound(_("There is no person %(login)s.") % {"login": person_no})
    return found


@needs("identity.view")
def person(request: HttpRequest, person_no: str) -> HttpResponse:
    """A person: posts, stand-ins, qualifications."""
    found = person_by_no(person_no)
    path = found.unit.path if found.unit else None
    refusal = (
        None if request.rights.may("identity.organise", path) else no_right("identity.organise")
    )  # type: ignore[attr-defined]
    today = timezone.localdate()
    holdings = PostHolding.objects.filter(person=found).select_related("post", "unit")
    context = {
        "title": found.name,
        "person": found,
        "today": today,
        "holdings": [
            {"holding": h, "is_over": h.valid_through is not None and h.valid_through < today}
            for h in holdings
        ],
        "given": found.delegations_given.select_related("to_person"),
        "taken": found.delegations_taken.select_related("from_person"),
        "qualifications": qualification_lines(found),
        "refusal": refusal,
        "is_me": found.pk == request.user.pk,
    }
    return render(request, "identity/person.html", context)


@needs("identity.organise")
def person_add(request: HttpRequest) -> HttpResponse:
    """A new person."""
    form = PersonForm(request.POST or None)
    form.fields["unit"].limit(request.rights.paths("identity.organise"))  # type: ignore[attr-defined]

    def make(data: dict[str, Any]) -> str:
        made = person_make(**data, actor=actor_of(request))
        return reverse("person", args=[made.person_no])

    return answer_form(
        request, form, make,
        title=_("New person"), submit=_("Add the person"), back=reverse("people"),
        crumbs=[(_("People"), reverse("people"))],
        success=_("The person is added. Give a post next, or little can be seen."),
    )  # fmt: skip


def _person_form(
    request: HttpRequest, found: Person, form: Any, act: Any, **words: Any
) -> HttpResponse:
    address = reverse("person", args=[found.person_no])

    def then(data: dict[str, Any]) -> str:
        act(data)
        return address

    crumbs = [(_("People"), reverse("people")), (found.name, address)]
    return answer_form(request, form, then, back=address, crumbs=crumbs, **words)


@needs("identity.organise")
def person_password(request: HttpRequest, person_no: str) -> HttpResponse:
    """A new password for somebody else."""
    found = person_by_no(person_no)
    return _person_form(
        request, found, PasswordForOtherForm(request.POST or None),
        lambda data: person_change_password(
            person=found, password=data["password"], actor=actor_of(request)
        ),
        title=_("New password for %(name)s") % {"name": found.name}, submit=_("Set the password"),
        success=_("The password is set."),
    )  # fmt: skip


@needs("identity.organise")
def person_active(request: HttpRequest, person_no: str) -> HttpResponse:
    """Switch a person off, or on again."""
    found = person_by_no(person_no)
    is_on = found.is_active
    return _person_form(
        request, found, ReasonForm(request.POST or None),
        lambda data: person_set_active(
            person=found, is_active=not is_on, reason=data["reason"], actor=actor_of(request)
        ),
        title=_("Switch %(name)s off") % {"name": found.name} if is_on
        else _("Let %(name)s in again") % {"name": found.name},
        submit=_("Switch off") if is_on else _("Let in again"),
        intro=_("A person who is switched off cannot log in; what they did stays theirs.")
        if is_on else "",
        success=_("The person is saved."),
    )  # fmt: skip


@needs("identity.organise")
def holding_add(request: HttpRequest, person_no: str) -> HttpResponse:
    """A post for a person."""
    found = person_by_no(person_no)
    form = HoldingForm(
        request.POST or None, initial={"unit": found.unit_id, "valid_from": timezone.localdate()}
    )
    form.fields["unit"].limit(request.rights.paths("identity.organise"))  # type: ignore[attr-defined]
    return _person_form(
        request, found, form,
        lambda data: post_hold(person=found, **data, actor=actor_of(request)),
        title=_("A post for %(name)s") % {"name": found.name}, submit=_("Give the post"),
        success=_("The post is given."),
    )  # fmt: skip


@needs("identity.organise")
def holding_end_(request: HttpRequest, person_no: str, holding_id: int) -> HttpResponse:
    """The last day of a post."""
    found = person_by_no(person_no)
    holding = (
        PostHolding.objects.select_related("post", "unit")
        .filter(pk=holding_id, person=found)
        .first()
    )
    if holding is None:
        raise NotFound(_("This person does not hold that post."))
    return _person_form(
        request, found,
        EndForm(request.POST or None, initial={"valid_through": timezone.localdate()}),
        lambda data: holding_end(
            holding=holding, valid_through=data["valid_through"], actor=actor_of(request)
        ),
        title=_("End the post %(post)s in %(unit)s")
        % {"post": holding.post.name, "unit": holding.unit.name},
        submit=_("End the post"), success=_("The post has its last day."),
    )  # fmt: skip


# -- posts ---------------------------------------------------------------------------------------


@needs("identity.view")
def posts(request: HttpRequest) -> HttpResponse:
    """Posts with how many people hold them and what they may do."""
    today = timezone.localdate()
    in_force = Q(holdings__valid_from__lte=today) & (
        Q(holdings__valid_through=None) | Q(holdings__valid_through__gte=today)
    )
    labels = all_rights()
    context = {
        "title": _("Posts and rights"),
        "posts": [
            {"post": post, "rights": [labels.get(right, right) for right in post.rights]}
            for post in Post.objects.annotate(
                holders=Count("holdings__person", in_force, distinct=True)
            )
        ],
        "refusal": None
        if request.rights.may("identity.organise")
        else no_right("identity.organise"),  # type: ignore[attr-defined]
    }
    return render(request, "identity/posts.html", context)


@needs("identity.organise")
def post_edit(request: HttpRequest, code: str = "") -> HttpResponse:
    """A post with its rights, new or changed."""
    post = Post.objects.filter(code=code).first() if code else None
    if code and post is None:
        raise NotFound(_("There is no post %(code)s.") % {"code": code})
    initial = (
        {
            "code": post.code,
            "name": post.name,
            "description": post.description,
            "rights": post.rights,
        }
        if post
        else {}
    )
    form = PostForm(request.POST or None, initial=initial)
    if post:
        form.fields["code"].disabled = True

    def define(data: dict[str, Any]) -> str:
        post_define(**data, actor=actor_of(request))
        return reverse("posts")

    return answer_form(
        request, form, define,
        title=post.name if post else _("New post"), submit=_("Save"), back=reverse("posts"),
        crumbs=[(_("Posts and rights"), reverse("posts"))], success=_("The post is saved."),

    )  # fmt: skip
