"""A maker's delivery file: received, checked as a whole, taken as a whole or not at all."""

from collections.abc import Callable, Iterator
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from dianheng.assets.choices import DeviceState, Ownership, PlaceKind, Verb
from dianheng.assets.models import Lot, Place
from dianheng.assets.services import (
    Stage,
    devices_enrol,
    fill_stage,
    lot_make,
    place_make,
    stage_open,
)
from dianheng.assets.services.lists import (
    MEDIA_TYPES,
    PreparedList,
    Steps,
    Tell,
    list_is_large,
    nobody,
)
from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal, Refused, refuse
from dianheng.common.files import Table, best_table, find_head
from dianheng.common.jobs import job_start
from dianheng.common.models import Job
from dianheng.documents.services import file_store, numbers_take
from dianheng.identity.services import idempotent, remember, require, system_actor, write_batch

from ..choices import DeliveryState, OrderState
from ..fields import LEFT_OUT, propose, recognise
from ..models import Arrival, DeliveryFault, DeliveryFile, OrderLine
from ..rules import guard_take
from .check import Findings, Ordered, check_stage
from .fill import stage_column
from .mapping import is_mapped, remembered

CHUNK = 1 << 20


def delivery_upload(*, line: OrderLine, path: Path, name: str, actor: Actor) -> DeliveryFile:
    """Receive a file for an order line; the same bytes again are the same delivery.

    Raises:
        Unreadable: the file cannot be a list of devices; nothing of it is kept.
    """
    actor = require(actor, "supply.deliver", line.order.unit_id)
    if line.order.state == OrderState.CLOSED:
        raise Refused(
            Refusal("order_closed", _("Order %(no)s is closed.") % {"no": line.order.order_no})
        )
    table = table_of(path)
    head = find_head(table, recognise)
    fields = propose(head.names, remembered(line.order.manufacturer_id))
    with write_batch(actor=actor, action="delivery.upload"):
        with path.open("rb") as content:
            file = file_store(
                chunks=iter(lambda: content.read(CHUNK), b""), name=name,
                media_type=MEDIA_TYPES[table.kind],
                actor=actor,
            )  # fmt: skip
        # Two people sending the same file at once: the second waits and finds the first's.
        OrderLine.objects.select_for_update().get(pk=line.pk)
        known = DeliveryFile.objects.filter(line=line, digest=file.digest).first()
        if known is not None:
            return known
        with connection.cursor() as cursor:
            cursor.execute("select nextval('supply_deliveryfile_id_seq')")
            key = cursor.fetchone()[0]
        return DeliveryFile.objects.create(
            pk=key, number=f"JH-{key:06d}", line=line, name=name[:200], file=file, digest=file.digest,
            size=file.size, kind=table.kind, encoding=table.encoding, head_row=head.row_no,
            columns=[
                {"head": head_name, "field": field, "samples": [row[place] for row in head.samples]}
                for place, (head_name, field) in enumerate(zip(head.names, fields, strict=True))
            ],
            state=DeliveryState.MAPPED if is_mapped(fields) else DeliveryState.RECEIVED,
            uploaded_by_id=actor.person_id,
        )  # fmt: skip


def table_of(path: Path) -> Table:
    """The table in a file: of a workbook the sheet that looks most like a list of devices."""
    return best_table(path, recognise)


def delivery_is_large(delivery: DeliveryFile) -> bool:
    """Whether checking and taking it is the work of a job."""
    return list_is_large(delivery.kind, delivery.size, delivery.row_count)


def delivery_check(*, delivery: DeliveryFile, actor: Actor, tell: Tell = nobody) -> DeliveryFile:
    """Check the whole file: the same way as taking it, to the last step, then all undone."""
    actor = require(actor, "supply.deliver", delivery.line.order.unit_id)
    if delivery.state == DeliveryState.RECEIVED:
        raise Refused(Refusal("not_mapped", _("Say first what the columns are.")))
    return _go_through(delivery, actor, is_dry=True, tell=tell)


