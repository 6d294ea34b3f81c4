"""The draw: digest published, lot closed, sample drawn, for everybody to repeat."""

import secrets

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import Refusal, Refused, refuse
from dianheng.identity.services import idempotent, remember, require, write_batch
from dianheng.metrology.draws import ALGORITHM, draw, list_digest, seed_digest

from ..choices import InspectionState
from ..models import InspectionLot, InspectionMember, SampleDevice, SampleDraw
from ..rules import guard_state, plan_record
from .inspection import AT_ONCE, locked_inspection, lot_devices


def draw_publish(*, inspection: InspectionLot, actor: Actor) -> SampleDraw:
    """Make the seed and publish its digest with the plan, before the lot is closed."""
    actor = require(actor, "supply.inspect", inspection.unit_id)
    with write_batch(actor=actor, action="draw.publish") as batch:
        found = locked_inspection(inspection)
        refuse(guard_state(found.state, [InspectionState.STATED], found.number))
        _set_plan(found, lot_devices(found).count())
        seed = secrets.token_hex(32)
        made = SampleDraw.objects.create(
            inspection=found, algorithm=ALGORITHM, seed_digest=seed_digest(seed), secret_seed=seed,
            published_at=batch.at, published_by_id=actor.person_id,
        )  # fmt: skip
        found.state = InspectionState.PUBLISHED
        found.save(update_fields=["state", "plan", "lot_size"])
    return made


def _set_plan(inspection: InspectionLot, size: int) -> None:
    """The plan for the lot's size. A single device has no row in the tables: it is tested."""
    if size < 2:
        text = _("A lot for sampling has at least two devices; this one has %(n)s.")
        raise Refused(Refusal("lot_size", text % {"n": size}, {"devices": size}))
    inspection.lot_size = size
    inspection.plan = plan_record(
        lot=size, level=inspection.level, aql=inspection.aql, severity=inspection.severity
    )


def draw_close(*, inspection: InspectionLot, actor: Actor, request_key: str = "") -> SampleDraw:
    """Close the lot: freeze its list, publish list digest and seed, draw the sample.

    Devices that came after the publication belong to the list; the plan follows its size.
    """
    actor = require(actor, "supply.inspect", inspection.unit_id)
    with write_batch(actor=actor, action="draw.close") as batch:
        if idempotent(request_key, "draw.close") is not None:
            return SampleDraw.objects.get(inspection=inspection)
        found = locked_inspection(inspection)
        refuse(guard_state(found.state, [InspectionState.PUBLISHED], found.number))
        made = SampleDraw.objects.select_for_update().get(inspection=found)
        devices = dict(lot_devices(found).select_for_update().values_list("barcode", "pk"))
        _set_plan(found, len(devices))
        assert found.plan is not None
        drawn = draw(made.secret_seed, devices, min(found.plan["sample_size"], len(devices)))
        InspectionMember.objects.bulk_create(
            [InspectionMember(inspection=found, device_id=pk) for pk in sorted(devices.values())],
            batch_size=AT_ONCE,
        )
        SampleDevice.objects.bulk_create(
            [
                SampleDevice(draw=made, device_id=devices[code], rank=rank)
                for rank, code in enumerate(drawn, start=1)
            ]
        )
        made.seed, made.secret_seed = made.secret_seed, ""
        made.list_digest, made.list_count = list_digest(devices), len(devices)
        made.sample_size = len(drawn)
        made.closed_at, made.closed_by_id = batch.at, actor.person_id
        made.save()
        found.state = InspectionState.DRAWN
        found.save(update_fields=["state", "plan", "lot_size"])
        remember(request_key, "draw.close", {"draw": made.pk})
    return made
