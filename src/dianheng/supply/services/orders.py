"""Writes of orders, their lines and number segments."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.assets.models import DeviceModel, Manufacturer
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.services import idempotent, remember, require, write_batch
from dianheng.metrology.errors import MetrologyError

from ..choices import OrderState
from ..models import NumberSegment, OrderLine, PurchaseOrder
from ..rules import segment_codes


def order_make(
    *,
    order_no: str,
    manufacturer: Manufacturer,
    unit_id: int,
    ordered_on: date,
    tender_batch: str,
    lines: Sequence[Mapping[str, Any]],
    actor: Actor,
    contract_no: str = "",
    note: str = "",
    request_key: str = "",
) -> PurchaseOrder:
    """Enter an order with its lines.

    Args:
        lines: each with model and quantity; tender_batch, contract_no, material_code,
            price_preset, due_on where they differ from the order or are known.
    """
    faults: list[dict[str, Any]] = []
    if not order_no.strip():
        faults.append({"field": "order_no", "code": "missing", "text": _("An order has a number.")})
    if not tender_batch.strip():
        faults.append(
            {"field": "tender_batch", "code": "missing", "text": _("Name the tender batch.")}
        )
    if not lines:
        faults.append(
            {"field": "lines", "code": "missing", "text": _("An order has at least one line.")}
        )
    for place, line in enumerate(lines, start=1):
        faults += [{**fault, "row": place} for fault in _line_faults(line, manufacturer)]
    if faults:
        raise BadInput(_("The order cannot be entered."), faults)
    actor = require(actor, "supply.order", unit_id)
    with write_batch(actor=actor, action="order.make"):
        if (earlier := idempotent(request_key, "order.make")) is not None:
            return PurchaseOrder.objects.get(pk=earlier["order"])
        if PurchaseOrder.objects.filter(order_no=order_no.strip()).exists():
            raise Refused(
                Refusal(
                    "order_exists",
                    _("Order %(no)s is entered already.") % {"no": order_no},
                    {"order_no": order_no},
                )
            )
        order = PurchaseOrder.objects.create(
            order_no=order_no.strip(), manufacturer=manufacturer, unit_id=unit_id,
            ordered_on=ordered_on, tender_batch=tender_batch.strip(), contract_no=contract_no.strip(),
            note=note,
        )  # fmt: skip
        for line in lines:
            _line_add(order, line)
        remember(request_key, "order.make", {"order": order.pk})
    return order


def line_add(*, order: PurchaseOrder, line: Mapping[str, Any], actor: Actor) -> OrderLine:
    """Add a line to an open order."""
    faults = _line_faults(line, order.manufacturer)
    if faults:
        raise BadInput(_("The line cannot be entered."), faults)
    actor = require(actor, "supply.order", order.unit_id)
    _refuse_closed(order)
    with write_batch(actor=actor, action="order.line"):
        return _line_add(PurchaseOrder.objects.select_for_update().get(pk=order.pk), line)


def _line_faults(line: Mapping[str, Any], manufacturer: Manufacturer) -> list[dict[str, Any]]:
    faults = []
    model = line.get("model")
    if not isinstance(model, DeviceModel):
        faults.append({"field": "model", "code": "missing", "text": _("Name the model.")})
    elif model.manufacturer_id != manufacturer.pk:
        faults.append(
            {
                "field": "model",
                "code": "wrong_maker",
                "text": _("%(model)s is not made by %(maker)s.")
                % {"model": model, "maker": manufacturer},
            }
        )
    if not isinstance(line.get("quantity"), int) or line["quantity"] < 1:
        faults.append(
            {"field": "quantity", "code": "quantity", "text": _("The quantity is at least 1.")}
        )
    return faults


def _line_add(order: PurchaseOrder, line: Mapping[str, Any]) -> OrderLine:
    last = order.lines.order_by("-line_no").values_list("line_no", flat=True).first() or 0
    return OrderLine.objects.create(
        order=order, line_no=last + 1, model=line["model"], quantity=line["quantity"],
        contract_no=line.get("contract_no") or order.contract_no,
        tender_batch=line.get("tender_batch") or order.tender_batch,
        material_code=line.get("material_code") or "", price_preset=line.get("price_preset") or "",
        due_on=line.get("due_on"),
    )  # fmt: skip


def segment_issue(
    *,
    line: OrderLine,
    first: str,
    count: int,
    actor: Actor,
    issued_on: date | None = None,
    request_key: str = "",
) -> NumberSegment:
    """Issue bar codes to the maker, before production: from a code on, so many.

    Args:
        first: the first code, with or without its check digit.

    Raises:
        Refused: a number of it was issued before (`segment_taken`).
    """
    actor = require(actor, "supply.order", line.order.unit_id)
    _refuse_closed(line.order)
    try:
        codes = segment_codes(first.strip(), count)
    except MetrologyError:
        raise BadInput(
            _(
                "“%(first)s” is no first bar code of a segment with %(count)s numbers: "
                "22 digits with the right check digit, or 21 without."
            )
            % {"first": first[:40], "count": count},
            [{"field": "first", "code": "format", "text": _("Look at the code once more.")}],
        ) from None
    with write_batch(actor=actor, action="segment.issue"):
        if (earlier := idempotent(request_key, "segment.issue")) is not None:
            return NumberSegment.objects.get(pk=earlier["segment"])
        try:
            with transaction.atomic():
                segment = NumberSegment.objects.create(
                    line=line, first_body=codes.first_body, last_body=codes.last_body,
                    first_code=codes.first_code, last_code=codes.last_code, count=codes.count,
                    issued_on=issued_on or timezone.localdate(),
                )  # fmt: skip
        except IntegrityError as error:
            if "segment_apart" not in str(error):
                raise
            taken = (
                NumberSegment.objects.filter(first_body__lte=codes.last_body, last_body__gte=codes.first_body)
                .select_related("line__order").first()
            )  # fmt: skip
            raise Refused(
                Refusal(
                    "segment_taken",
                    _("Numbers of this segment were issued already: %(segment)s for %(line)s.")
                    % {"segment": taken, "line": taken.line if taken else ""},
                    {"segment": str(taken), "line": str(taken.line) if taken else ""},
                )
            ) from None
        remember(request_key, "segment.issue", {"segment": segment.pk})
    return segment


def order_close(*, order: PurchaseOrder, reason: str, actor: Actor) -> None:
    """Nothing more is taken on the order."""
    actor = require(actor, "supply.order", order.unit_id)
    _refuse_closed(order)
    if not reason.strip():
        raise Refused(Refusal("reason", _("Say why the order is closed.")))
    with write_batch(actor=actor, action="order.close", reason=reason):
        PurchaseOrder.objects.filter(pk=order.pk).update(state=OrderState.CLOSED)


def _refuse_closed(order: PurchaseOrder) -> None:
    if order.state == OrderState.CLOSED:
        raise Refused(
            Refusal(
                "order_closed",
                _("Order %(no)s is closed.") % {"no": order.order_no},
                {"order_no": order.order_no},
            )
        )
