"""A list out of a former system: received, checked as a whole, taken as a whole or not at all."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _
from psycopg import sql

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal
from dianheng.common.files import Mark, Prepared
from dianheng.common.models import Job
from dianheng.identity.models import Unit

from ..choices import Verb
from ..columns import REGISTER_FIELDS, REGISTER_FINDINGS, REGISTER_HEADS
from ..models import DeviceModel, Place, RegisterFault, RegisterFile, RegisterHead
from ..rules import guard_take
from .checks import Findings
from .enrol import Stage, devices_enrol
from .list_way import ListWay
from .lists import Tell, nobody
from .register_check import RegisterCheck


class RegisterWay(ListWay[RegisterFile]):
    """The way of a list out of a former system."""

    model = RegisterFile
    name, prefix, right, owner = "register", "TZ", "assets.enrol", "unit"
    related = ("unit", "model", "place", "job")
    fields, kinds, heads, meanings = (
        REGISTER_FIELDS,
        REGISTER_FINDINGS,
        REGISTER_HEADS,
        RegisterHead,
    )
    titles = {"check": _("Check register file %(no)s"), "take": _("Take register file %(no)s")}
    taken_code = "list_taken"

    def unit(self, found: RegisterFile) -> Unit:
        return found.unit

    def source(self, found: RegisterFile) -> Mapping[str, Any]:
        return {"source": found.source}

    def guard_take(self, state: str, warnings: int, with_warnings: bool) -> Refusal | None:
        return guard_take(state, warnings, with_warnings)

    def check_stage(
        self,
        stage: Stage,
        prepared: Prepared,
        fields: Sequence[str],
        found: RegisterFile,
        actor: Actor,
    ) -> tuple[Findings, Callable[[], None]]:
        check = RegisterCheck(stage, fields, found, actor)
        return check.run(prepared), partial(_write, check, found, actor)


WAY = RegisterWay()


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
    draft = RegisterFile(source=source, unit=unit, model=model, place=place)
    return WAY.receive(draft, path=path, name=name, actor=actor)


def register_map(*, register: RegisterFile, fields: Sequence[str], actor: Actor) -> RegisterFile:
    """Say for each column which field it is, "-" for those left out; kept for the source."""
    return WAY.name_columns(register, fields=fields, actor=actor)


def register_is_large(register: RegisterFile) -> bool:
    """Whether checking and taking it is the work of a job."""
    return WAY.is_large(register)


def register_check(*, register: RegisterFile, actor: Actor, tell: Tell = nobody) -> RegisterFile:
    """Check the whole list: the same way as taking it, to the last step, then all undone."""
    return WAY.check(register, actor=actor, tell=tell)


def register_take(
    *,
    register: RegisterFile,
    actor: Actor,
    with_warnings: bool = False,
    request_key: str = "",
    tell: Tell = nobody,
) -> RegisterFile:
    """Enter the list's devices in the register: all or none, once however often asked.

    Days of verification and validity stand in the ledger as what the former system said.

    Raises:
        Refused: not checked, faults, or remarks that were not accepted.
    """
    return WAY.take(
        register, actor=actor, with_warnings=with_warnings, request_key=request_key, tell=tell
    )


def register_refuse(*, register: RegisterFile, reason: str, actor: Actor) -> RegisterFile:
    """Send a list back; it stays known with its reason."""
    return WAY.send_back(register, reason=reason, actor=actor)


def register_start(
    *, register: RegisterFile, what: str, actor: Actor, with_warnings: bool = False
) -> Job:
    """Check or take as a job: `what` is "check" or "take". A running one is joined."""
    return WAY.start(register, what=what, actor=actor, with_warnings=with_warnings)


def register_marked_copy(register: RegisterFile) -> BinaryIO:
    """The list as a workbook with a column of faults before its own."""
    return WAY.marked_copy(register)


def register_mark(fault: RegisterFault) -> Mark:
    """A finding in words."""
    return WAY.mark(fault)


def _write(check: RegisterCheck, register: RegisterFile, actor: Actor) -> None:
    """Devices, details, first events; what the former system said goes into the event."""
    check.resolve()
    stage = check.stage
    days = [name for name in ("verified_on", "valid_through", "stocked_on") if name in check.fields]
    said = {"source": sql.Literal(register.source).as_string(stage.cursor.connection)}
    said |= {name: f"assets_day(x_{name})" for name in days}
    if "state" in check.fields:
        said["state"] = "nullif(x_state, '')"
    pairs = ", ".join(f"'{name}', {value}" for name, value in said.items()).replace("%", "%%")
    devices_enrol(
        stage=stage, actor=actor, verb=Verb.ENROL, document=f"register:{register.number}",
        also={name: f"assets_day(x_{name})" for name in days},
        facts=f"jsonb_build_object('legacy', jsonb_strip_nulls(jsonb_build_object({pairs})))",
    )  # fmt: skip
