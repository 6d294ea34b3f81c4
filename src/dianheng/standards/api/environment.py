"""Records of the environment of laboratory rooms, by machine."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema
from ninja.responses import Response

from dianheng.assets.choices import PlaceKind
from dianheng.assets.models import Place
from dianheng.common.errors import BadInput
from dianheng.identity.services import actor_of

from ..rules import CLIMATE_ROWS
from ..services import environment_take_in

router = Router()


class ReadingIn(Schema):
    """What a logger measured at a moment."""

    at: datetime = Field(description="To the second; without an offset in the organisation's zone.")
    temperature_c: Decimal = Field(ge=-1000, le=1000)
    humidity_pct: Decimal = Field(ge=-1000, le=1000)


class ReadingsIn(Schema):
    """Readings of one room."""

    room: str = Field(description="Code of the place.")
    readings: list[ReadingIn] = Field(min_length=1, max_length=CLIMATE_ROWS)
    request_key: str = Field(description="The same key again has no second effect.", min_length=8)


class TakenOut(Schema):
    """How many readings were not known yet."""

    new: int


@router.post("environment-records", response={200: TakenOut, 201: TakenOut})
def environment_records(request: HttpRequest, sent: ReadingsIn) -> Any:
    """Keep a room's readings, all or none: 201 there were new ones, 200 all were known already."""
    place = Place.objects.filter(code=sent.room, kind=PlaceKind.LABORATORY).first()
    if place is None:
        text = _("There is no laboratory room %(code)s.") % {"code": sent.room}
        raise BadInput(text, [{"field": "room", "code": "not_found", "text": text}])
    rows = [
        [_written(one.at), f"{one.temperature_c:f}", f"{one.humidity_pct:f}"]
        for one in sent.readings
    ]
    new = environment_take_in(
        place=place, rows=rows, actor=actor_of(request), request_key=sent.request_key
    )
    return Response({"new": new}, status=201 if new else 200)


def _written(at: datetime) -> str:
    return f"{timezone.localtime(at) if timezone.is_aware(at) else at:%Y-%m-%d %H:%M:%S}"
