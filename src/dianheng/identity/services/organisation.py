"""Writes of units, people, posts, stand-ins and qualifications."""

from collections.abc import Sequence
from datetime import date

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.common.pinyin import sort_key

from ..choices import UnitKind
from ..models import Delegation, Person, Post, PostHolding, Qualification, Unit
from ..registry import all_rights
from ..rules import Actor
from .access import require, system_actor
from .batch import write_batch


def unit_make(*, code: str, name: str, kind: str, actor: Actor, parent: Unit | None = None) -> Unit:
    """Add a unit below another one."""
    if not code or "/" in code:
        raise BadInput(_("A unit's code is not empty and holds no slash."))
    if Unit.objects.filter(code=code).exists():
        raise BadInput(_("Unit %(code)s exists already.") % {"code": code})
    actor = require(actor, "identity.organise", parent.pk if parent else None)
    with write_batch(actor=actor, action="unit.make"):
        return Unit.objects.create(
            code=code, name=name, kind=kind, parent=parent, sort_key=sort_key(name),
            path=f"{parent.path if parent else '/'}{code}/",
        )  # fmt: skip


def unit_rename(*, unit: Unit, name: str, is_active: bool, actor: Actor) -> Unit:
    """Change a unit's name or switch it off; its code and place stay."""
    actor = require(actor, "identity.organise", unit.pk)
    with write_batch(actor=actor, action="unit.rename"):
        unit.name, unit.sort_key, unit.is_active = name, sort_key(name), is_active
        unit.save(update_fields=["name", "sort_key", "is_active"])
    return unit


def _check_password(password: str, person: Person) -> None:
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise BadInput(
            _("The password does not fit the rules."),
            [{"field": "password", "code": "password", "text": text} for text in error.messages],
        ) from None


def person_make(
    *,
    login: str,
    person_no: str,
    name: str,
    unit: Unit | None,
    password: str,
    actor: Actor,
    must_change_password: bool = True,
) -> Person:
    """Add a person who can log in."""
    taken = (
        Person.objects.filter(login=login).exists()
        or Person.objects.filter(person_no=person_no).exists()
    )
    if not login or taken:
        raise BadInput(_("Login or staff number is empty or taken: %(login)s.") % {"login": login})
    actor = require(actor, "identity.organise", unit.pk if unit else None)
    person = Person(
        login=login, person_no=person_no, name=name, sort_key=sort_key(name), unit=unit,
        must_change_password=must_change_password,
    )  # fmt: skip
    _check_password(password, person)
    person.set_password(password)
    with write_batch(actor=actor, action="person.make"):
        person.save()
    return person


def person_set_active(*, person: Person, is_active: bool, reason: str, actor: Actor) -> None:
    """Let a person in, or no longer; what they did stays theirs."""
    actor = require(actor, "identity.organise", person.unit_id)
    with write_batch(actor=actor, action="person.activate", reason=reason):
        person.is_active = is_active
        person.save(update_fields=["is_active"])


def person_change_password(*, person: Person, password: str, actor: Actor) -> None:
    """Set a password: one's own, or another's by who organises the unit (to be changed then)."""
    is_own = actor.person_id == person.pk
    if not is_own:
        actor = require(actor, "identity.organise", person.unit_id)
    _check_password(password, person)
    with write_batch(actor=actor, action="person.password"):
        person.set_password(password)
        person.must_change_password = not is_own
        person.save(update_fields=["password", "must_change_password"])


def post_define(
    *, code: str, name: str, rights: Sequence[str], actor: Actor, description: str = ""
) -> Post:
    """Define a post or change what it may do."""
    unknown = sorted(set(rights) - set(all_rights()))
    if unknown:
        raise BadInput(_("Unknown rights: %(rights)s.") % {"rights": ", ".join(unknown)})
    actor = require(actor, "identity.organise")
    with write_batch(actor=actor, action="post.define"):
        post, _made = Post.objects.update_or_create(
            code=code,
            defaults={"name": name, "rights": sorted(set(rights)), "description": description},
        )
    return post


def post_hold(
    *,
    person: Person,
    post: Post,
    unit: Unit,
    valid_from: date,
    actor: Actor,
    valid_through: date | None = None,
) -> PostHolding:
    """Give a person a post in a unit from a day on."""
    actor = require(actor, "identity.organise", unit.pk)
    if person.pk in (actor.person_id, actor.acting_for_id):
        raise Refused(
            Refusal("own_rights", _("Nobody gives a post to themselves."), {"person": person.name})
        )
    if valid_through is not None and valid_through < valid_from:
        raise BadInput(_("The post ends before it begins."))
    with write_batch(actor=actor, action="post.hold"):
        return PostHolding.objects.create(
            person=person, post=post, unit=unit, valid_from=valid_from, valid_through=valid_through
        )


