"""Writes of makers, models, lots, and how files name states."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
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
    _checked(model)
    with write_batch(actor=actor, action="model.make"):
        model.save()
    return model


def manufacturer_add(*, code: str, name: str, actor: Actor, short_name: str = "") -> Manufacturer:
    """Add a maker whose code is new."""
    require(actor, "assets.master")
    if Manufacturer.objects.filter(code=code.strip()).exists():
        text = _("There is a maker %(code)s already.") % {"code": code}
        raise BadInput(text, [{"field": "code", "code": "twice", "text": text}])
    return manufacturer_make(
        code=code.strip(), name=name.strip(), short_name=short_name, actor=actor
    )


def model_add(
    *, manufacturer: Manufacturer, code: str, actor: Actor, **parameters: Any
) -> DeviceModel:
    """Add a model that its maker does not have yet."""
    require(actor, "assets.master")
    if DeviceModel.objects.filter(manufacturer=manufacturer, code=code.strip()).exists():
        text = _("%(maker)s has a model %(code)s already.") % {"maker": manufacturer, "code": code}
        raise BadInput(text, [{"field": "code", "code": "twice", "text": text}])
    return model_make(manufacturer=manufacturer, code=code.strip(), actor=actor, **parameters)


def manufacturer_change(
    *,
    maker: Manufacturer,
    name: str,
    short_name: str,
    is_active: bool,
    actor: Actor,
    reason: str = "",
) -> Manufacturer:
    """Change a maker's names, or switch it off: nothing new is bought from it then."""
    actor = require(actor, "assets.master")
    if not name.strip():
        raise BadInput(
            _("A maker needs a code and a name."),
            [{"field": "name", "code": "missing", "text": _("is empty")}],
        )
    with write_batch(actor=actor, action="manufacturer.change", reason=reason):
        maker = Manufacturer.objects.select_for_update().get(pk=maker.pk)
        maker.name, maker.short_name, maker.is_active = name.strip(), short_name.strip(), is_active
        maker.sort_key = sort_key(maker.short_name or maker.name)
        maker.save(update_fields=["name", "short_name", "is_active", "sort_key"])
    return maker


def model_change(
    *, model: DeviceModel, changes: Mapping[str, Any], actor: Actor, reason: str
) -> DeviceModel:
    """Change a model's plate or switch it off; every device of the model has the new plate.

    Raises:
        Refused: no reason, though devices of the model are in the register.
        BadInput: a value that its column does not take.
    """
    actor = require(actor, "assets.master")
    if not reason.strip() and model.devices.exists():
        text = _("Devices of this model are in the register. Say why its plate changes.")
        raise Refused(
            Refusal("reason", text, {}, [{"field": "reason", "code": "missing", "text": text}])
        )
    with write_batch(actor=actor, action="model.change", reason=reason):
        model = DeviceModel.objects.select_for_update(of=("self",)).get(pk=model.pk)
        for name, value in changes.items():
            setattr(model, name, value)
        model.sort_key = sort_key(f"{model.code} {model.name}")
        _checked(model)
        model.save()
    return model


def _checked(model: DeviceModel) -> None:
    """Refuse what a column does not take, each with its field."""
    try:
        model.clean_fields(exclude=["sort_key"])
    except ValidationError as error:
        faults = [
            {"field": name, "code": "value", "text": text}
            for name, texts in error.message_dict.items()
            for text in texts
        ]
        raise BadInput(_("The plate cannot be kept so."), faults) from None


def lot_make(*, model: DeviceModel, tender_batch: str, unit_id: int, actor: Actor) -> Lot:
    """The lot of a model, tender batch and unit; made when it is met first."""
    with write_batch(actor=actor, action="lot.make"):
        lot, _made = Lot.objects.get_or_create(
            model=model, tender_batch=tender_batch, unit_id=unit_id,
            defaults={"code": f"{tender_batch}-{model.manufacturer.code}-{model.code}-{unit_id}"},
        )  # fmt: skip
    return lot


def state_mapping_set(*, source: str, text: str, state: str, actor: Actor) -> StateMapping:
    """Say which state a file means by a text; a star for all files is master data."""
    actor = require(actor, "assets.master" if source == "*" else "assets.enrol")
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
