"""Records of the environment come in from loggers: all lines or none, a repeat changes nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import PlaceKind
from dianheng.assets.models import Place
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..models import EnvironmentReading
from ..rights import RIGHT
from ..rules import read_environment

_FAULTS: Mapping[str, Any] = {
    "no_rows": gettext_lazy("The file has no line with values."),
    "too_many": gettext_lazy("The file has more than 100,000 lines. Split it."),
    "no_column": gettext_lazy("The file has no column for %(field)s."),
    "moment": gettext_lazy("Line %(line)s: “%(cell)s” is no moment. Write 2026-11-22 14:30."),
    "number": gettext_lazy("Line %(line)s: “%(cell)s” is no number."),
    "impossible": gettext_lazy("Line %(line)s: %(cell)s cannot be: %(field)s."),
    "twice": gettext_lazy("Line %(line)s: the moment %(cell)s stands there twice."),
    "future": gettext_lazy("Line %(line)s: %(cell)s is still to come."),
    "differs": gettext_lazy(
        "At %(cell)s other values are recorded already; records of loggers stay."
    ),
}
_FIELDS: Mapping[str, Any] = {
    "at": gettext_lazy("the moment"), "temperature": gettext_lazy("temperature"),
    "humidity": gettext_lazy("humidity"), "": "",
}  # fmt: skip
SHOWN = 50


def environment_take_in(
    *, place: Place, rows: Sequence[Sequence[str]], actor: Actor, request_key: str = ""
) -> int:
    """Keep what a logger measured in a room; returns how many moments were new.

    Args:
        rows: cells of the logger's table: moment, temperature, humidity; with or without heads.

    Raises:
        BadInput: every fault of every line.
    """
    if place.kind != PlaceKind.LABORATORY:
        raise BadInput(_("%(place)s is no room of a laboratory.") % {"place": place.name})
    actor = require(actor, RIGHT, place.unit_id)
    action = "environment.take_in"
    with transaction.atomic():
        if (earlier := idempotent(request_key, action)) is not None:
            return int(earlier["count"])
        fresh = _fresh(place, rows, actor)
        if fresh or request_key:
            with write_batch(actor=actor, action=action):
                EnvironmentReading.objects.bulk_create(fresh, batch_size=2000)
                remember(request_key, action, {"count": len(fresh)})
    return len(fresh)


def _fresh(place: Place, rows: Sequence[Sequence[str]], actor: Actor) -> list[EnvironmentReading]:
    """What is not recorded yet, or BadInput with every fault."""
    zone = timezone.get_current_timezone()
    lines, faults = read_environment(rows, timezone.localtime())
    found = [
        {"line": f.line, "code": f.code, "cell": f.cell, "field": _FIELDS[f.field]} for f in faults
    ]
    moments = {line.at: line for line in lines}
    known = EnvironmentReading.objects.filter(place=place, at__in=list(moments))
    same = set()
    for row in known:
        line = moments[row.at.astimezone(zone)]
        if (row.temperature_c, row.humidity_pct) == (line.temperature_c, line.humidity_pct):
            same.add(row.at)
        else:
            shown = f"{row.at.astimezone(zone):%Y-%m-%d %H:%M}"
            found.append({"line": 0, "code": "differs", "cell": shown, "field": ""})
    if found:
        raise BadInput(
            _("%(n)s faults: nothing was kept.") % {"n": len(found)},
            [
                {"field": "values", "code": f["code"], "text": str(_FAULTS[f["code"]]) % f}
                for f in found[:SHOWN]
            ],
        )
    return [
        EnvironmentReading(
            place=place, at=at, temperature_c=line.temperature_c, humidity_pct=line.humidity_pct,
            person_id=actor.person_id,
        )
        for at, line in moments.items()
        if at not in same
    ]  # fmt: skip
