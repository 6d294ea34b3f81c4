"""A maker's delivery file: received, checked as a whole, taken as a whole or not at all."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from dianheng.assets.choices import DeviceState, Ownership, PlaceKind, Verb
from dianheng.assets.models import Place
from dianheng.assets.services import Stage, devices_enrol, lot_make, place_make
from dianheng.assets.services.checks import Findings
from dianheng.assets.services.list_way import ListWay
from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal
from dianheng.common.files import Prepared
from dianheng.documents.services import numbers_take
from dianheng.identity.models import Unit
from dianheng.identity.services import system_actor, write_batch

from ..choices import OrderState
from ..fields import FIELDS, HEADS
from ..models import Arrival, DeliveryFile, HeaderMapping, OrderLine
from ..rules import FINDINGS
from .check import DeliveryCheck, Ordered


class DeliveryWay(ListWay[DeliveryFile]):
    """The way of a maker's delivery file."""

    model = DeliveryFile
    name, prefix, right, owner = "delivery", "JH", "supply.deliver", "line"
    related = ("line__order__manufacturer", "line__order__unit", "line__model__manufacturer", "job")
    fields, kinds, heads, meanings = FIELDS, FINDINGS, HEADS, HeaderMapping
    titles = {"check": _("Check delivery file %(no)s"), "take": _("Take delivery file %(no)s")}
    refused = Refusal(
        "delivery_refused",
        _("This delivery file was refused. Ask the maker for a corrected one."),
    )
    faulty = Refusal(
        "delivery_faulty",
        _("The file has faults; nothing of it can be taken. Send the marked copy to the maker."),
    )
    taken_code = "delivery_taken"

    def unit(self, found: DeliveryFile) -> Unit:
        return found.line.order.unit

    def guard_receive(self, draft: DeliveryFile) -> Refusal | None:
        order = draft.line.order
        if order.state == OrderState.CLOSED:
            return Refusal("order_closed", _("Order %(no)s is closed.") % {"no": order.order_no})
        return None

    def source(self, found: DeliveryFile) -> Mapping[str, Any]:
        return {"manufacturer_id": found.line.order.manufacturer_id}

    def hold_to_check(self, found: DeliveryFile) -> DeliveryFile:
        """The line is held too: its quantity is counted by one file after the other."""
        OrderLine.objects.select_for_update().get(pk=found.line_id)
        return self.hold(found)

    def defaults(self, found: DeliveryFile) -> Mapping[str, object]:
        line = found.line
        return {
            "kind": line.model.kind,
            "model_id": line.model_id,
            "unit_id": line.order.unit_id,
            "state": DeviceState.ON_ORDER.value,
            "ownership": Ownership.UTILITY.value,
            "purchased_on": line.order.ordered_on.isoformat(),
            "material_code": line.material_code,
            "price_preset": line.price_preset,
            "type_approval_no": line.model.type_approval_no,
            "protocol": line.model.protocol,
            "ratio": line.model.ratio,
            "burden_va": line.model.burden_va,
        }

    def check_stage(
        self,
        stage: Stage,
        prepared: Prepared,
        fields: Sequence[str],
        found: DeliveryFile,
        actor: Actor,
    ) -> tuple[Findings, Callable[[], None]]:
        check = DeliveryCheck(stage, fields, Ordered.of(found.line))
        findings = check.run(prepared)
        return findings, partial(_write, check, found, findings.rows, actor)


WAY = DeliveryWay()
delivery_check, delivery_take, delivery_refuse = WAY.check, WAY.take, WAY.send_back


def delivery_upload(*, line: OrderLine, path: Path, name: str, actor: Actor) -> DeliveryFile:
    """Receive a file for an order line; the same bytes again are the same delivery.

    Raises:
        Unreadable: the file cannot be a list of devices; nothing of it is kept.
    """
    return WAY.receive(DeliveryFile(line=line), path=path, name=name, actor=actor)


def _write(check: DeliveryCheck, delivery: DeliveryFile, rows: int, actor: Actor) -> None:
    """Lot, arrival, devices, first events, boxes."""
    line, cursor = delivery.line, check.stage.cursor
    with write_batch(actor=actor, action="delivery.take") as batch:
        lot = lot_make(
            model=line.model,
            tender_batch=line.tender_batch,
            unit_id=line.order.unit_id,
            actor=actor,
        )
        place = supplier_place(line)
        (number,) = numbers_take(
            key="arrival", unit_id=line.order.unit_id, year=timezone.localdate(batch.at).year
        )
        arrival = Arrival.objects.create(
            number=number, line=line, delivery=delivery, lot=lot, unit_id=line.order.unit_id,
            announced=rows, announced_at=batch.at,
        )  # fmt: skip
        # A column added with a default costs nothing; an update would write every row again.
        for name, value in (("lot_id", lot.pk), ("place_id", place.pk)):
            cursor.execute(
                sql.SQL(
                    "alter table stage drop column {n}, add column {n} bigint default {v}"
                ).format(n=sql.Identifier(name), v=sql.Literal(value))
            )
        devices_enrol(
            stage=check.stage, actor=actor, verb=Verb.ANNOUNCE, document=f"delivery:{delivery.number}",
            arrival_no=arrival.number,
        )  # fmt: skip
        if "box_no" in check.fields:
            cursor.execute(
                "insert into supply_arrivalbox (arrival_id, code, device_ids)"
                " select %s, x_box_no, array_agg(device_id order by row_no) from stage"
                " where x_box_no <> '' group by x_box_no order by min(row_no)",
                [arrival.pk],
            )


def supplier_place(line: OrderLine) -> Place:
    """Where devices are before they come: with their maker."""
    maker = line.order.manufacturer
    place = Place.objects.filter(code=f"GYS-{maker.code}", kind=PlaceKind.SUPPLIER).first()
    return place or place_make(
        code=f"GYS-{maker.code}", name=maker.name, kind=PlaceKind.SUPPLIER,
        unit_id=line.order.unit_id, actor=system_actor(),
    )  # fmt: skip
