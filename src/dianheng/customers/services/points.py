"""Writes of usage points: one by one, or a whole file."""

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.models import Unit
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import CLASSES
from ..columns import faults_of, point_of, read_points
from ..models import UsagePoint
from ..rules import EDITION, class_of

RIGHT = "customers.edit"
ERRORS_SHOWN = 1000


@dataclass(frozen=True)
class Imported:
    """How many points a file brought."""

    count: int


def point_make(
    *,
    number: str,
    name: str,
    unit_id: int,
    wiring: str,
    rated_kv: Decimal,
    actor: Actor,
    purpose: str = "settlement",
    customer_name: str = "",
    address: str = "",
    device_class: str = "",
    class_edition: str = EDITION,
    request_key: str = "",
) -> UsagePoint:
    """Enter a usage point; without a class it gets the one that voltage and purpose ask for."""
    actor = require(actor, RIGHT, unit_id)
    stands = device_class or class_of(purpose, wiring, rated_kv)
    errors = []
    if UsagePoint.objects.filter(number=number).exists() and not request_key:
        errors.append(_error("number", _("Usage point %(no)s is here already.") % {"no": number}))
    if stands not in dict(CLASSES):
        text = _("Voltage and purpose do not settle the class: write I, II, III, IV or V.")
        errors.append(_error("device_class", text))
    if not number or len(number) > 40 or not all("!" <= sign <= "~" for sign in number):
        text = _("“%(no)s” is no number: letters and digits, at most 40.") % {"no": number}
        errors.append(_error("number", text))
    if errors:
        raise BadInput(_("The usage point cannot be entered."), errors)
    with write_batch(actor=actor, action="point.make"):
        if (earlier := idempotent(request_key, "point.make")) is not None:
            return UsagePoint.objects.get(number=earlier["number"])
        if UsagePoint.objects.filter(number=number).exists():
            text = _("Usage point %(no)s is here already.") % {"no": number}
            raise BadInput(text, [_error("number", text)])
        made = UsagePoint.objects.create(
            number=number, name=name, unit_id=unit_id, wiring=wiring, rated_kv=rated_kv,
            purpose=purpose, customer_name=customer_name, address=address, device_class=stands,
            class_edition=class_edition,
        )  # fmt: skip
        remember(request_key, "point.make", {"number": number})
    return made


def _error(field: str, text: object) -> dict[str, object]:
    return {"field": field, "code": field, "text": text}


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
        units: dict[str, int] = {}
        for unit in Unit.objects.filter(is_active=True).order_by("-path"):
            try:
                require(actor, RIGHT, unit.pk)
            except Refused:
                continue
            units[unit.name] = units[unit.code] = unit.pk
        numbers = [line.values.get("number", "") for line in lines]
        known = UsagePoint.objects.filter(number__in=numbers).values_list("number", flat=True)
        marks = list(faults_of(lines, units, set(known)))
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


def point_close(*, point: UsagePoint, closed_on: date, actor: Actor) -> UsagePoint:
    """Close a usage point; its history stays."""
    actor = require(actor, RIGHT, point.unit_id)
    with write_batch(actor=actor, action="point.close"):
        found = UsagePoint.objects.select_for_update().get(pk=point.pk)
        found.closed_on = closed_on
        found.save(update_fields=["closed_on"])
    return found
