"""Pages of packs: what is in force, uploading one, switching it, the posts of its lanes."""

import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dianheng.common.access import note_refusal
from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.common.forms import answer_form
from dianheng.common.pages import needs, no_right
from dianheng.identity.models import Post
from dianheng.identity.services import actor_of

from .. import services
from ..choices import REMARK_TONE
from ..forms_pages import LaneForm, PackForm, SwitchForm
from ..models import LanePosts, PackSwitch, PackVersion
from ..packs.archive import unpacked
from ..packs.layout import laid_out, named
from ..selectors import (
    forms_of,
    lanes_of_tasks,
    pack_in_force,
    packs_in_force,
    posts_of_lanes,
    text_of,
    titles_of,
)
from ..selectors.catalogue import catalogue_counts
from ..selectors.remarks import (
    ANSWERED,
    open_remarks,
    remark_groups,
    remarks_of,
    remarks_under_revision,
)

RIGHT = "workflow.packs"


@needs("workflow.view")
def pack_list(request: HttpRequest) -> HttpResponse:
    """Module › class › pack, with what is in force."""
    modules: dict[str, dict[str, list[PackVersion]]] = {}
    for version in packs_in_force():
        classes = modules.setdefault(version.module, {})
        classes.setdefault(version.business_class, []).append(version)
    context = {
        "title": _("Packs of processes"),
        "modules": [
            (module, sorted(classes.items())) for module, classes in sorted(modules.items())
        ],
        "refusal": None if request.rights.may(RIGHT) else no_right(RIGHT),  # type: ignore[attr-defined]
        "counts": catalogue_counts(),
    }
    return render(request, "workflow/packs.html", context)


@needs(RIGHT)
def pack_new(request: HttpRequest) -> HttpResponse:
    """Upload a pack: everything that is wrong with it is said, or it comes into force."""

    def act(data: dict[str, Any]) -> str:
        with tempfile.TemporaryDirectory(prefix="pack-") as folder:
            root = unpacked(data["file"], Path(folder))
            try:
                made = services.pack_load(folder=root, actor=actor_of(request))
            except BadInput as refused:
                # The form has one field: all that is wrong stands at it, with its place.
                found = refused.refusal.errors or ()
                texts = [
                    {**each, "field": "file", "text": f"{each['field']}: {each['text']}"}
                    for each in found
                ]
                raise BadInput(refused.refusal.text, texts) from None
        return reverse("pack", args=[made.code])

    return answer_form(
        request, PackForm(request.POST or None, request.FILES or None), act,
        title=_("Upload a pack"), submit=_("Check and bring into force"), back=reverse("packs"),
        crumbs=[(_("Packs of processes"), reverse("packs"))],
        intro=_("New instances begin with the new version; those under way stay on theirs."),
    )  # fmt: skip


@needs("workflow.view")
def pack(request: HttpRequest, code: str) -> HttpResponse:
    """Diagram, lanes with their posts, steps with their limits, versions, switches."""
    version = pack_in_force(code)
    plan, posts, forms = version.plan, posts_of_lanes(version), forms_of(version)
    names = dict(Post.objects.values_list("code", "name"))
    lanes = lanes_of_tasks(version)
    order = {name: at for at, name in enumerate(lanes)}
    own = set(LanePosts.objects.filter(code=code).values_list("lane", flat=True))
    context = {
        "title": titles_of(version),
        "version": version,
        "purpose": text_of(plan.get("purpose") or {"zh": ""}),
        "versions": PackVersion.objects.filter(code=code).select_related("loaded_by"),
        "switches": PackSwitch.objects.filter(code=code).select_related("unit").order_by("unit__path"),
        "lanes": [
            (text_of(lane["title"]), [names.get(post, post) for post in posts[name]], name in own)
            for name, lane in plan["lanes"].items()
        ],
        "steps": [
            {
                "title": text_of(task["title"]), "hours": task["hours"], "role": task["role"],
                "service": task["service"],
                "lane": text_of(plan["lanes"][lanes[name]]["title"]) if name in lanes else "",
            }
            for name, task in sorted(plan["tasks"].items(), key=lambda each: order.get(each[0], 99))
        ],
        "refusal": None if request.rights.may(RIGHT) else no_right(RIGHT),  # type: ignore[attr-defined]
        "remarks": remark_groups(open_remarks(code), version),
        "revised": remark_groups(remarks_under_revision(code), version),
        "answered": remarks_of(code).exclude(closed_at=None)[:ANSWERED],
        "remark_tones": REMARK_TONE,
        "no_start": None if request.rights.may("workflow.start") else no_right("workflow.start"),  # type: ignore[attr-defined]
        "forms": forms,
        "things": [
            ("process", code, ""),
            *(("form", f"{code}/{form.name}", form.title) for form in forms),
        ],
    }  # fmt: skip
    return render(request, "workflow/pack.html", context)