def delivery_take(
    *,
    delivery: DeliveryFile,
    actor: Actor,
    with_warnings: bool = False,
    request_key: str = "",
    tell: Tell = nobody,
) -> DeliveryFile:
    """Enter the file's devices in the register, on order: all or none, once however often asked.

    The file is checked again, since the register may have changed since the check.

    Raises:
        Refused: not checked, faults, or remarks that were not accepted.
    """
    actor = require(actor, "supply.deliver", delivery.line.order.unit_id)
    delivery = DeliveryFile.objects.select_related("line__order").get(pk=delivery.pk)
    if delivery.state == DeliveryState.TAKEN:
        return delivery
    refuse(guard_take(delivery.state, delivery.warning_count, with_warnings))
    delivery = _go_through(
        delivery,
        actor,
        is_dry=False,
        tell=tell,
        request_key=request_key,
        with_warnings=with_warnings,
    )
    refuse(
        guard_take(delivery.state, delivery.warning_count, with_warnings)
        if delivery.state != DeliveryState.TAKEN
        else None
    )
    return delivery


def delivery_refuse(*, delivery: DeliveryFile, reason: str, actor: Actor) -> DeliveryFile:
    """Send a file back to the maker; it stays known with its reason."""
    actor = require(actor, "supply.deliver", delivery.line.order.unit_id)
    if not reason.strip():
        raise Refused(Refusal("reason", _("Say why the file is refused.")))
    with write_batch(actor=actor, action="delivery.refuse", reason=reason):
        delivery = DeliveryFile.objects.select_for_update().get(pk=delivery.pk)
        if delivery.state == DeliveryState.TAKEN:
            raise Refused(
                Refusal(
                    "delivery_taken",
                    _("%(no)s is taken; its devices are in the register.")
                    % {"no": delivery.number},
                )
            )
        delivery.state, delivery.reason = DeliveryState.REFUSED, reason
        delivery.save(update_fields=["state", "reason"])
    return delivery


def delivery_start(
    *, delivery: DeliveryFile, what: str, actor: Actor, with_warnings: bool = False
) -> Job:
    """Check or take as a job: `what` is "check" or "take". A running one is joined."""
    actor = require(actor, "supply.deliver", delivery.line.order.unit_id)
    titles = {"check": _("Check delivery file %(no)s"), "take": _("Take delivery file %(no)s")}
    with write_batch(actor=actor, action=f"delivery.start_{what}"):
        delivery = (
            DeliveryFile.objects.select_for_update(of=("self",))
            .select_related("job")
            .get(pk=delivery.pk)
        )
        if delivery.job is not None and not delivery.job.is_over:
            return delivery.job
        if what == "take" and delivery.state != DeliveryState.TAKEN:
            refuse(guard_take(delivery.state, delivery.warning_count, with_warnings))
        job = job_start(
            kind=f"supply.{what}", params={"delivery": delivery.pk, "with_warnings": with_warnings},
            actor=actor, title=str(titles[what] % {"no": delivery.number}),
        )  # fmt: skip
        delivery.job = job
        delivery.save(update_fields=["job"])
    return job


# -- the way that checking and taking share --------------------------------------------------------


