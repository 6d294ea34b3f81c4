"""A list out of a former system: received, checked as a whole, taken as a whole or not at all."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal, Refused, refuse
from dianheng.common.files import (
    LEFT_OUT,
    Mark,
    best_table,
    find_head,
    guard_mapping,
    plain_head,
    write_marked,
)
from dianheng.common.files.findings import finding_text
from dianheng.common.jobs import job_start
from dianheng.common.models import Job
from dianheng.documents.services import file_path, file_store
from dianheng.identity.models import Unit
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import ListState, Verb
from ..columns import REGISTER_FIELDS, REGISTER_FINDINGS, REGISTER_HEADS
from ..models import DeviceModel, Place, RegisterFault, RegisterFile, RegisterHead
from ..rules import guard_take
from .checks import Findings
from .enrol import Stage, devices_enrol, stage_open
from .fill import fill_stage
from .lists import MEDIA_TYPES, PreparedList, Steps, Tell, list_is_large, nobody
from .register_check import RegisterCheck, register_column

RIGHT = "assets.enrol"
REQUIRED = tuple(field.key for field in REGISTER_FIELDS.values() if field.is_required)
CHUNK = 1 << 20


def register_upload(
    *,
    source: str,
    unit: Unit,
    path: Path,
    name: str,
    actor: Actor,
    model: DeviceModel | None = None,
    place: Place | None = None,
) -> RegisterFile:
    """Receive a list; the same bytes again for the same unit are the same list.

    Args:
        source: name of the former system; heads and states are remembered by it.
        unit: whose devices they are where the list does not say.
        model: of rows that name none.
        place: of rows that name none.

    Raises:
        Unreadable: the file cannot be a list of devices; nothing of it is kept.
    """
    actor = require(actor, RIGHT, unit.pk)
    table = best_table(path, REGISTER_HEADS.recognise)
    head = find_head(table, REGISTER_HEADS.recognise)
    remembered = dict(RegisterHead.objects.filter(source=source).values_list("head", "field"))
    fields = REGISTER_HEADS.propose(head.names, remembered)
    with write_batch(actor=actor, action="register.upload"):
        with path.open("rb") as content:
            file = file_store(
                chunks=iter(lambda: content.read(CHUNK), b""), name=name,
                media_type=MEDIA_TYPES[table.kind], actor=actor,
            )  # fmt: skip
        # Two people sending the same file at once: the second waits and finds the first's.
        Unit.objects.select_for_update().get(pk=unit.pk)
        known = RegisterFile.objects.filter(unit=unit, digest=file.digest).first()
        if known is not None:
            return known
        with connection.cursor() as cursor:
            cursor.execute("select nextval('assets_registerfile_id_seq')")
            key = cursor.fetchone()[0]
        return RegisterFile.objects.create(
            pk=key, number=f"TZ-{key:06d}", source=source, unit=unit, model=model, place=place,
            name=name[:200], file=file, digest=file.digest, size=file.size, kind=table.kind,
            encoding=table.encoding, head_row=head.row_no,
            columns=[
                {"head": head_name, "field": field, "samples": [row[at] for row in head.samples]}
                for at, (head_name, field) in enumerate(zip(head.names, fields, strict=True))
            ],
            state=ListState.RECEIVED if guard_mapping(fields, REQUIRED) else ListState.MAPPED,
            uploaded_by_id=actor.person_id,
        )  # fmt: skip


def register_map(*, register: RegisterFile, fields: Sequence[str], actor: Actor) -> RegisterFile:
    """Say for each column which field it is, "-" for those left out; kept for the source."""
    actor = require(actor, RIGHT, register.unit_id)
    fields = [name if name in REGISTER_FIELDS or name == LEFT_OUT else "" for name in fields]
    fields += [""] * (len(register.columns) - len(fields))
    if faults := guard_mapping(fields, REQUIRED):
        raise Refused(*faults)
    with write_batch(actor=actor, action="register.map"):
        register = RegisterFile.objects.select_for_update(of=("self",)).get(pk=register.pk)
        if register.state in (ListState.TAKEN, ListState.REFUSED):
            return register
        for column, name in zip(register.columns, fields, strict=True):
            column["field"] = name
            RegisterHead.objects.update_or_create(
                source=register.source,
                head=plain_head(column["head"]),
                defaults={"field": name},
            )
        register.state = ListState.MAPPED
        register.save(update_fields=["columns", "state"])
    return register


def register_is_large(register: RegisterFile) -> bool:
    """Whether checking and taking it is the work of a job."""
    return list_is_large(register.kind, register.size, register.row_count)


def register_check(*, register: RegisterFile, actor: Actor, tell: Tell = nobody) -> RegisterFile:
    """Check the whole list: the same way as taking it, to the last step, then all undone."""
    actor = require(actor, RIGHT, register.unit_id)
    if register.state == ListState.RECEIVED:
        raise Refused(Refusal("not_mapped", _("Say first what the columns are.")))
    return _go_through(register, actor, is_dry=True, tell=tell)


def register_take(
    *,
    register: RegisterFile,
    actor: Actor,
    with_warnings: bool = False,
    request_key: str = "",
    tell: Tell = nobody,
) -> RegisterFile:
    """Enter the list's devices in the register: all or none, once however often asked.

    The list is checked again, since the register may have changed since the check. Days of
    verification and validity stand in the ledger as what the former system said.

    Raises:
        Refused: not checked, faults, or remarks that were not accepted.
    """
    actor = require(actor, RIGHT, register.unit_id)
    register = RegisterFile.objects.get(pk=register.pk)
    if register.state == ListState.TAKEN:
        return register
    refuse(guard_take(register.state, register.warning_count, with_warnings))
    register = _go_through(
        register, actor, is_dry=False, tell=tell, request_key=request_key,
        with_warnings=with_warnings,
    )  # fmt: skip
    if register.state != ListState.TAKEN:
        refuse(guard_take(register.state, register.warning_count, with_warnings))
    return register


def register_refuse(*, register: RegisterFile, reason: str, actor: Actor) -> RegisterFile:
    """Send a list back; it stays known with its reason."""
    actor = require(actor, RIGHT, register.unit_id)
    if not reason.strip():
        raise Refused(Refusal("reason", _("Say why the file is refused.")))
    with write_batch(actor=actor, action="register.refuse", reason=reason):
        register = RegisterFile.objects.select_for_update(of=("self",)).get(pk=register.pk)
        if register.state == ListState.TAKEN:
            text = _("%(no)s is taken; its devices are in the register.")
            raise Refused(Refusal("list_taken", text % {"no": register.number}))
        register.state, register.reason = ListState.REFUSED, reason
        register.save(update_fields=["state", "reason"])
    return register


def register_start(
    *, register: RegisterFile, what: str, actor: Actor, with_warnings: bool = False
) -> Job:
    """Check or take as a job: `what` is "check" or "take". A running one is joined."""
    actor = require(actor, RIGHT, register.unit_id)
    titles = {"check": _("Check register file %(no)s"), "take": _("Take register file %(no)s")}
    with write_batch(actor=actor, action=f"register.start_{what}"):
        register = (
            RegisterFile.objects.select_for_update(of=("self",))
            .select_related("job")
            .get(pk=register.pk)
        )
        if register.job is not None and not register.job.is_over:
            return register.job
        if what == "take" and register.state != ListState.TAKEN:
            refuse(guard_take(register.state, register.warning_count, with_warnings))
        job = job_start(
            kind=f"assets.{what}", params={"register": register.pk, "with_warnings": with_warnings},
            actor=actor, title=str(titles[what] % {"no": register.number}),
        )  # fmt: skip
        register.job = job
        register.save(update_fields=["job"])
    return job


def register_marked_copy(register: RegisterFile) -> BinaryIO:
    """The list as a workbook with a column of faults before its own."""
    return write_marked(
        best_table(file_path(register.digest), REGISTER_HEADS.recognise),
        register.head_row,
        [column["field"] for column in register.columns],
        map(register_mark, _faults(register)),
    )


def register_mark(fault: RegisterFault) -> Mark:
    """A finding in words."""
    field = REGISTER_FIELDS.get(fault.field)
    label = field.label if field else fault.field
    text = finding_text(REGISTER_FINDINGS, fault.code, label, fault.value, fault.facts)
    return Mark(fault.row_no, fault.field, str(text), REGISTER_FINDINGS[fault.code].is_warning)


def _faults(register: RegisterFile) -> Iterator[RegisterFault]:
    return register.faults.order_by("row_no", "id").iterator(chunk_size=2000)


# -- the way that checking and taking share --------------------------------------------------------


def _go_through(
    register: RegisterFile,
    actor: Actor,
    *,
    is_dry: bool,
    tell: Tell,
    request_key: str = "",
    with_warnings: bool = False,
) -> RegisterFile:
    """Read, stage, check, write; a dry run goes back to before the writing.

    What was found is kept in either case. One transaction: a crash leaves nothing.
    """
    steps = Steps(tell)
    action = "register.check" if is_dry else "register.take"
    reading = steps.part(150, _("Reading the file"))
    with (
        PreparedList(
            register.digest, [column["head"] for column in register.columns],
            REGISTER_HEADS.recognise, register.row_count or register.size // 60, reading,
        ) as (prepared, _head),
        write_batch(actor=actor, action=action) as batch,
    ):  # fmt: skip
        earlier = idempotent(request_key, "register.take")
        register = RegisterFile.objects.select_for_update(of=("self",)).select_related(
            "model", "place", "unit"
        ).get(pk=register.pk)  # fmt: skip
        if earlier is not None or register.state in (ListState.TAKEN, ListState.REFUSED):
            return register
        fields = [column["field"] for column in register.columns]
        with stage_open() as stage:
            sent = steps.part(400, _("Sending rows to the database"))
            fill_stage(
                stage, prepared, [register_column(f) for f in fields], defaults={},
                tell=lambda done: sent(done / max(1, prepared.size)),
            )  # fmt: skip
            steps.part(600, _("Checking"))
            check = RegisterCheck(stage, [f for f in fields if f != LEFT_OUT], register, actor)
            findings = check.run(prepared)
            if findings.faults == 0 and (is_dry or with_warnings or not findings.warnings):
                steps.part(950, _("Writing devices and ledger"))
                point = transaction.savepoint()
                check.resolve()
                _write(stage, register, fields, actor)
                if is_dry:
                    transaction.savepoint_rollback(point)
                else:
                    transaction.savepoint_commit(point)
                    register.state = ListState.TAKEN
                    register.taken_at, register.taken_by_id = batch.at, actor.person_id
            steps.part(990, _("Noting what was found"))
            _note(stage, register, findings)
        register.checked_at = batch.at
        register.save(
            update_fields=["state", "row_count", "fault_count", "warning_count", "findings", "checked_at", "taken_at", "taken_by"]
        )  # fmt: skip
        if register.state == ListState.TAKEN:
            remember(request_key, "register.take", {"register": register.pk})
    tell(1000, 1000, "")
    return register


def _write(stage: Stage, register: RegisterFile, fields: Sequence[str], actor: Actor) -> None:
    """Devices, details, first events; what the former system said goes into the event."""
    days = [name for name in ("verified_on", "valid_through", "stocked_on") if name in fields]
    said = {"source": sql.Literal(register.source).as_string(stage.cursor.connection)}
    said |= {name: f"assets_day(x_{name})" for name in days}
    if "state" in fields:
        said["state"] = "nullif(x_state, '')"
    pairs = ", ".join(f"'{name}', {value}" for name, value in said.items()).replace("%", "%%")
    devices_enrol(
        stage=stage, actor=actor, verb=Verb.ENROL, document=f"register:{register.number}",
        also={name: f"assets_day(x_{name})" for name in days},
        facts=f"jsonb_build_object('legacy', jsonb_strip_nulls(jsonb_build_object({pairs})))",
    )  # fmt: skip


def _note(stage: Stage, register: RegisterFile, findings: Findings) -> None:
    """Keep every finding with its row, and the counts."""
    stage.cursor.execute("delete from assets_registerfault where file_id = %s", [register.pk])
    stage.cursor.execute(
        "insert into assets_registerfault (file_id, row_no, field, code, value, facts)"
        " select %s, row_no, field, code, coalesce(value, ''), facts from stage_fault"
        " order by row_no, field, code",
        [register.pk],
    )
    register.row_count = findings.rows
    register.fault_count, register.warning_count = findings.faults, findings.warnings
    register.findings = findings.by_kind
    if register.state != ListState.TAKEN:
        register.state = ListState.FAULTY if findings.faults else ListState.CHECKED
