"""What a step of a process may do to other processes: begin one, tell one something."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.models import Unit
from dianheng.identity.services import idempotent, remember, write_batch

from ..models import ProcessInstance
from ..registry import Service, register_service
from ..selectors import is_offered, origin_of
from .events import message_receive
from .instances import instance_begin, instance_take_back


def _unit(code: Any, caller: ProcessInstance) -> Unit:
    if not code:
        return caller.unit
    found = Unit.objects.filter(code=code, is_active=True).first()
    if found is None:
        raise BadInput(_("There is no unit %(code)s.") % {"code": code})
    return found


def process_start(
    *,
    process: str,
    title: Any,
    caller: ProcessInstance,
    actor: Actor,
    request_key: str,
    unit: Any = "",
    subject: Any = "",
    data: Any = None,
    where_offered: Any = "",
) -> Mapping[str, Any]:
    """Begin another process; who handled the caller does not approve there.

    Args:
        unit: code; none: that of the caller.
        subject: what it is about; none: what the caller is about.
        data: a form, whose fields stand in the new one under `instance`.
        where_offered: “yes”: where that process is not in force, or switched off, nothing is begun.
    """
    place = _unit(unit, caller)
    if where_offered == "yes" and not is_offered(process, place):
        return {"number": ""}
    made = instance_begin(
        code=process, unit=place, title=str(title or caller.title), actor=actor,
        subject=str(subject or caller.subject), data=_fields(data), origin=caller,
        request_key=request_key,
    )  # fmt: skip
    return {"number": made.number}


def process_withdraw(
    *, answer: Mapping[str, Any], caller: ProcessInstance, actor: Actor, request_key: str
) -> Mapping[str, Any]:
    """Take back what `process.start` began, as long as nobody has decided on it."""
    if answer["number"]:
        instance_take_back(number=answer["number"], origin=caller, actor=actor)
    return {}


def process_tell(
    *,
    message: str,
    caller: ProcessInstance,
    actor: Actor,
    request_key: str,
    number: Any = "",
    subject: Any = "",
    data: Any = None,
) -> Mapping[str, Any]:
    """Hand a message to another instance, or begin the process that the message begins.

    Args:
        number: of the instance; none: all that wait for it and are about `subject`.
        subject: none: what the caller is about.

    Returns:
        `told`, the numbers of those that it moved, and `begun`, of those that it began.
    """
    with write_batch(actor=actor, action="process.message"):
        if (earlier := idempotent(request_key, "process.tell")) is not None:
            return earlier
        about = str(subject or caller.subject)
        known = {"title": caller.title, **_fields(data)}
        known["unit"] = _unit(known.get("unit"), caller).code
        moved = message_receive(
            message=message, data=known, actor=actor, number=str(number or ""),
            subject=about, origin=caller,
        )  # fmt: skip
        if number and not moved:
            text = _("%(number)s does not wait for “%(message)s”.")
            facts = {"number": number, "message": message}
            raise Refused(Refusal("not_waiting", text % facts, facts))
        begun = [one.number for one in moved if origin_of(one) == caller.number]
        told = [one.number for one in moved if one.number not in begun]
        answer = {"told": told, "begun": begun}
        remember(request_key, "process.tell", answer)
    return answer


def process_recall(
    *,
    message: str,
    answer: Mapping[str, Sequence[str]],
    caller: ProcessInstance,
    actor: Actor,
    request_key: str,
) -> Mapping[str, Any]:
    """Take a message back: what it began is withdrawn, whom it moved is told `MESSAGE_recalled`.

    Raises:
        Refused: one of them has gone on and waits for no recall.
    """
    with write_batch(actor=actor, action="process.message"):
        if idempotent(request_key, "process.recall") is not None:
            return {}
        for number in answer["begun"]:
            instance_take_back(number=number, origin=caller, actor=actor)
        for number in answer["told"]:
            told = message_receive(
                message=f"{message}_recalled", data={}, actor=actor, number=number, origin=caller
            )
            if not told:
                text = _("%(number)s has gone on with what it was told; that is not taken back.")
                raise Refused(Refusal("told", text % {"number": number}, {"number": number}))
        remember(request_key, "process.recall", {})
    return {}


def _fields(data: Any) -> dict[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise BadInput(_("“data” of a service is a form, or what another service answered."))
    return dict(data)


register_service(
    Service(
        "process.start", _("Begin another process"), ("process", "title"), process_start,
        optional=("unit", "subject", "data", "where_offered"), fixed=("process", "where_offered"), knows_caller=True,
    ),
    Service(
        "process.withdraw", _("Withdraw what was begun"), ("answer",), process_withdraw,
        knows_caller=True,
    ),
    Service(
        "process.tell", _("Tell another process"), ("message",), process_tell,
        optional=("number", "subject", "data"), fixed=("message",), knows_caller=True,
    ),
    Service(
        "process.recall", _("Take a message back"), ("message", "answer"), process_recall,
        knows_caller=True,
    ),
)  # fmt: skip