def _go_through(
    delivery: DeliveryFile,
    actor: Actor,
    *,
    is_dry: bool,
    tell: Tell,
    request_key: str = "",
    with_warnings: bool = False,
) -> DeliveryFile:
    """Read, stage, check, write; a dry run goes back to before the writing.

    What was found is kept in either case. One transaction: a crash leaves nothing.
    """
    steps = Steps(tell)
    with (
        prepared_file(delivery, steps.part(150, _("Reading the file"))) as (prepared, _head),
        write_batch(actor=actor, action="delivery.check" if is_dry else "delivery.take") as batch,
    ):
        earlier = idempotent(request_key, "delivery.take")
        # The line is held too: its quantity is counted by one file after the other.
        line = OrderLine.objects.select_for_update(of=("self",)).select_related(
            "order__manufacturer", "order__unit", "model__manufacturer"
        ).get(pk=delivery.line_id)  # fmt: skip
        delivery = DeliveryFile.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
        delivery.line = line
        if earlier is not None or delivery.state in (
            DeliveryState.TAKEN,
            DeliveryState.REFUSED,
        ):
            return delivery
        fields = [column["field"] for column in delivery.columns]
        with stage_open() as stage:
            ordered = Ordered.of(line)
            sent = steps.part(400, _("Sending rows to the database"))
            fill_stage(
                stage, prepared, [stage_column(f) for f in fields], defaults=_defaults(line, ordered),
                tell=lambda done: sent(done / max(1, prepared.size)),
            )  # fmt: skip
            steps.part(600, _("Checking"))
            findings = check_stage(stage, prepared, [f for f in fields if f != LEFT_OUT], ordered)
            if findings.faults == 0 and (is_dry or with_warnings or not findings.warnings):
                steps.part(950, _("Writing devices and ledger"))
                point = transaction.savepoint()
                _write(stage, delivery, findings.rows, "box_no" in fields, actor)
                if is_dry:
                    transaction.savepoint_rollback(point)
                else:
                    transaction.savepoint_commit(point)
                    delivery.state = DeliveryState.TAKEN
                    delivery.taken_at, delivery.taken_by_id = batch.at, actor.person_id
            steps.part(990, _("Noting what was found"))
            _note(stage, delivery, findings)
        delivery.checked_at = batch.at
        delivery.save(
            update_fields=["state", "row_count", "fault_count", "warning_count", "findings", "checked_at", "taken_at", "taken_by"]
        )  # fmt: skip
        if delivery.state == DeliveryState.TAKEN:
            remember(request_key, "delivery.take", {"delivery": delivery.pk})
    tell(1000, 1000, "")
    return delivery


def prepared_file(
    delivery: DeliveryFile, tell: Callable[[float], None] = lambda share: None
) -> PreparedList:
    """The stored file, its structure checked, ready for COPY; scratch is removed afterwards."""
    return PreparedList(
        delivery.digest, [column["head"] for column in delivery.columns], recognise,
        delivery.row_count or delivery.size // 60, tell,
    )  # fmt: skip


def _defaults(line: OrderLine, ordered: Ordered) -> dict[str, object]:
    """What all devices of a line have in common; a column of the file goes before it."""
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


def _write(stage: Stage, delivery: DeliveryFile, rows: int, has_boxes: bool, actor: Actor) -> None:
    """Lot, arrival, devices, first events, boxes."""
    line = delivery.line
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
            stage.cursor.execute(
                sql.SQL(
                    "alter table stage drop column {n}, add column {n} bigint default {v}"
                ).format(n=sql.Identifier(name), v=sql.Literal(value))
            )
        devices_enrol(
            stage=stage, actor=actor, verb=Verb.ANNOUNCE, document=f"delivery:{delivery.number}",
            arrival_no=arrival.number,
        )  # fmt: skip
        if has_boxes:
            stage.cursor.execute(
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


def _note(stage: Stage, delivery: DeliveryFile, findings: Findings) -> None:
    """Keep every finding with its row, and the counts."""
    stage.cursor.execute("delete from supply_deliveryfault where delivery_id = %s", [delivery.pk])
    stage.cursor.execute(
        "insert into supply_deliveryfault (delivery_id, row_no, field, code, value, facts)"
        " select %s, row_no, field, code, coalesce(value, ''), facts from stage_fault"
        " order by row_no, field, code",
        [delivery.pk],
    )
    delivery.row_count = findings.rows
    delivery.fault_count, delivery.warning_count = findings.faults, findings.warnings
    delivery.findings = findings.by_kind
    if delivery.state != DeliveryState.TAKEN:
        delivery.state = DeliveryState.FAULTY if findings.faults else DeliveryState.CHECKED


def delivery_faults(delivery: DeliveryFile) -> Iterator[DeliveryFault]:
    """All findings of the last check in the order of rows, a bounded number in memory."""
    return delivery.faults.order_by("row_no", "id").iterator(chunk_size=2000)


__all__ = [
    "Lot",
    "delivery_check",
    "delivery_faults",
    "delivery_is_large",
    "delivery_refuse",
    "delivery_start",
    "delivery_take",
    "delivery_upload",
    "prepared_file",
    "supplier_place",
    "table_of",
]
