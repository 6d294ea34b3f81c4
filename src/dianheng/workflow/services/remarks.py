"""Forms learn: what does not fit is noted at the step, becomes a revision, and is answered."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.models import Unit
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import RemarkKind, RemarkOutcome
from ..models import FieldRemark, PackVersion, ProcessInstance, ProcessTask
from ..registry import Service, register_service
from ..selectors import form_of, titles_of
from ..selectors.remarks import field_label, open_remarks, step_title
from .instances import instance_start
from .tasks import open_task, standing_of

REVISION = "form-revision"
LONGEST = 1000


def remark_add(
    *,
    task: ProcessTask,
    field: str,
    kind: str,
    text: str,
    actor: Actor,
    proposal: str = "",
    request_key: str = "",
) -> FieldRemark:
    """Note that a field of the form does not fit; whoever may do the step now.

    Args:
        field: of the form; empty: the form as a whole, as where a field is missing.
    """
    with write_batch(actor=actor, action="remark.add") as batch:
        if (earlier := idempotent(request_key, "remark.add")) is not None:
            return FieldRemark.objects.get(pk=earlier["remark"])
        found = open_task(task)
        standing = standing_of(found, actor)
        errors = []
        if field and field not in form_of(found, found.instance.pack)["properties"]:
            errors.append(_fault("field", "unknown", _("The form has no such field.")))
        if kind not in RemarkKind.values:
            errors.append(_fault("kind", "unknown", _("Say what does not fit.")))
        elif not field and kind in (RemarkKind.CHOICE, RemarkKind.UNIT, RemarkKind.LIMIT):
            errors.append(_fault("field", "missing", _("Say which field it is.")))
        if not text.strip():
            errors.append(_fault("text", "missing", _("Say what was met.")))
        for name, value in (("text", text), ("proposal", proposal)):
            if len(value) > LONGEST:
                said = _("At most %(n)s signs.") % {"n": LONGEST}
                errors.append(_fault(name, "too_long", said))
        if errors:
            raise BadInput(_("Please look at these once more:"), errors)
        made = FieldRemark.objects.create(
            task=found, code=found.instance.pack.code, version=found.instance.pack.version,
            step=found.task, field=field, kind=kind, text=text.strip(), proposal=proposal.strip(),
            unit=found.instance.unit, person_id=standing.person_id, acting_for_id=standing.acting_for_id,
            at=batch.at,
        )  # fmt: skip
        remember(request_key, "remark.add", {"remark": made.pk})
    return made


def _fault(field: str, code: str, text: Any) -> dict[str, Any]:
    return {"field": field, "code": code, "text": text}


def remarks_revise(
    *, version: PackVersion, keys: Sequence[int], unit: Unit, actor: Actor
) -> ProcessInstance:
    """Begin the revision of a form with remarks on it, its form filled with them.

    Raises:
        BadInput: no remark is named, or one that is answered or under revision already.
    """
    actor = require(actor, "workflow.start", unit.pk)
    with write_batch(actor=actor, action="remark.revise"):
        rows = list(
            FieldRemark.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk")
        )
        free = {one.pk: one for one in open_remarks(version.code).filter(pk__in=keys)}
        if not rows or len(free) < len(set(keys)):
            text = _("Tick remarks that are still open; some were taken up meanwhile.")
            raise BadInput(text, [_fault("remark", "not_open", text)])
        steps = list(dict.fromkeys(step_title(version, row.step) for row in rows))
        title = f"{titles_of(version)} · {'、'.join(steps)}"
        made = instance_start(
            code=REVISION, unit=unit, title=title[:80], actor=actor,
            subject=f"pack:{version.code}",
            data={
                "process": version.code, "form": "、".join(steps)[:120],
                "remarks": [_row(version, free[row.pk]) for row in rows],
            },
        )  # fmt: skip
        FieldRemark.objects.filter(pk__in=keys).update(revision=made)
    return made


def _row(version: PackVersion, one: FieldRemark) -> dict[str, str]:
    return {
        "field": field_label(version, one.step, one.field), "kind": str(one.get_kind_display()),
        "text": one.text, "proposal": one.proposal, "unit": one.unit.name,
        "number": one.task.instance.number,
    }  # fmt: skip


def remarks_adopt(
    *, version: Any, caller: ProcessInstance, actor: Actor, request_key: str
) -> Mapping[str, Any]:
    """Answer the remarks of a revision: the version in which the form fits.

    Raises:
        Refused: that version of the pack is not here, or is none after those remarked on.
    """
    with write_batch(actor=actor, action="remark.answer") as batch:
        rows = list(FieldRemark.objects.filter(revision=caller, closed_at=None))
        for code in {row.code for row in rows}:
            newest = max(row.version for row in rows if row.code == code)
            known = PackVersion.objects.filter(code=code, version__gt=newest)
            numbers = [str(n) for n in known.order_by("version").values_list("version", flat=True)]
            if str(version).strip() not in numbers:
                text = _(
                    "Version %(version)s of %(code)s is no new version here. Upload the pack first; new ones are: %(known)s."
                )
                facts = {"version": version, "code": code, "known": "、".join(numbers) or "–"}
                raise Refused(Refusal("no_version", text % facts, facts))
        answer = str(_("Adopted with version %(version)s.") % {"version": version})
        return {"count": _close(caller, RemarkOutcome.ADOPTED, answer, batch.at)}


def remarks_decline(
    *, reason: Any, caller: ProcessInstance, actor: Actor, request_key: str
) -> Mapping[str, Any]:
    """Answer the remarks of a revision: why the form stays."""
    if not str(reason or "").strip():
        text = _("Say why: whoever noted it reads the reason.")
        raise BadInput(text, [_fault("reason", "missing", text)])
    with write_batch(actor=actor, action="remark.answer") as batch:
        return {"count": _close(caller, RemarkOutcome.DECLINED, str(reason).strip(), batch.at)}


def _close(caller: ProcessInstance, outcome: str, answer: str, at: Any) -> int:
    rows = FieldRemark.objects.filter(revision=caller, closed_at=None)
    return rows.update(closed_at=at, outcome=outcome, answer=answer)


register_service(
    Service(
        "forms.adopt", _("Answer remarks on a form: adopted"), ("version",), remarks_adopt,
        knows_caller=True,
    ),
    Service(
        "forms.decline", _("Answer remarks on a form: declined"), ("reason",), remarks_decline,
        knows_caller=True,
    ),
)  # fmt: skip
