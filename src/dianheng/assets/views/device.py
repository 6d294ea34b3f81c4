"""One device: facts, its life, what can be done now; its record as it was written."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.errors import NotFound, Refused
from dianheng.common.forms import take_refusal
from dianheng.common.pages import fragment, is_fragment, needs, no_right
from dianheng.identity.services import actor_of

from ..choices import STATE_TONE, Verb
from ..forms import CorrectForm, ReasonForm
from ..models import Device
from ..panels import (
    DeviceAction,
    actions_of,
    document_urls,
    document_words,
    next_action,
    panels_of,
    register_actions,
)
from ..rules import TRANSITIONS, guard_transition
from ..selectors import device_by_barcode, timeline
from ..selectors.facts import facts_of
from ..selectors.history import device_history
from ..services import device_correct, device_find, device_lose

EVENTS_SHOWN = 100
# What the timeline can be narrowed to.
EVENT_GROUPS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "verification": (
        gettext_lazy("Verification"),
        (
            Verb.ACCEPT, Verb.REJECT, Verb.BEGIN_VERIFICATION, Verb.WITHDRAW, Verb.QUALIFY,
            Verb.DISQUALIFY, Verb.HOLD, Verb.UNSEAL, Verb.EXPIRE,
        ),
    ),
    "movement": (
        gettext_lazy("Movement"),
        (
            Verb.ANNOUNCE, Verb.ARRIVE, Verb.MOVE, Verb.SEND, Verb.RECEIVE, Verb.RESERVE,
            Verb.RELEASE, Verb.ISSUE, Verb.RETURN_UNUSED, Verb.INSTALL, Verb.REMOVE, Verb.LEND,
            Verb.GIVE_BACK, Verb.RETURN_TO_MAKER, Verb.COME_BACK,
        ),
    ),
    "record": (
        gettext_lazy("Record"),
        (Verb.ENROL, Verb.CORRECT, Verb.LOSE, Verb.FIND, Verb.CONDEMN, Verb.SCRAP),
    ),
}  # fmt: skip


def visible_device(request: HttpRequest, barcode: str) -> Device:
    """The device, if it is in a unit that the person may see."""
    device = device_by_barcode(barcode)
    if not request.rights.may("assets.view", device.unit.path):  # type: ignore[attr-defined]
        raise NotFound(
            _("No device has the bar code %(barcode)s, or it is not in your units.")
            % {"barcode": barcode},
            barcode=barcode,
        )
    return device


@needs("assets.view")
def device(request: HttpRequest, barcode: str) -> HttpResponse:
    """The page of one device."""
    found = visible_device(request, barcode)
    actions = actions_of(found, request.rights)  # type: ignore[attr-defined]
    chosen = request.GET.get("events", "")
    events = timeline(found)
    if chosen in EVENT_GROUPS:
        events = events.filter(verb__in=EVENT_GROUPS[chosen][1])
    first = next_action(found, actions)
    shown = list(events[:EVENTS_SHOWN])
    urls = document_urls((event.document for event in shown), request.rights)  # type: ignore[attr-defined]
    context = {
        "title": found.barcode,
        "device": found,
        "tone": STATE_TONE.get(found.state, "calm"),  # type: ignore[call-overload]
        "next_action": first,
        "actions": [a for a in actions if a is not first],
        "facts": facts_of(found),
        "events": [
            {
                "event": event,
                "url": urls.get(event.document, ""),
                "document": document_words(event.document),
                "changes": _changes(event),
                "legacy": _legacy(event),
            }
            for event in shown
        ],
        "event_groups": [(key, label) for key, (label, _verbs) in EVENT_GROUPS.items()],
        "chosen_events": chosen,
    }
    if is_fragment(request):
        return fragment(request, render(request, "assets/device.html#timeline", context))
    context["panels"] = panels_of(found, request)
    return fragment(request, render(request, "assets/device.html", context))


def _changes(event: Any) -> list[tuple[str, str, str]]:
    """Corrected facts as label, old, new."""
    changed = (event.facts or {}).get("changed", {})
    return [(field_label(name), old, new) for name, (old, new) in changed.items()]


def _legacy(event: Any) -> str:
    """What a former system said of the device when it was taken over."""
    legacy = dict((event.facts or {}).get("legacy", {}))
    if not legacy:
        return ""
    source = legacy.pop("source", "")
    said = ", ".join(f"{field_label(name)} {value}" for name, value in legacy.items())
    return _("%(source)s said: %(facts)s") % {"source": source, "facts": said}


def field_label(name: str) -> str:
    """What a column of the device or of its details is called."""
    from ..models import Meter, StandardEquipment, Terminal, Transformer

    for model in (Device, Meter, Transformer, Terminal, StandardEquipment):
        for field in model._meta.concrete_fields:
            if field.name == name:
                return str(field.verbose_name)
    return name


def own_actions(device: Device, rights: Any) -> list[DeviceAction]:
    """Correcting the record, reporting lost or found."""
    found: list[DeviceAction] = []
    path = device.unit.path
    wrong_state: Any
    for right, verb, label, url in (
        ("assets.correct", Verb.CORRECT, gettext_lazy("Correct the record"), "device_correct"),
        ("assets.lose", Verb.LOSE, gettext_lazy("Report lost"), "device_lose"),
        ("assets.lose", Verb.FIND, gettext_lazy("Report found"), "device_find"),
    ):
        wrong_state = guard_transition(verb, device.state, {"barcode": device.barcode})
        if verb == Verb.FIND and wrong_state:
            continue  # nothing that is there is found
        refusal: Any = ""
        if not rights.may(right, path):
            refusal = no_right(right).text
        elif wrong_state:
            refusal = _("Not possible while the device is “%(state)s”.") % {
                "state": device.get_state_display()
            }
        found.append(
            DeviceAction(
                label,
                reverse(url, args=[device.barcode]),
                refusal,
                ("lost",) if verb == Verb.FIND else (),
            )
        )
    return found


register_actions(90, own_actions)


@needs("assets.view")
def device_audit(request: HttpRequest, barcode: str) -> HttpResponse:
    """Every write of the record, old and new."""
    found = visible_device(request, barcode)
    context = {
        "title": _("Record of %(barcode)s") % {"barcode": found.barcode},
        "device": found,
        "written": device_history(found),
    }
    return render(request, "assets/device_audit.html", context)


@needs("assets.correct")
def correct(request: HttpRequest, barcode: str) -> HttpResponse:
    """Change facts of the record, with a reason."""
    found = visible_device(request, barcode)
    form = CorrectForm(request.POST or None, device=found)
    if request.method == "POST" and form.is_valid():
        try:
            changed = device_correct(
                device=found,
                changes=form.changes,
                reason=form.cleaned_data["reason"],
                actor=actor_of(request),
            )
        except Refused as refused:
            take_refusal(form, refused, request)
        else:
            text = _("The record is corrected.") if changed else _("Nothing was changed.")
            messages.success(request, text)
            return redirect("device", barcode=found.barcode)
    return render(
        request,
        "assets/form.html",
        _form_context(found, form, _("Correct the record of %(barcode)s"), _("Correct")),
    )


def _form_context(device: Device, form: Any, title: str, submit: str) -> dict[str, Any]:
    url = reverse("device", args=[device.barcode])
    return {
        "title": title % {"barcode": device.barcode},
        "form": form,
        "submit": submit,
        "back": url,
        "crumbs": [(_("Devices"), reverse("devices")), (device.barcode, url)],
    }


def _reported(request: HttpRequest, barcode: str, verb: str) -> HttpResponse:
    found = visible_device(request, barcode)
    form = ReasonForm(request.POST or None)
    service, title, submit = {
        Verb.LOSE: (device_lose, _("Report %(barcode)s lost"), _("Report lost")),
        Verb.FIND: (device_find, _("Report %(barcode)s found"), _("Report found")),
    }[Verb(verb)]
    if request.method == "POST" and form.is_valid():
        try:
            service(
                device=found,
                reason=form.cleaned_data["reason"],
                actor=actor_of(request),
                request_key=form.cleaned_data["request_key"],
            )
        except Refused as refused:
            take_refusal(form, refused, request)
        else:
            messages.success(request, TRANSITIONS[verb].verb and Verb(verb).label)
            return redirect("device", barcode=found.barcode)
    return render(request, "assets/form.html", _form_context(found, form, title, submit))


@needs("assets.lose")
def lose(request: HttpRequest, barcode: str) -> HttpResponse:
    """Nobody knows where the device is."""
    return _reported(request, barcode, Verb.LOSE)


@needs("assets.lose")
def find(request: HttpRequest, barcode: str) -> HttpResponse:
    """The device is there again; it goes through verification before use."""
    return _reported(request, barcode, Verb.FIND)
