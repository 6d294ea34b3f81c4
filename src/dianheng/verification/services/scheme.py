"""Schemes: generated from the tables of an edition, edited into new versions."""

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from dianheng.assets.models import DeviceModel
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.common.texts import why
from dianheng.identity.models import Unit
from dianheng.identity.services import require, write_batch
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.schemes import Purpose, Stage
from dianheng.metrology.transformer_schemes import TransformerPlate

from ..models import TestScheme, TestSchemeVersion
from ..schemes import content_digest
from ..subjects import (
    AnyPlate,
    AnyScheme,
    content_for,
    faults_for,
    generated_for,
    key_for,
    plate_for,
    scheme_for,
)


def scheme_propose(
    *,
    model: DeviceModel,
    stage: str,
    purpose: str,
    unit: Unit,
    actor: Actor,
    right: str | None = "verification.plan",
) -> TestSchemeVersion:
    """The newest version of the scheme that fits a model; generated when there is none.

    Args:
        right: None: whoever calls has asked already.

    Raises:
        BadInput: the plate of the model is incomplete, or the tables have no points for it.
    """
    plate = plate_for(model)
    key = key_for(plate, Stage(stage), Purpose(purpose))
    if right is not None:
        actor = require(actor, right, unit.pk)
    with write_batch(actor=actor, action="scheme.propose"):
        with connection.cursor() as cursor:
            # Two tasks at once must not generate the same scheme twice.
            cursor.execute(
                "select pg_advisory_xact_lock(hashtextextended(%s, 2))", [f"{unit.pk} {key}"]
            )
        found = (
            TestSchemeVersion.objects.filter(
                scheme__key=key, scheme__unit=unit, scheme__is_active=True
            )
            .select_related("scheme")
            .order_by("-scheme_id", "-version")
            .first()
        )
        return found or _generate(model, plate, Stage(stage), Purpose(purpose), key, unit, actor)


def scheme_generate(
    *, model: DeviceModel, stage: str, purpose: str, unit: Unit, actor: Actor
) -> TestSchemeVersion:
    """Generate a scheme anew from the tables; a scheme with the same key gets a new version."""
    plate = plate_for(model)
    key = key_for(plate, Stage(stage), Purpose(purpose))
    actor = require(actor, "verification.plan", unit.pk)
    with write_batch(actor=actor, action="scheme.generate"):
        return _generate(model, plate, Stage(stage), Purpose(purpose), key, unit, actor)


def _generate(
    model: DeviceModel,
    plate: AnyPlate,
    stage: Stage,
    purpose: Purpose,
    key: str,
    unit: Unit,
    actor: Actor,
) -> TestSchemeVersion:
    try:
        scheme = generated_for(plate, stage, purpose)
    except MetrologyError as error:
        raise BadInput(
            _("The tables have no scheme for this model: %(reason)s") % {"reason": why(error)}
        ) from error
    holder = TestScheme.objects.filter(key=key, unit=unit, is_active=True).order_by("-pk").first()
    if holder is None:
        number = TestScheme.objects.filter(unit=unit).count() + 1
        holder = TestScheme.objects.create(
            code=f"{unit.code}-S{number:03d}",
            name=_name(model, plate, stage, purpose),
            unit=unit,
            kind=model.kind,
            accuracy_class=model.accuracy_class,
            connection=model.connection,
            stage=stage.value,
            purpose=purpose.value,
            key=key,
        )
    newest = holder.versions.order_by("-version").first()
    content = content_for(scheme)
    digest = content_digest(scheme.standard, scheme.edition, scheme.acceptance_edition, content)
    if newest is not None and newest.digest == digest:
        return newest
    return _version(holder, scheme, content, digest, actor, is_generated=True, reason="")


def _name(model: DeviceModel, plate: AnyPlate, stage: Stage, purpose: Purpose) -> str:
    # A name that people of the trade read, in the language of the trade; it can be edited.
    words = {
        "single_phase": "单相",
        "three_phase_four_wire": "三相四线",
        "three_phase_three_wire": "三相三线",
        "direct": "直接接入",
        "via_transformer": "经互感器",
        "first": "首次检定",
        "subsequent": "后续检定",
        "in_use": "使用中检查",
        "every": "",
        "sample": "(抽样)",
    }
    if isinstance(plate, TransformerPlate):
        kinds = {
            "current_transformer": "电流互感器",
            "voltage_transformer": "电压互感器",
            "combined_transformer": "组合互感器",
        }
        classes = "/".join(part.accuracy_class for part in plate.parts)
        ratios = ", ".join(ratio for part in plate.parts for ratio in part.ratios)
        ending = f"{words[stage.value]}{words[purpose.value]}"
        return f"{kinds[model.kind]} {classes}级 {ratios} {ending}"
    return (
        f"{words[plate.wiring.value]} {model.accuracy_class}级 {words[plate.connection.value]} "
        f"{words[stage.value]}{words[purpose.value]}"
    )


def _version(
    scheme: TestScheme,
    made: AnyScheme,
    content: Mapping[str, Any],
    digest: str,
    actor: Actor,
    *,
    is_generated: bool,
    reason: str,
) -> TestSchemeVersion:
    with write_batch(actor=actor, action="scheme.version", reason=reason) as batch:
        last = scheme.versions.order_by("-version").values_list("version", flat=True).first() or 0
        return TestSchemeVersion.objects.create(
            scheme=scheme,
            version=last + 1,
            standard=made.standard,
            edition=made.edition,
            acceptance_edition=made.acceptance_edition,
            content=content,
            digest=digest,
            is_generated=is_generated,
            reason=reason,
            made_by_id=actor.person_id,
            made_at=batch.at,
        )


def scheme_edit(
    *,
    scheme: TestScheme,
    content: Mapping[str, Any],
    model: DeviceModel,
    reason: str,
    actor: Actor,
) -> TestSchemeVersion:
    """Make a new version of a scheme; earlier ones stay as they are.

    Args:
        scheme: the scheme.
        content: items, points and reading rules (`schemes.content_of`).
        model: a model of the kind, to check that every point can be judged.
        reason: why; a new batch at fewer points says with whose consent.
        actor: needs `verification.plan`.

    Raises:
        BadInput: items or points that the editions of the scheme cannot judge, all at once.
    """
    if not reason.strip():
        raise BadInput(_("Say why the scheme changes."))
    actor = require(actor, "verification.plan", scheme.unit_id)
    with write_batch(actor=actor, action="scheme.edit", reason=reason):
        TestScheme.objects.select_for_update(no_key=True).get(pk=scheme.pk)
        newest = scheme.versions.order_by("-version").first()
        if newest is None:
            raise BadInput(_("The scheme has no version yet."))
        draft = TestSchemeVersion(
            standard=newest.standard,
            edition=newest.edition,
            acceptance_edition=newest.acceptance_edition,
            content=content,
        )
        try:
            made = scheme_for(draft)
        except (MetrologyError, ValueError, KeyError, TypeError) as error:
            raise BadInput(
                _("The scheme cannot be read: %(reason)s")
                % {"reason": why(error) if isinstance(error, MetrologyError) else error}
            ) from error
        faults = faults_for(made, plate_for(model))
        if faults:
            raise BadInput(_("The scheme cannot be judged."), faults)
        plain = content_for(made)
        digest = content_digest(made.standard, made.edition, made.acceptance_edition, plain)
        if digest == newest.digest:
            raise BadInput(_("Nothing was changed."))
        return _version(scheme, made, plain, digest, actor, is_generated=False, reason=reason)
