"""Regulations: editions with their clauses, and what carries each clause out."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from dianheng.common.actor import Actor
from dianheng.common.controls import controls_there
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..choices import WORDS_KIND, RegulationKind
from ..clauses import changes_between, clauses_of, slug_of
from ..models import ArchivePiece, Clause, ClauseControl, Regulation, RegulationEdition
from ..selectors import edition_after

EDIT = "regulations.edit"


def regulation_enter(*, code: str, title: str, kind: str, unit_id: int, actor: Actor) -> Regulation:
    """Enter a law, standard, rule or instruction under its code."""
    actor = require(actor, EDIT, unit_id)
    faults = [
        {"field": field, "code": "missing", "text": _("This is needed.")}
        for field, value in (("code", code), ("title", title))
        if not value.strip()
    ]
    if kind not in RegulationKind.values:
        faults.append({"field": "kind", "code": "unknown", "text": _("Choose one of the list.")})
    slug = slug_of(code)
    if code.strip() and (not slug or Regulation.objects.filter(slug=slug).exists()):
        text = _("There is a regulation with this number already.")
        faults.append({"field": "code", "code": "taken", "text": text})
    if faults:
        raise BadInput(_("The regulation cannot be entered."), faults)
    with write_batch(actor=actor, action="regulation.enter"):
        return Regulation.objects.create(
            code=code.strip(), slug=slug, title=title.strip(), kind=kind, unit_id=unit_id
        )


def edition_enter(
    *,
    regulation: Regulation,
    edition: str,
    in_force_from: date,
    text: str,
    actor: Actor,
    record: str = "",
    request_key: str = "",
) -> RegulationEdition:
    """Enter an edition with its clauses; the one before ends on the day before.

    What carries out a clause that has not changed carries out the new one too; the rest is what
    must change (`edition_changes`).
    """
    actor = require(actor, EDIT, regulation.unit_id)
    clauses, twice = clauses_of(text)
    faults = []

    def fault(field: str, code: str, words: str) -> None:
        faults.append({"field": field, "code": code, "text": words})

    if not edition.strip():
        fault("edition", "missing", _("This is needed."))
    if not clauses:
        fault(
            "text",
            "missing",
            _("Paste the clauses, each with its number at the beginning of the line."),
        )
    if twice:
        fault(
            "text",
            "twice",
            _("These clauses stand twice: %(numbers)s.") % {"numbers": "、".join(twice)},
        )
    if record.strip() and not ArchivePiece.objects.filter(number=record.strip()).exists():
        fault("record", "unknown", _("There is no record %(no)s in the archive.") % {"no": record})
    with write_batch(actor=actor, action="regulation.edition") as batch:
        if (earlier := idempotent(request_key, "regulation.edition")) is not None:
            return RegulationEdition.objects.get(pk=earlier["id"])
        Regulation.objects.select_for_update().get(pk=regulation.pk)
        last = regulation.editions.order_by("-in_force_from").first()
        if last is not None and in_force_from <= last.in_force_from:
            words = _("Edition %(edition)s is in force from %(day)s; a new one begins later.")
            facts = {"edition": last.edition, "day": last.in_force_from.isoformat()}
            fault("in_force_from", "order", words % facts)
        if regulation.editions.filter(edition=edition.strip()).exists():
            fault("edition", "taken", _("This edition is entered already."))
        if faults:
            raise BadInput(_("The edition cannot be entered."), faults)
        if last is not None and last.in_force_through is None:
            last.in_force_through = in_force_from - timedelta(days=1)
            last.save(update_fields=["in_force_through"])
        made = RegulationEdition.objects.create(
            regulation=regulation, edition=edition.strip(), in_force_from=in_force_from, record=record.strip(),
            entered_by_id=batch.actor.person_id, entered_at=batch.at,
        )  # fmt: skip
        Clause.objects.bulk_create(
            Clause(edition=made, number=number, place=place, text=words)
            for place, (number, words) in enumerate(clauses, 1)
        )
        if last is not None:
            live = ClauseControl.objects.filter(clause__edition=last, ended_at=None)
            _carry_over(live.select_related("clause"), last, made)
        remember(request_key, "regulation.edition", {"id": made.pk})
    return made


def _carry_over(controls: Iterable[ClauseControl], last: RegulationEdition, new: RegulationEdition) -> None:  # fmt: skip
    """Tie what carries out unchanged clauses to their new edition; the rest is to be looked at."""
    clauses = {one.number: one for one in new.clauses.all()}
    changed = {
        one.number
        for one in changes_between(
            dict(last.clauses.values_list("number", "text")),
            {number: one.text for number, one in clauses.items()},
        )
    }
    live = ClauseControl.objects.filter(clause__edition=new, ended_at=None)
    there = set(live.values_list("clause__number", "kind", "key", "name"))
    stays, left = [], []
    for one in controls:
        number = one.clause.number
        if number not in changed:
            stays.append(one)
        elif (number, one.kind, one.key, one.name) not in there:
            left.append(one)
    ClauseControl.objects.bulk_create(
        [
            ClauseControl(
                clause=clauses[one.clause.number], kind=one.kind, key=one.key, name=one.name,
                entered_by_id=one.entered_by_id, entered_at=one.entered_at,
            )
            for one in stays
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    ClauseControl.objects.filter(pk__in=[one.pk for one in left]).update(changed_by=new)


def _thing_of(kind: str, key: str, name: str) -> tuple[str, str, str]:
    """Kind, key and name as they are kept; BadInput when there is no such thing."""
    if not kind:
        if name.strip():
            return WORDS_KIND, "", name.strip()
        text = _("Choose a thing of the program, or say in words what carries it out.")
        raise BadInput(text, [{"field": "name", "code": "missing", "text": text}])
    thing = controls_there([(kind, key)]).get((kind, key))
    if thing is None:
        text = _("There is no such thing in the program: choose one of those found.")
        raise BadInput(text, [{"field": "control", "code": "gone", "text": text}])
    with override(settings.LANGUAGE_CODE):  # as the house calls it, whoever ties it
        return kind, key, f"{thing.label}"


def control_tie(*, clause: Clause, actor: Actor, kind: str = "", key: str = "", name: str = "") -> ClauseControl:  # fmt: skip
    """Say what carries a clause out; the same again is the same.

    Args:
        kind: of the thing, as its app registers it (`common.controls`), with its `key`; empty:
            something outside the program, whose `name` says what.
    """
    actor = require(actor, EDIT, clause.edition.regulation.unit_id)
    kind, key, name = _thing_of(kind, key, name)
    same = {"kind": kind, "key": key} if key else {"key": "", "name": name}
    with write_batch(actor=actor, action="regulation.control") as batch:
        known = {"entered_by_id": batch.actor.person_id, "entered_at": batch.at}
        made, _made = ClauseControl.objects.update_or_create(
            clause=clause, **same, defaults={"ended_at": None, "end_reason": "", "name": name},
            create_defaults={"clause": clause, "kind": kind, "key": key, "name": name, **known},
        )  # fmt: skip
        # Whoever ties it has looked at it: an earlier edition's tie is settled by this one.
        waiting = ClauseControl.objects.filter(
            changed_by=clause.edition, clause__number=clause.number, **same
        )
        waiting.update(changed_by=None)
        following = edition_after(clause.edition)
        if following is not None:
            _carry_over([made], clause.edition, following)
    return made


def control_end(*, control: ClauseControl, reason: str, actor: Actor) -> ClauseControl:
    """That something no longer carries a clause out, and why."""
    actor = require(actor, EDIT, control.clause.edition.regulation.unit_id)
    if not reason.strip():
        text = _("Say why.")
        raise BadInput(text, [{"field": "reason", "code": "missing", "text": text}])
    with write_batch(actor=actor, action="regulation.control_end", reason=reason) as batch:
        found = ClauseControl.objects.select_for_update().get(pk=control.pk)
        if found.ended_at is not None:
            text = _("This was ended already.")
            raise Refused(Refusal("ended", text, {"name": found.name}))
        found.ended_at, found.end_reason, found.changed_by = batch.at, reason.strip(), None
        found.save(update_fields=["ended_at", "end_reason", "changed_by"])
    return found
