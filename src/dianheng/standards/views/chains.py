"""The chain of traceability on pages, and the standards of other bodies in it."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.models import Device
from dianheng.common.errors import NotFound
from dianheng.common.lists import Column, Contains, Days, ListPage, PageAction
from dianheng.common.lists.columns import show
from dianheng.common.pages import door_refusal, may_open, needs, opens_to

from .. import forms, services
from ..drawing import draw
from ..models import OutsideStandard
from ..panels import outside_actions
from ..rights import RIGHT, VIEW
from ..selectors.chain import Node, chain_of, unit_above_certified
from .common import action_for, due_tone, due_word, laboratory_crumbs, write_form


def chain_context(devices: Sequence[Device], days: int, rights: Any) -> dict[str, Any]:
    """The chain above some standards: drawing, and the same as lines; links where one may go."""
    chain = chain_of(devices)

    def said(last_day: date | None) -> tuple[str, Any]:
        if last_day is None:
            return "calm", _("no last day known")
        word = due_word(last_day, days)
        return due_tone(last_day, days), _("%(word)s, through %(day)s") % {
            "word": word, "day": show(last_day),
        }  # fmt: skip

    lines = []
    for link in sorted(chain.links, key=lambda link: chain.nodes[link.below].level):
        tone, word = said(link.valid_through)
        lines.append(
            {
                "below": chain.nodes[link.below].title,
                "above": chain.nodes[link.above].title,
                "number": link.number,
                "tone": tone,
                "word": word,
            }
        )
    return {
        "drawing": draw(chain, url_of=partial(_url_of, rights), tone_of=said)
        if chain.links
        else None,
        "links": lines,
        "is_whole": chain.is_whole,
    }


def _url_of(rights: Any, node: Node) -> str:
    if node.device is not None:
        address = reverse("standard", args=[node.device.barcode])
    elif node.outside:
        address = reverse("outside_standard", args=[node.outside.pk])
    else:
        return ""
    return address if may_open(rights, address) else ""


OUTSIDE = ListPage(
    key="standards.outside",
    title=gettext_lazy("Standards of other bodies"),
    rows=lambda scope: OutsideStandard.objects.select_related("higher"),
    right=VIEW,
    columns=[
        Column("name", gettext_lazy("Name"), sort="name"),
        Column("body", gettext_lazy("Other body")),
        Column("accuracy", gettext_lazy("Class or uncertainty")),
        Column("certificate_no", gettext_lazy("Certificate"), kind="code"),
        Column("valid_through", gettext_lazy("Valid through"), kind="date"),
        Column("higher", gettext_lazy("Traced to"), "higher.name"),
        Column("national", gettext_lazy("National primary standard"), "is_national"),
    ],
    filters=[
        Contains("body", gettext_lazy("Other body"), "body"),
        Days("through", gettext_lazy("Valid through"), "valid_through"),
    ],
    default_order="name",
    search=("name", "body", "certificate_no"),
    row_url=lambda row: reverse("outside_standard", args=[row.pk]),
    cards=("name", "body", "valid_through"),
    actions=lambda request: [
        action_for(request, _("Record a standard of another body"), reverse("outside_standard_new"))
    ],
    empty_text=gettext_lazy(
        "None yet. They come with the certificates that name them, or are recorded here."
    ),
)


@opens_to(VIEW)
def outside_list(request: HttpRequest) -> HttpResponse:
    """Standards of other bodies that stand above ours."""
    return OUTSIDE.answer(request)


def _outside_form(request: HttpRequest, found: OutsideStandard | None) -> HttpResponse:
    fields = (
        "body",
        "name",
        "accuracy",
        "certificate_no",
        "valid_through",
        "is_national",
        "higher",
    )
    initial = {name: getattr(found, name) for name in fields} if found else {}
    if initial.get("valid_through"):
        initial["valid_through"] = show(initial["valid_through"])
    form = forms.OutsideStandardForm(request.POST or None, initial=initial, standard=found)
    actions = _outside_actions(request, found) if found else []
    return write_form(
        request, form, partial(services.outside_standard_save, standard=found),
        title=found.name if found else _("Record a standard of another body"),
        back=reverse("outside_standards"), submit=_("Keep"),
        crumbs=[*laboratory_crumbs(), (OUTSIDE.title, reverse("outside_standards"))],
        success=_("It is recorded."), template="standards/outside.html", actions=actions,
    )  # fmt: skip


def _outside_actions(request: HttpRequest, found: OutsideStandard) -> list[PageAction]:
    try:
        path = unit_above_certified(found).path
    except NotFound:
        return []
    return [
        PageAction(label, url, door_refusal(request.rights, url, path))  # type: ignore[attr-defined]
        for label, url in outside_actions(found)
    ]


@needs(RIGHT)
def outside_new(request: HttpRequest) -> HttpResponse:
    """Record a standard of another body."""
    return _outside_form(request, None)


@needs(RIGHT)
def outside(request: HttpRequest, key: int) -> HttpResponse:
    """What is known of a standard of another body, to be completed."""
    return _outside_form(request, get_object_or_404(OutsideStandard, pk=key))
