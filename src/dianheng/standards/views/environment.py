"""Records of the environment: the list of what loggers measured, and the entry of their files."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.common.lists import Choice, Column, Days, ListPage
from dianheng.common.lists.sources import Condition
from dianheng.common.pages import needs, opens_to
from dianheng.identity.selectors import units_with_right

from .. import forms, services
from ..models import EnvironmentReading
from ..rights import RIGHT, VIEW
from ..selectors.environment import readings, rooms
from .common import action_for, laboratory_crumbs, units_with, write_form

IN, OUT, NONE = "in", "out", "none"
WITHIN = {
    IN: gettext_lazy("within bounds"), OUT: gettext_lazy("outside bounds"),
    NONE: gettext_lazy("no bounds set"),
}  # fmt: skip


def _within(row: EnvironmentReading) -> str:
    if row.temperature_low_c is None:  # type: ignore[attr-defined]
        return NONE
    return OUT if row.is_outside else IN  # type: ignore[attr-defined]


def _asked(values: list[str]) -> list[Condition]:
    return [Condition(q=Q(is_outside=True))] if values == [OUT] else []


def _room_options(scope: Any) -> list[tuple[str, str]]:
    units = units_with_right(scope.rights, VIEW)
    return [(str(place.pk), place.name) for place in rooms(units)]


ENVIRONMENT = ListPage(
    key="standards.environment",
    title=gettext_lazy("Records of the environment"),
    rows=lambda scope: readings(),
    right=VIEW,
    unit_field="place__unit",
    columns=[
        Column("at", gettext_lazy("Measured at"), kind="moment", sort="at"),
        Column("place", gettext_lazy("Laboratory room"), "place.name"),
        Column("temperature_c", gettext_lazy("Temperature, °C"), kind="number"),
        Column("humidity_pct", gettext_lazy("Humidity, %RH"), kind="number"),
        Column(
            "within", gettext_lazy("Bounds"), _within, kind="state", choices=WITHIN,
            tones={IN: "good", OUT: "bad", NONE: "calm"},
        ),
        Column("person", gettext_lazy("Person"), "person.name", hidden=True),
    ],
    filters=[
        Choice("place", gettext_lazy("Laboratory room"), "place_id", options=_room_options),
        Days("on", gettext_lazy("Measured at"), "at", of_moment=True),
        Choice(
            "within", gettext_lazy("Bounds"), options=[(OUT, WITHIN[OUT])], where=_asked,
        ),
    ],
    default_order="-at",
    cards=("at", "place", "within", "temperature_c", "humidity_pct"),
    actions=lambda request: [
        action_for(request, _("Take in a logger's file"), reverse("environment_file"), is_primary=True)
    ],
    empty_text=gettext_lazy("No record yet. Take in the file of a room's logger."),
)  # fmt: skip


@opens_to(VIEW)
def environment_list(request: HttpRequest) -> HttpResponse:
    """What loggers measured in the rooms of the laboratories."""
    return ENVIRONMENT.answer(request)


@needs(RIGHT)
def environment_file(request: HttpRequest) -> HttpResponse:
    """Take in the file of a room's logger, or lines copied from it."""
    form = forms.EnvironmentFileForm(
        request.POST or None, request.FILES or None, rooms=rooms(units_with(request))
    )

    def write(*, place: Any, values: Any, actor: Any, **_rest: Any) -> None:
        services.environment_take_in(place=place, rows=values, actor=actor)

    return write_form(
        request, form, write, title=_("Take in a logger's file"), submit=_("Take in"),
        back=reverse("environment_records"),
        crumbs=[*laboratory_crumbs(), (ENVIRONMENT.title, reverse("environment_records"))],
        intro=_("What is recorded already is recognised: the same file may be sent again."),
        success=_("The records are taken in."),
    )  # fmt: skip
