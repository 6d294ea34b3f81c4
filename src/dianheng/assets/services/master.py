"""Writes of makers, models, lots, and how files name states."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.common.pinyin import sort_key
from dianheng.identity.services import require, write_batch

from ..choices import DeviceState
from ..models import DeviceModel, Lot, Manufacturer, StateMapping


def manufacturer_make(*, code: str, name: str, actor: Actor, short_name: str = "") -> Manufacturer:
    """Add a maker or change its names."""
    if not code.strip() or not name.strip():
        raise BadInput(_("A maker needs a code and a name."))
    actor = require(actor, "assets.master")
    with write_batch(actor=actor, action="manufacturer.make"):
        maker, _made = Manufacturer.objects.update_or_create(
            code=code, defaults={"name": name, "short_name": short_name, "sort_key": sort_key(short_name or name)}
        )  # fmt: skip
    return maker


def model_make(
    *, manufacturer: Manufacturer, code: str, actor: Actor, **parameters: Any
) -> DeviceModel:
    """Add a model with its plate, or change it; devices refer to it."""
    actor = require(actor, "assets.master")
    model = DeviceModel.objects.filter(manufacturer=manufacturer, code=code).first() or DeviceModel(
        manufacturer=manufacturer, code=code
    )
    for name, value in parameters.items():
        setattr(model, name, value)
    model.sort_key = sort_key(f"{code} {model.name}")
    model.clean_fields(exclude=["sort_key"])
    with write_batch(actor=actor, action="model.make"):
        model.save()
    return model


def lot_make(*, model: DeviceModel, tender_batch: str, unit_id: int, actor: Actor) -> Lot:
    """The lot of a model, tender batch and unit; made when it is met first."""
    with write_batch(actor=actor, action="lot.make"):
        lot, _made = Lot.objects.get_or_create(
            model=model, tender_batch=tender_batch, unit_id=unit_id,
            defaults={"code": f"{tender_batch}-{model.manufacturer.code}-{model.code}-{unit_id}"},
        )  # fmt: skip
    return lot


def state_mapping_set(*, source: str, text: str, state: str, actor: Actor) -> StateMapping:
    """Say which state a file means by a text."""
    actor = require(actor, "assets.master")
    if state not in DeviceState.values:
        raise BadInput(_("There is no such state."))
    with write_batch(actor=actor, action="statemapping.set"):
        row, _made = StateMapping.objects.update_or_create(
            source=source, text=text, defaults={"state": state}
        )
    return row


def state_mapping_drop(*, mapping_id: int, actor: Actor) -> None:
    """Forget what a file means by a text; what was taken over stays."""
    actor = require(actor, "assets.master")
    with write_batch(actor=actor, action="statemapping.drop"):
        StateMapping.objects.filter(pk=mapping_id).delete()
