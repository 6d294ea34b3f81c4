"""A device comes to a usage point; devices leave it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from dianheng.common.errors import Refusal, Refused
from dianheng.common.forms import answer_form
from dianheng.common.pages import needs
from dianheng.customers.selectors import visible_point
from dianheng.identity.services import actor_of

from ..forms import InstallForm, TakeOffForm
from ..selectors.installations import hanging_at
from ..services import Hang, devices_install, devices_remove

RIGHT = "assets.install"


def _crumbs(number: str) -> list[tuple[Any, str]]:
    return [
        (_("Usage points"), reverse("usage_points")),
        (number, reverse("usage_point", args=[number])),
    ]


def _each_reason(refused: Refused) -> Refused:
    """Reasons of single devices as reasons of their own, so that the form shows them."""
    found = [
        Refusal(str(error["code"]), error["text"]) for error in refused.refusal.errors
    ] or list(refused.refusals)
    return Refused(*found)


@needs(RIGHT)
def install(request: HttpRequest, number: str) -> HttpResponse:
    """A device hangs at the point from a moment."""
    point = visible_point(request.rights, number)  # type: ignore[attr-defined]

    def act(data: dict[str, Any]) -> str:
        try:
            devices_install(
                point=point,
                hangs=[Hang(data["device"].pk, data["role"], data["element"])],
                installed_at=data["installed_at"],
                document=data["document"],
                actor=actor_of(request),
                request_key=data["request_key"],
            )
        except Refused as refused:
            raise _each_reason(refused) from None
        return reverse("usage_point", args=[number])

    initial = {"device": request.GET.get("device", "")}
    return answer_form(
        request, InstallForm(request.POST or None, initial=initial), act,
        title=_("Install at %(no)s") % {"no": number}, submit=_("Install"),
        back=reverse("usage_point", args=[number]), crumbs=_crumbs(number),
        intro=f"{point.name} · {point.get_wiring_display()}", success=_("It hangs there now."),
    )  # fmt: skip


@needs(RIGHT)
def remove(request: HttpRequest, number: str) -> HttpResponse:
    """Devices leave the point; whoever removes them has them."""
    point = visible_point(request.rights, number)  # type: ignore[attr-defined]

    def act(data: dict[str, Any]) -> str:
        try:
            devices_remove(
                installation_ids=[one.pk for one in data["chosen"]],
                removed_at=data["removed_at"],
                reason=data["reason"],
                actor=actor_of(request),
                request_key=data["request_key"],
            )
        except Refused as refused:
            raise _each_reason(refused) from None
        return reverse("usage_point", args=[number])

    return answer_form(
        request, TakeOffForm(request.POST or None, hanging=hanging_at(point)), act,
        title=_("Remove from %(no)s") % {"no": number}, submit=_("Take off"),
        back=reverse("usage_point", args=[number]), crumbs=_crumbs(number), intro=point.name,
        success=_("Removed."),
    )  # fmt: skip
