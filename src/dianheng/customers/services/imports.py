"""A whole file of usage points."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal, Refused
from dianheng.identity.models import Unit
from dianheng.identity.selectors import standing_of, units_with_right
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..columns import faults_of, point_of, read_points
from ..models import UsagePoint
from .points import RIGHT

ERRORS_SHOWN = 1000


@dataclass(frozen=True)
class Imported:
    """How many points a file brought."""

    count: int


def points_import(*, path: Path, actor: Actor, request_key: str = "") -> Imported:
    """Take a file of usage points as a whole or not at all; the same file again is harmless.

    Raises:
        Unreadable: it is no table with such columns.
        Refused: code `faulty`; every fault with its row.
    """
    actor = require(actor, RIGHT)
    lines = read_points(path)
    key = request_key or hashlib.sha256(path.read_bytes()).hexdigest()
    with write_batch(actor=actor, action="point.import"):
        if (earlier := idempotent(key, "point.import")) is not None:
            return Imported(**earlier)
        units, ambiguous = _units(actor)
        numbers = [line.values.get("number", "") for line in lines]
        known = UsagePoint.objects.filter(number__in=numbers).values_list("number", flat=True)
        marks = list(faults_of(lines, units, set(known), ambiguous))
        if marks:
            text = _("The file has %(count)s faults: nothing was taken.") % {"count": len(marks)}
            errors = [
                {"row": one.row_no, "field": one.field, "code": "fault", "text": one.text}
                for one in marks[:ERRORS_SHOWN]
            ]
            raise Refused(Refusal("faulty", text, {"count": len(marks)}, errors))
        UsagePoint.objects.bulk_create(UsagePoint(**point_of(line, units)) for line in lines)
        remember(key, "point.import", {"count": len(lines)})
    return Imported(len(lines))


def _units(actor: Actor) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Units over which the actor may enter points, by code and name; codes behind a shared name."""
    is_program, _path, rights = standing_of(actor.person_id, None)
    rows = Unit.objects.all()
    if not (is_program and actor.via in ("job", "command")):
        rows = units_with_right(rights.narrowed(actor.scopes), RIGHT)
    by_code: dict[str, int] = {}
    codes: dict[str, list[str]] = {}
    for key, code, name in (
        rows.filter(is_active=True).order_by("path").values_list("pk", "code", "name")
    ):
        by_code[code] = key
        codes.setdefault(name, []).append(code)
    by_name = {name: by_code[found[0]] for name, found in codes.items() if len(found) == 1}
    shared = {n: found for n, found in codes.items() if len(found) > 1 and n not in by_code}
    return by_name | by_code, shared