@require_POST
@needs("workflow.start")
def revise(request: HttpRequest, code: str) -> HttpResponse:
    """Begin the revision of a form with the remarks that are ticked."""
    version, unit = pack_in_force(code), request.user.unit  # type: ignore[union-attr]
    ticked = ",".join(request.POST.getlist("remark")).split(",")
    keys = [int(key) for key in ticked if key.isdigit() and len(key) < 19]
    if unit is None:
        messages.error(
            request, _("You belong to no unit: somebody of the unit begins the revision.")
        )
        return redirect("pack", code)
    try:
        made = services.remarks_revise(
            version=version, keys=keys, unit=unit, actor=actor_of(request)
        )
    except Refused as refused:
        note_refusal(request, refused)
        messages.error(request, str(refused.refusal.text))
        return redirect("pack", code)
    return redirect("process", made.number)


@needs("workflow.view")
def diagram(request: HttpRequest, code: str) -> HttpResponse:
    """The BPMN file of a version, with coordinates and the names of the page's language."""
    number = request.GET.get("version", "")
    rows = PackVersion.objects.filter(code=code)
    rows = rows.filter(version=number) if number.isdigit() and len(number) < 9 else rows
    version = rows.first()
    if version is None:
        raise NotFound(_("There is no process %(code)s.") % {"code": code})
    lanes, tasks = (
        {key: text_of(one["title"]) for key, one in version.plan[part].items()}
        for part in ("lanes", "tasks")
    )
    names = {key: text_of(one) for key, one in version.plan.get("names", {}).items()}
    body = named(version.bpmn.encode("utf-8"), titles_of(version), lanes, tasks | names)
    return HttpResponse(laid_out(body), content_type="application/xml")


@require_POST
@needs(RIGHT)
def force(request: HttpRequest, code: str, version: int) -> HttpResponse:
    """Let new instances begin with a version that is here."""
    found = PackVersion.objects.filter(code=code, version=version).first()
    if found is None:
        raise NotFound(_("There is no process %(code)s.") % {"code": code})
    services.pack_bring_into_force(version=found, actor=actor_of(request))
    return redirect("pack", code)


@needs(RIGHT)
def switch(request: HttpRequest, code: str) -> HttpResponse:
    """Offer a process in a unit and all below it, or do not."""
    version = pack_in_force(code)

    def act(data: dict[str, Any]) -> str:
        services.pack_switch(code=code, actor=actor_of(request), **data)
        return reverse("pack", args=[code])

    return answer_form(
        request, SwitchForm(request.POST or None, rights=request.rights), act,  # type: ignore[attr-defined]
        title=_("Switch on or off"), submit=_("Keep"), back=reverse("pack", args=[code]),
        crumbs=[(titles_of(version), reverse("pack", args=[code]))],
        intro=_("Switched off, it is not offered there any more; what is under way goes on."),
    )  # fmt: skip


@needs(RIGHT)
def lane(request: HttpRequest, code: str) -> HttpResponse:
    """Give a lane the company's own posts."""
    version = pack_in_force(code)
    lanes = [(name, text_of(one["title"])) for name, one in version.plan["lanes"].items()]

    def act(data: dict[str, Any]) -> str:
        posts = [post.code for post in data["posts"]]
        services.lane_posts_set(code=code, lane=data["lane"], posts=posts, actor=actor_of(request))
        return reverse("pack", args=[code])

    return answer_form(
        request, LaneForm(request.POST or None, lanes=lanes), act, title=_("Posts of a lane"),
        submit=_("Keep"), back=reverse("pack", args=[code]),
        crumbs=[(titles_of(version), reverse("pack", args=[code]))],
        intro=_("Whoever handles does not approve: a post in both lanes is refused."),
    )  # fmt: skip
