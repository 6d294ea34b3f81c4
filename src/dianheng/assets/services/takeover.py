"""A list out of a former system: received, checked as a whole, taken as a whole or not at all."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _
from psycopg import sql

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal
from dianheng.common.files import Prepared
from dianheng.identity.models import Unit

from ..choices import Verb
from ..columns import REGISTER_FIELDS, REGISTER_FINDINGS, REGISTER_HEADS
from ..models import DeviceModel, Place, RegisterFile, RegisterHead
from .checks import Findings
from .enrol import Stage, devices_enrol
from .list_way import ListWay
from .register_check import RegisterCheck


class RegisterWay(ListWay[RegisterFile]):
    """The way of a list out of a former system.

    Days of verification and validity stand in the ledger as what the former system said.
    """

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
    refused = Refusal("list_refused", _("This file was refused. Send a corrected one."))
    faulty = Refusal(
        "list_faulty",
        _("The file has faults; nothing of it can be taken. Mend the marked copy and send that."),
    )
    taken_code = "list_taken"

    def unit(self, found: RegisterFile) -> Unit:
        return found.unit

    def source(self, found: RegisterFile) -> Mapping[str, Any]:
        return {"source": found.source}

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
register_check, register_take, register_refuse = WAY.check, WAY.take, WAY.send_back


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