def holding_end(*, holding: PostHolding, valid_through: date, actor: Actor) -> None:
    """End a post: the given day is its last."""
    actor = require(actor, "identity.organise", holding.unit_id)
    if valid_through < holding.valid_from:
        raise BadInput(_("The post ends before it begins."))
    with write_batch(actor=actor, action="post.end"):
        holding.valid_through = valid_through
        holding.save(update_fields=["valid_through"])


def delegation_make(
    *,
    from_person: Person,
    to_person: Person,
    valid_from: date,
    valid_through: date,
    reason: str,
    actor: Actor,
    holding: PostHolding | None = None,
) -> Delegation:
    """Name a stand-in: for oneself, or for others by who may."""
    if from_person == to_person:
        raise BadInput(_("A stand-in is another person."))
    if valid_through < valid_from or not reason.strip():
        raise BadInput(_("A stand-in needs a first and a last day and a reason."))
    if holding is not None and holding.person_id != from_person.pk:
        raise BadInput(_("This post is not held by %(name)s.") % {"name": from_person.name})
    if actor.person_id != from_person.pk:
        actor = require(actor, "identity.delegate", from_person.unit_id)
    with write_batch(actor=actor, action="delegation.make", reason=reason):
        return Delegation.objects.create(
            from_person=from_person, to_person=to_person, holding=holding,
            valid_from=valid_from, valid_through=valid_through, reason=reason,
        )  # fmt: skip


def delegation_revoke(*, delegation: Delegation, reason: str, actor: Actor) -> None:
    """End a stand-in now."""
    if actor.person_id != delegation.from_person_id:
        actor = require(actor, "identity.delegate", delegation.from_person.unit_id)
    with write_batch(actor=actor, action="delegation.revoke", reason=reason) as batch:
        Delegation.objects.filter(pk=delegation.pk, revoked_at__isnull=True).update(
            revoked_at=batch.at
        )


def qualification_grant(
    *,
    person: Person,
    kind: str,
    number: str,
    issuer: str,
    valid_from: date,
    valid_through: date,
    actor: Actor,
    project: str = "*",
) -> Qualification:
    """Record that a person is authorised: verifier of a project, checker, signatory."""
    if valid_through < valid_from or not number or not issuer:
        raise BadInput(_("A qualification needs number, issuer, first and last day."))
    actor = require(actor, "identity.qualify", person.unit_id)
    with write_batch(actor=actor, action="qualification.grant"):
        return Qualification.objects.create(
            person=person, kind=kind, project=project, number=number, issuer=issuer,
            valid_from=valid_from, valid_through=valid_through,
        )  # fmt: skip


def qualification_withdraw(
    *, qualification: Qualification, withdrawn_on: date, reason: str, actor: Actor
) -> None:
    """End an authorisation before its last day."""
    if not reason.strip():
        raise BadInput(_("Say why the qualification is withdrawn."))
    actor = require(actor, "identity.qualify", qualification.person.unit_id)
    with write_batch(actor=actor, action="qualification.withdraw", reason=reason):
        qualification.withdrawn_on = withdrawn_on
        qualification.save(update_fields=["withdrawn_on"])


def administrator_make(
    *, login: str, person_no: str, name: str, password: str, company: str
) -> Person:
    """The first person of an installation, who may organise everything below the topmost unit."""
    actor = system_actor("command")
    with write_batch(actor=actor, action="administrator.make"):
        top = Unit.objects.filter(parent__isnull=True).order_by("pk").first() or unit_make(
            code="TOP", name=company, kind=UnitKind.CITY, actor=actor
        )
        person = person_make(
            login=login, person_no=person_no, name=name, unit=top, password=password,
            actor=actor, must_change_password=False,
        )  # fmt: skip
        post = post_define(
            code="ADMIN", name="系统管理员", actor=actor,
            rights=[r for r in all_rights() if r.startswith(("identity.", "audit.", "jobs."))] + ["assets.view", "assets.master"],
        )  # fmt: skip
        post_hold(person=person, post=post, unit=top, valid_from=timezone.localdate(), actor=actor)
    return person
