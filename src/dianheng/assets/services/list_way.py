"""The way of a list of devices: received, checked as a whole, taken as a whole or not at all."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Generic, TypeVar

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal, Refused, Text, refuse
from dianheng.common.files import (
    LEFT_OUT,
    Field,
    Heads,
    Mark,
    Prepared,
    best_table,
    find_head,
    guard_mapping,
    plain_head,
    write_marked,
)
from dianheng.common.files.findings import FindingKind, finding_text
from dianheng.common.jobs import job_start
from dianheng.common.models import Job
from dianheng.documents.services import file_path, file_store
from dianheng.identity.models import Unit
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import ListState
from ..models import DeviceList, ListFault
from ..rules import guard_list_take
from .checks import Findings, stage_column
from .enrol import Stage, stage_open
from .fill import fill_stage
from .lists import MEDIA_TYPES, PreparedList, Steps, Tell, list_is_large, nobody

CHUNK = 1 << 20
# What a check, or taking, writes to the list itself.
CHECKED = (
    "state", "row_count", "fault_count", "warning_count", "findings", "checked_at", "taken_at",
    "taken_by",
)  # fmt: skip
L = TypeVar("L", bound=DeviceList)


class ListWay(ABC, Generic[L]):
    """What every kind of list goes through; a kind says what is its own.

    Attributes:
        model: the table of the lists.
        name: of the kind, in actions, jobs' parameters and what a repeat remembers.
        prefix: of its numbers.
        right: needed over the unit of a list.
        owner: the foreign key by which the same file is known again.
        related: what is read with a list.
        fields, kinds: the columns that it knows, what its check finds.
        heads: recognises the columns.
        meanings: the table of what heads mean, by source.
        titles: of the jobs "check" and "take".
        refused, faulty: said of one that cannot be taken since it was sent back, has faults.
        taken_code: of the refusal to send back what is taken.
        enrols: whether its rows are devices that enter the register.
        writing: what its last step is called.
    """

    model: ClassVar[type[DeviceList]]
    name: ClassVar[str]
    prefix: ClassVar[str]
    right: ClassVar[str]
    owner: ClassVar[str]
    related: ClassVar[Sequence[str]]
    fields: ClassVar[Mapping[str, Field]]
    kinds: ClassVar[Mapping[str, FindingKind]]
    heads: ClassVar[Heads]
    meanings: ClassVar[Any]
    titles: ClassVar[Mapping[str, Text]]
    refused: ClassVar[Refusal]
    faulty: ClassVar[Refusal]
    taken_code: ClassVar[str]
    enrols: ClassVar[bool] = True
    writing: ClassVar[Text] = _("Writing devices and ledger")

    # -- what is a kind's own ----------------------------------------------------------------

    @abstractmethod
    def unit(self, found: L) -> Unit:
        """The unit over which the right is wanted."""

    def guard_receive(self, draft: L) -> Refusal | None:
        """Why nothing is received now."""
        return None

    @abstractmethod
    def source(self, found: L) -> Mapping[str, Any]:
        """Whose words its heads are: columns of `meanings`."""

    def hold_to_check(self, found: L) -> L:
        """The list, held with whatever else its check counts on."""
        return self.hold(found)

    def defaults(self, found: L) -> Mapping[str, object]:
        """What all its devices have in common; a column of the file goes before it."""
        return {}

    @abstractmethod
    def check_stage(
        self, stage: Stage, prepared: Prepared, fields: Sequence[str], found: L, actor: Actor
    ) -> tuple[Findings, Callable[[], None]]:
        """What the check of the staged rows finds, and what writes them where all is well."""

    def job_kind(self, what: str) -> str:
        """The kind of its job that does "check" or "take"."""
        return f"{self.model._meta.app_label}.{what}"

    def guard_send_back(self, found: L) -> Refusal | None:
        """Why it is not sent back now: its devices are in the register."""
        if found.state != ListState.TAKEN:
            return None
        text = _("%(no)s is taken; its devices are in the register.") % {"no": found.number}
        return Refusal(self.taken_code, text)

    # -- the way -----------------------------------------------------------------------------

    def guard_take(self, found: L, with_warnings: bool) -> Refusal | None:
        """Why it is not taken now."""
        return guard_list_take(
            found.state, found.warning_count, with_warnings, self.refused, self.faulty
        )

    def hold(self, found: L) -> L:
        """The list as it stands now, nobody else's until the end of the transaction."""
        rows = self.model.objects.select_for_update(of=("self",)).select_related(*self.related)
        return rows.get(pk=found.pk)

    def receive(self, draft: L, *, path: Path, name: str, actor: Actor) -> L:
        """Receive a file; the same bytes again for the same owner are the same list.

        Args:
            draft: a list that is not saved yet, with what is its own.

        Raises:
            Unreadable: the file cannot be a list of devices; nothing of it is kept.
        """
        actor = require(actor, self.right, self.unit(draft).pk)
        refuse(self.guard_receive(draft))
        table = best_table(path, self.heads.recognise)
        head = find_head(table, self.heads.recognise)
        meanings = self.meanings.objects.filter(**self.source(draft))
        fields = self.heads.propose(head.names, dict(meanings.values_list("head", "field")))
        with write_batch(actor=actor, action=f"{self.name}.upload"):
            with path.open("rb") as content:
                file = file_store(
                    chunks=iter(lambda: content.read(CHUNK), b""), name=name,
                    media_type=MEDIA_TYPES[table.kind], actor=actor,
                )  # fmt: skip
            # Two people sending the same file at once: the second waits and finds the first's.
            owner = getattr(draft, self.owner)
            type(owner).objects.select_for_update().get(pk=owner.pk)
            known = self.model.objects.filter(**{self.owner: owner, "digest": file.digest}).first()
            if known is not None:
                return known
            draft.pk = self._next_key()
            draft.number = f"{self.prefix}-{draft.pk:06d}"
            draft.name, draft.file, draft.digest, draft.size = (
                name[:200], file, file.digest, file.size,
            )  # fmt: skip
            draft.kind, draft.encoding, draft.head_row = table.kind, table.encoding, head.row_no
            draft.columns = [
                {"head": head_name, "field": field, "samples": [row[at] for row in head.samples]}
                for at, (head_name, field) in enumerate(zip(head.names, fields, strict=True))
            ]
            is_open = guard_mapping(fields, self._required)
            draft.state = ListState.RECEIVED if is_open else ListState.MAPPED
            draft.uploaded_by_id = actor.person_id
            draft.save(force_insert=True)
        return draft

    def name_columns(self, found: L, *, fields: Sequence[str], actor: Actor) -> L:
        """Say for each column which field it is, "-" for those left out; kept for the source."""
        actor = require(actor, self.right, self.unit(found).pk)
        fields = [name if name in self.fields or name == LEFT_OUT else "" for name in fields]
        fields += [""] * (len(found.columns) - len(fields))
        refuse(*guard_mapping(fields, self._required))
        with write_batch(actor=actor, action=f"{self.name}.map"):
            found = self.hold(found)
            if found.is_over:
                return found
            for column, name in zip(found.columns, fields, strict=True):
                column["field"] = name
                self.meanings.objects.update_or_create(
                    **self.source(found),
                    head=plain_head(column["head"]),
                    defaults={"field": name},
                )
            found.state = ListState.MAPPED
            found.save(update_fields=["columns", "state"])
        return found

    def is_large(self, found: L) -> bool:
        """Whether checking and taking it is the work of a job."""
        return list_is_large(found.kind, found.size, found.row_count)

    def check(self, found: L, *, actor: Actor, tell: Tell = nobody) -> L:
        """Check the whole list: the same way as taking it, to the last step, then all undone."""
        actor = require(actor, self.right, self.unit(found).pk)
        if found.state == ListState.RECEIVED:
            raise Refused(Refusal("not_mapped", _("Say first what the columns are.")))
        return self._go_through(found, actor, is_dry=True, tell=tell)

    def take(
        self,
        found: L,
        *,
        actor: Actor,
        with_warnings: bool = False,
        request_key: str = "",
        tell: Tell = nobody,
    ) -> L:
        """Enter the list's devices in the register: all or none, once however often asked.

        The list is checked again, since the register may have changed since the check.

        Raises:
            Refused: not checked, faults, or remarks that were not accepted.
        """
        actor = require(actor, self.right, self.unit(found).pk)
        found = self.model.objects.select_related(*self.related).get(pk=found.pk)
        if found.state == ListState.TAKEN:
            return found
        refuse(self.guard_take(found, with_warnings))
        found = self._go_through(
            found, actor, is_dry=False, tell=tell, request_key=request_key,
            with_warnings=with_warnings,
        )  # fmt: skip
        if found.state != ListState.TAKEN:
            refuse(self.guard_take(found, with_warnings))
        return found

    def send_back(self, found: L, *, reason: str, actor: Actor) -> L:
        """Send a list back; it stays known with its reason."""
        actor = require(actor, self.right, self.unit(found).pk)
        if not reason.strip():
            raise Refused(Refusal("reason", _("Say why the file is refused.")))
        with write_batch(actor=actor, action=f"{self.name}.refuse", reason=reason):
            found = self.hold(found)
            refuse(self.guard_send_back(found))
            found.state, found.reason = ListState.REFUSED, reason
            found.save(update_fields=["state", "reason"])
        return found

    def work(
        self,
        found: L,
        *,
        what: str,
        actor: Actor,
        with_warnings: bool = False,
        request_key: str = "",
    ) -> Job | None:
        """Check or take it now; a large one by a job, which is answered."""
        if self.is_large(found):
            return self.start(found, what=what, actor=actor, with_warnings=with_warnings)
        if what == "check":
            self.check(found, actor=actor)
        else:
            self.take(found, actor=actor, with_warnings=with_warnings, request_key=request_key)
        return None

    def start(self, found: L, *, what: str, actor: Actor, with_warnings: bool = False) -> Job:
        """Check or take as a job: `what` is "check" or "take". A running one is joined."""
        actor = require(actor, self.right, self.unit(found).pk)
        with write_batch(actor=actor, action=f"{self.name}.start_{what}"):
            found = self.hold(found)
            if found.job is not None and not found.job.is_over:
                return found.job
            if what == "take" and found.state != ListState.TAKEN:
                refuse(self.guard_take(found, with_warnings))
            found.job = job_start(
                kind=self.job_kind(what),
                params={self.name: found.pk, "with_warnings": with_warnings},
                actor=actor, title=str(self.titles[what] % {"no": found.number}),
            )  # fmt: skip
            found.save(update_fields=["job"])
        return found.job

    def marked_copy(self, found: L) -> BinaryIO:
        """The list as a workbook with a column of faults before its own."""
        faults = found.faults.order_by("row_no", "id").iterator(chunk_size=2000)
        return write_marked(
            best_table(file_path(found.digest), self.heads.recognise),
            found.head_row,
            [column["field"] for column in found.columns],
            map(self.mark, faults),
        )

    def label(self, field: str) -> Text:
        """A column as people read it; nothing for the file as a whole."""
        return self.fields[field].label if field in self.fields else field

    def mark(self, fault: ListFault) -> Mark:
        """A finding in words."""
        text = finding_text(
            self.kinds, fault.code, self.label(fault.field), fault.value, fault.facts
        )
        return Mark(fault.row_no, fault.field, str(text), self.kinds[fault.code].is_warning)

    # -- the part that checking and taking share -----------------------------------------------

    def _go_through(
        self,
        found: L,
        actor: Actor,
        *,
        is_dry: bool,
        tell: Tell,
        request_key: str = "",
        with_warnings: bool = False,
    ) -> L:
        """Read, stage, check, write; a dry run goes back to before the writing.

        What was found is kept in either case. One transaction: a crash leaves nothing.
        """
        steps = Steps(tell)
        take = f"{self.name}.take"
        reading = steps.part(150, _("Reading the file"))
        with (
            PreparedList(
                found.digest, [column["head"] for column in found.columns],
                self.heads.recognise, found.row_count or found.size // 60, reading,
            ) as (prepared, _head),
            write_batch(actor=actor, action=f"{self.name}.check" if is_dry else take) as batch,
        ):  # fmt: skip
            earlier = idempotent(request_key, take)
            found = self.hold_to_check(found)
            if earlier is not None or found.is_over:
                return found
            fields = [column["field"] for column in found.columns]
            with stage_open() as stage:
                sent = steps.part(400, _("Sending rows to the database"))
                fill_stage(
                    stage, prepared, [stage_column(self.fields, f) for f in fields],
                    defaults=self.defaults(found), enrols=self.enrols,
                    tell=lambda done: sent(done / max(1, prepared.size)),
                )  # fmt: skip
                steps.part(600, _("Checking"))
                named = [field for field in fields if field != LEFT_OUT]
                findings, write = self.check_stage(stage, prepared, named, found, actor)
                if findings.faults == 0 and (is_dry or with_warnings or not findings.warnings):
                    steps.part(950, self.writing)
                    point = transaction.savepoint()
                    write()
                    if is_dry:
                        transaction.savepoint_rollback(point)
                    else:
                        transaction.savepoint_commit(point)
                        found.state = ListState.TAKEN
                        found.taken_at, found.taken_by_id = batch.at, actor.person_id
                steps.part(990, _("Noting what was found"))
                self._note(stage, found, findings)
            found.checked_at = batch.at
            found.save(update_fields=CHECKED)
            if found.state == ListState.TAKEN:
                remember(request_key, take, {self.name: found.pk})
        tell(1000, 1000, "")
        return found

    def _note(self, stage: Stage, found: L, findings: Findings) -> None:
        """Keep every finding with its row, and the counts."""
        table, key = found.faults.model._meta.db_table, found.faults.field.column
        stage.cursor.execute(f"delete from {table} where {key} = %s", [found.pk])  # noqa: S608
        stage.cursor.execute(
            f"insert into {table} ({key}, row_no, field, code, value, facts)"  # noqa: S608
            " select %s, row_no, field, code, coalesce(value, ''), facts from stage_fault"
            " order by row_no, field, code",
            [found.pk],
        )
        found.row_count = findings.rows
        found.fault_count, found.warning_count = findings.faults, findings.warnings
        found.findings = findings.by_kind
        if found.state != ListState.TAKEN:
            found.state = ListState.FAULTY if findings.faults else ListState.CHECKED

    def _next_key(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"select nextval('{self.model._meta.db_table}_id_seq')")
            return int(cursor.fetchone()[0])

    @property
    def _required(self) -> list[str]:
        return [field.key for field in self.fields.values() if field.is_required]
