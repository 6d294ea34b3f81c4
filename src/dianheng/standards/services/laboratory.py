"""Writes of what a laboratory must have: authorisations, installations, papers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from dianheng.assets.choices import STANDARDS, DeviceKind
from dianheng.assets.models import Device
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, NotFound, Refusal, Refused
from dianheng.common.lists.columns import show
from dianheng.identity.models import Unit
from dianheng.identity.services import require, write_batch

from ..choices import Project
from ..models import (
    EnvironmentBand,
    InstallationCertificate,
    InstallationStandard,
    LaboratoryAuthorisation,
    StandardCertificate,
    StandardInstallation,
)
from ..rights import RIGHT
from ..rules import POSSIBLE
from .sendout_return import sendouts_unsettle


def check_period(valid_from: date, valid_through: date) -> None:
    if valid_through < valid_from:
        raise BadInput(_("It ends before it begins."))


@contextmanager
def written(actor: Actor, action: str, twice: Any) -> Iterator[None]:
    """One batch; a number that is there already is said in words."""
    with write_batch(actor=actor, action=action):
        try:
            with transaction.atomic():
                yield
        except IntegrityError as error:
            raise Refused(Refusal("twice", twice)) from error


def authorisation_record(
    *,
    unit: Unit,
    number: str,
    issuer: str,
    scope: str,
    kinds: Sequence[str],
    valid_from: date,
    valid_through: date,
    actor: Actor,
) -> LaboratoryAuthorisation:
    """Record a 计量授权证书."""
    check_period(valid_from, valid_through)
    unknown = sorted(set(kinds) - set(DeviceKind.values))
    if not number.strip() or not issuer.strip() or not kinds or unknown:
        raise BadInput(
            _("An authorisation needs number, issuer and the kinds of device it covers.")
        )
    actor = require(actor, RIGHT, unit.pk)
    with written(actor, "authorisation.record", _("This authorisation is recorded already.")):
        return LaboratoryAuthorisation.objects.create(
            unit=unit,
            number=number.strip(),
            issuer=issuer.strip(),
            scope=scope,
            kinds=list(kinds),
            valid_from=valid_from,
            valid_through=valid_through,
        )


def installation_record(
    *,
    unit: Unit,
    code: str,
    name: str,
    kinds: Sequence[str],
    actor: Actor,
    bench: Device | None = None,
    project: str = Project.AC_METER,
    measuring_range: str = "",
    accuracy: str = "",
) -> StandardInstallation:
    """Record a measuring standard (计量标准): a bench that was examined with its standards."""
    if not code.strip() or not name.strip() or not kinds:
        raise BadInput(_("A measuring standard needs a code, a name and kinds of device."))
    if bench is not None and bench.kind != DeviceKind.BENCH:
        raise BadInput(_("%(barcode)s is no bench.") % {"barcode": bench.barcode})
    actor = require(actor, RIGHT, unit.pk)
    with written(
        actor,
        "installation.record",
        _("The code is taken, or the bench belongs to another measuring standard."),
    ):
        return StandardInstallation.objects.create(
            unit=unit,
            code=code.strip(),
            name=name.strip(),
            kinds=list(kinds),
            bench=bench,
            project=project,
            measuring_range=measuring_range,
            accuracy=accuracy,
        )


def installation_certify(
    *,
    installation: StandardInstallation,
    number: str,
    issuer: str,
    valid_from: date,
    valid_through: date,
    actor: Actor,
    takes_over: bool = False,
) -> InstallationCertificate:
    """Record a 计量标准考核证书.

    Args:
        takes_over: it takes the place of one that still holds on its first day, as after a
            re-examination.

    Raises:
        Refused: `overlap`, `covered`: another one holds on days of it.
    """
    check_period(valid_from, valid_through)
    if not number.strip() or not issuer.strip():
        raise BadInput(_("A certificate needs number and issuer."))
    actor = require(actor, RIGHT, installation.unit_id)
    with written(actor, "installation.certify", _("This certificate is recorded already.")):
        StandardInstallation.objects.select_for_update().get(pk=installation.pk)
        guard_overlap(
            installation.certificates.all(), number.strip(), valid_from, valid_through, takes_over
        )
        return InstallationCertificate.objects.create(
            installation=installation,
            number=number.strip(),
            issuer=issuer.strip(),
            valid_from=valid_from,
            valid_through=valid_through,
        )


def installation_equip(
    *,
    installation: StandardInstallation,
    device: Device,
    valid_from: date,
    actor: Actor,
    role: str = "main",
    valid_through: date | None = None,
) -> InstallationStandard:
    """Say that a standard belongs to an installation from a day on.

    Raises:
        Refused: `overlap`: it belongs to it on such a day already.
    """
    if device.kind not in STANDARDS:
        raise BadInput(_("%(barcode)s is no standard.") % {"barcode": device.barcode})
    actor = require(actor, RIGHT, installation.unit_id)
    with write_batch(actor=actor, action="installation.equip"):
        StandardInstallation.objects.select_for_update().get(pk=installation.pk)
        others = installation.parts.filter(device=device).filter(
            Q(valid_through__isnull=True) | Q(valid_through__gte=valid_from)
        )
        if valid_through is not None:
            others = others.filter(valid_from__lte=valid_through)
        if (other := others.first()) is not None:
            text = _("%(barcode)s has belonged to it since %(day)s. Take it out first.")
            facts = {"barcode": device.barcode, "day": show(other.valid_from)}
            raise Refused(Refusal("overlap", text % facts, facts))
        return InstallationStandard.objects.create(
            installation=installation,
            device=device,
            role=role,
            valid_from=valid_from,
            valid_through=valid_through,
        )


def installation_unequip(
    *, part: InstallationStandard, valid_through: date, reason: str, actor: Actor
) -> None:
    """Take a standard out of an installation; what never belonged to it loses its entry.

    Args:
        valid_through: the last day; before the first one: it was added by mistake.

    Raises:
        Refused: `ended`: its last day is that day or an earlier one already.
    """
    if not reason.strip():
        raise BadInput(_("Say why it is taken out."))
    actor = require(actor, RIGHT, part.installation.unit_id)
    with write_batch(actor=actor, action="installation.unequip", reason=reason):
        held = InstallationStandard.objects.select_for_update().filter(pk=part.pk).first()
        if held is None:
            raise NotFound(_("It does not belong to the measuring standard any more."))
        _guard_earlier(held.valid_through, valid_through)
        if valid_through < held.valid_from:
            held.delete()
        else:
            held.valid_through = valid_through
            held.save(update_fields=["valid_through"])


def installation_stop(
    *, installation: StandardInstallation, stopped_on: date, reason: str, actor: Actor
) -> None:
    """Take an installation out of use: from that day on its records are blocked.

    Raises:
        Refused: `ended`: it is out of use from that day or an earlier one already.
    """
    if not reason.strip():
        raise BadInput(_("Say why it is taken out of use."))
    actor = require(actor, RIGHT, installation.unit_id)
    with write_batch(actor=actor, action="installation.stop", reason=reason):
        rows = StandardInstallation.objects.select_for_update()
        _guard_earlier(rows.get(pk=installation.pk).stopped_on, stopped_on)
        installation.stopped_on = stopped_on
        installation.save(update_fields=["stopped_on"])


def paper_withdraw(*, paper: Any, withdrawn_on: date, reason: str, actor: Actor) -> None:
    """End an authorisation or a certificate before its last day, from that day on.

    Raises:
        Refused: `ended`: it is withdrawn from that day or an earlier one already.
    """
    if not reason.strip():
        raise BadInput(_("Say why it is withdrawn."))
    unit_id = {
        LaboratoryAuthorisation: lambda: paper.unit_id,
        InstallationCertificate: lambda: paper.installation.unit_id,
        StandardCertificate: lambda: paper.device.unit_id,
    }[type(paper)]()
    actor = require(actor, RIGHT, unit_id)
    with write_batch(actor=actor, action="paper.withdraw", reason=reason) as batch:
        rows = type(paper).objects.select_for_update()
        _guard_earlier(rows.get(pk=paper.pk).withdrawn_on, withdrawn_on)
        paper.withdrawn_on = withdrawn_on
        paper.save(update_fields=["withdrawn_on"])
        if isinstance(paper, StandardCertificate):
            sendouts_unsettle(paper, batch.at)


def guard_overlap(
    papers: QuerySet[Any], number: str, valid_from: date, valid_through: date, takes_over: bool
) -> None:
    """Two certificates of one thing hold on the same days only where the later one takes over.

    Args:
        papers: the certificates of the thing.

    Raises:
        Refused: `covered`: one holds on all the days of this one; `overlap`: on some of them.
    """
    others = papers.filter(
        withdrawn_on__isnull=True, valid_from__lte=valid_through, valid_through__gte=valid_from
    ).exclude(number=number)
    rows = list(others.order_by("valid_from"))
    covering = [
        row for row in rows if row.valid_from <= valid_from and row.valid_through >= valid_through
    ]
    facts = {"certificates": [row.number for row in rows]}
    for row in covering:
        text = _(
            "Certificate %(number)s holds from %(first)s through %(last)s, all the days of this one. "
            "Correct the days, or withdraw it first."
        )
        raise Refused(Refusal("covered", text % _period(row), facts))
    if rows and not takes_over:
        text = _(
            "Certificate %(number)s holds from %(first)s through %(last)s, on days of this one too. "
            "Say that the later one takes over, or correct the days."
        )
        errors = [
            {"field": "takes_over", "code": "overlap", "text": text % _period(row)} for row in rows
        ]
        raise Refused(Refusal("overlap", errors[0]["text"], facts, errors))


def _period(row: Any) -> dict[str, str]:
    return {
        "number": row.number, "first": show(row.valid_from), "last": show(row.valid_through),
    }  # fmt: skip


def _guard_earlier(ended_on: date | None, day: date) -> None:
    """A later day would bring back into force what has been over."""
    if ended_on is not None and day >= ended_on:
        text = _("It has ended on %(day)s already. Only an earlier day can be set.")
        raise Refused(Refusal("ended", text % {"day": show(ended_on)}, {"ended_on": str(ended_on)}))


def environment_set(
    *,
    unit: Unit,
    temperature_low_c: Decimal,
    temperature_high_c: Decimal,
    humidity_low_pct: Decimal,
    humidity_high_pct: Decimal,
    source: str,
    valid_from: date,
    actor: Actor,
) -> EnvironmentBand:
    """Set the laboratory's own bounds of the environment from a day on."""
    bounds = {
        "temperature_low_c": temperature_low_c, "temperature_high_c": temperature_high_c,
        "humidity_low_pct": humidity_low_pct, "humidity_high_pct": humidity_high_pct,
    }  # fmt: skip
    errors = []
    for name, bound in bounds.items():
        low, high = POSSIBLE[name.partition("_")[0]]
        if not low <= bound <= high:
            text = _("A bound lies from %(low)s to %(high)s.") % {"low": low, "high": high}
            errors.append({"field": name, "code": "impossible", "text": text})
    if errors:
        raise BadInput(_("The bounds cannot be."), errors)
    if temperature_low_c >= temperature_high_c or humidity_low_pct >= humidity_high_pct:
        raise BadInput(_("The lower bound lies below the upper one."))
    actor = require(actor, RIGHT, unit.pk)
    with write_batch(actor=actor, action="environment.set"):
        band, _made = EnvironmentBand.objects.update_or_create(
            unit=unit,
            valid_from=valid_from,
            defaults={**bounds, "source": source},
        )
    return band
