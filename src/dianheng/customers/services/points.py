"""Writes of usage points: entered, corrected, closed, opened again."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import CLASSES, Circuit, Purpose
from ..models import UsagePoint
from ..registry import point_holds, point_written
from ..rules import EDITION, EDITIONS, LEAST_KV, MOST_KV, class_of, is_voltage

RIGHT = "customers.edit"
LONGEST = 200


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
    stated = _stated(
        name=name, unit_id=unit_id, wiring=wiring, rated_kv=rated_kv, purpose=purpose,
        customer_name=customer_name, address=address, device_class=device_class,
        class_edition=class_edition,
    )  # fmt: skip
    errors = list(_faults(stated))
    if UsagePoint.objects.filter(number=number).exists() and not request_key:
        errors.append(_error("number", _("Usage point %(no)s is here already.") % {"no": number}))
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
        made = UsagePoint.objects.create(number=number, **stated)
        remember(request_key, "point.make", {"number": number})
    return made


def point_change(
    *,
    point: UsagePoint,
    reason: str,
    name: str,
    unit_id: int,
    wiring: str,
    rated_kv: Decimal,
    purpose: str,
    actor: Actor,
    customer_name: str = "",
    address: str = "",
    device_class: str = "",
    class_edition: str = EDITION,
    request_key: str = "",
) -> UsagePoint:
    """Correct what is written of a usage point, with a reason; its number stays.

    What was judged before stays as it was judged; the next checks go by the new facts.

    Raises:
        BadInput: every fault, at its field; nothing changes; or the unit has to stay.
    """
    actor = require(actor, RIGHT, point.unit_id)
    require(actor, RIGHT, unit_id)
    stated = _stated(
        name=name, unit_id=unit_id, wiring=wiring, rated_kv=rated_kv, purpose=purpose,
        customer_name=customer_name, address=address, device_class=device_class,
        class_edition=class_edition,
    )  # fmt: skip
    errors = [*_faults(stated), *_reason_faults(reason)]
    with write_batch(actor=actor, action="point.change", reason=reason.strip()):
        if idempotent(request_key, "point.change") is not None:
            return UsagePoint.objects.get(pk=point.pk)
        found = UsagePoint.objects.select_for_update().get(pk=point.pk)
        if found.unit_id != unit_id:
            require(actor, RIGHT, found.unit_id)
            errors += [_error("unit", one.text) for one in point_holds(found)]
        changed = [key for key, value in stated.items() if getattr(found, key) != value]
        if not changed and not errors:
            errors = [_error("", _("Nothing is changed."))]
        if errors:
            raise BadInput(_("The usage point cannot be changed."), errors)
        for key in changed:
            setattr(found, key, stated[key])
        found.save(update_fields=changed)
        point_written(found)
        remember(request_key, "point.change", {"number": found.number})
    return found


def point_close(
    *, point: UsagePoint, closed_on: date, reason: str, actor: Actor, request_key: str = ""
) -> UsagePoint:
    """Close a usage point from a day on; its history stays, nothing is planned or hung there.

    Raises:
        BadInput: the day or the reason is wrong.
        Refused: it is closed; or everything that holds it: what hangs there, work that is open.
    """
    actor = require(actor, RIGHT, point.unit_id)
    errors = list(_reason_faults(reason))
    if closed_on > timezone.localdate():
        errors.append(_error("closed_on", _("That day has not come yet.")))
    if errors:
        raise BadInput(_("The usage point cannot be closed."), errors)
    with write_batch(actor=actor, action="point.close", reason=reason.strip()):
        if idempotent(request_key, "point.close") is not None:
            return UsagePoint.objects.get(pk=point.pk)
        found = UsagePoint.objects.select_for_update().get(pk=point.pk)
        if found.closed_on is not None:
            facts = {"no": found.number, "day": found.closed_on}
            text = _("Usage point %(no)s is closed since %(day)s.")
            raise Refused(Refusal("closed", text % facts, facts))
        if holds := point_holds(found, closed_on):
            raise Refused(*holds)
        found.closed_on = closed_on
        found.save(update_fields=["closed_on"])
        remember(request_key, "point.close", {"number": found.number})
    return found


def point_reopen(
    *, point: UsagePoint, reason: str, actor: Actor, request_key: str = ""
) -> UsagePoint:
    """Open a usage point again that was closed by mistake, or is supplied again."""
    actor = require(actor, RIGHT, point.unit_id)
    if errors := list(_reason_faults(reason)):
        raise BadInput(_("The usage point cannot be opened again."), errors)
    with write_batch(actor=actor, action="point.reopen", reason=reason.strip()):
        if idempotent(request_key, "point.reopen") is not None:
            return UsagePoint.objects.get(pk=point.pk)
        found = UsagePoint.objects.select_for_update().get(pk=point.pk)
        if found.closed_on is None:
            facts = {"no": found.number}
            raise Refused(Refusal("open", _("Usage point %(no)s is open.") % facts, facts))
        found.closed_on = None
        found.save(update_fields=["closed_on"])
        remember(request_key, "point.reopen", {"number": found.number})
    return found


def _stated(**columns: Any) -> dict[str, Any]:
    """The columns as they are kept; the class by voltage and purpose where none is stated."""
    kv: Decimal = columns["rated_kv"]
    if not columns["device_class"] and is_voltage(kv):
        columns["device_class"] = class_of(
            columns["purpose"], columns["wiring"], kv, columns["class_edition"]
        )
    texts = ("name", "customer_name", "address")
    return {**columns, **{key: columns[key].strip() for key in texts}}


def _faults(stated: Mapping[str, Any]) -> Iterator[dict[str, object]]:
    """Everything that is wrong with the columns of a point."""
    if not stated["name"]:
        yield _error("name", _("A usage point has a name."))
    for key in ("name", "customer_name", "address"):
        if len(stated[key]) > LONGEST:
            yield _error(key, _("At most %(n)s signs are kept.") % {"n": LONGEST})
    if stated["wiring"] not in Circuit.values:
        yield _error("wiring", _("That is no wiring."))
    if stated["purpose"] not in Purpose.values:
        yield _error("purpose", _("That is no purpose."))
    if stated["class_edition"] not in EDITIONS:
        yield _error("class_edition", _("DL/T 448 has the editions 2000 and 2016."))
    if not is_voltage(stated["rated_kv"]):
        facts = {"low": f"{LEAST_KV:f}", "high": f"{MOST_KV:f}"}
        yield _error("rated_kv", _("The voltage lies between %(low)s and %(high)s kV.") % facts)
    elif stated["device_class"] not in dict(CLASSES):
        text = _("Voltage and purpose do not settle the class: write I, II, III, IV or V.")
        yield _error("device_class", text)


def _reason_faults(reason: str) -> Iterator[dict[str, object]]:
    if not reason.strip():
        yield _error("reason", _("Say why."))


def _error(field: str, text: object) -> dict[str, object]:
    return {"field": field, "code": field or "nothing", "text": text}
