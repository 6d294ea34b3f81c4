"""Instances moved to another version of their process."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused, refuse
from dianheng.common.rows import row_update
from dianheng.identity.services import require, write_batch

from ..calendar import timer_of
from ..choices import NoteKind
from ..engine import advance_to
from ..models import PackVersion, ProcessInstance
from ..rules import guard_running
from ..selectors import definition_of
from .instances import locked, note, running_of, settle


def instance_migrate(
    *,
    instance: ProcessInstance,
    version: PackVersion,
    reason: str,
    actor: Actor,
    steps: Mapping[str, str] | None = None,
) -> ProcessInstance:
    """Move an instance to another version of its process; it goes on where it stands.

    The forms that were sent stay; the steps that are open begin anew under the other version.

    Args:
        steps: open step of the old diagram -> step of the new one, where they are called otherwise.

    Raises:
        Refused: the other version has no such step, or several steps are open at once.
    """
    if not reason.strip():
        raise BadInput(_("Say why."))
    actor = require(actor, "workflow.packs")
    with write_batch(actor=actor, action="process.migrate", reason=reason) as batch:
        found = locked(instance)
        refuse(guard_running(found.state, found.number))
        old = running_of(found)
        open_steps = old.ready()
        if version.code != found.pack.code or len(open_steps) != 1:
            text = _("%(number)s cannot be moved: one step of the same process must be open.")
            raise Refused(Refusal("cannot_move", text % {"number": found.number}))
        step = open_steps[0]
        target = (steps or {}).get(step.task, step.task)
        fresh = advance_to(
            definition_of(version), old.data_of(step.id), target, timer_of(found.unit_id)
        )
        if fresh is None:
            text = _("Version %(version)s has no step “%(step)s” that can be reached so.")
            facts = {"version": version.version, "step": target}
            raise Refused(Refusal("no_step", text % facts, facts))
        facts = {"from": found.pack.version, "to": version.version, "step": target}
        note(found, NoteKind.MIGRATE, actor, batch.at, text=reason.strip(), facts=facts)
        found.pack = version
        row_update(found, "pack")
        settle(found, fresh, actor, batch.at)
    return found
