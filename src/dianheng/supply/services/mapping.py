"""What the heads of a maker's files mean: proposed, asked once, remembered."""

from collections.abc import Sequence

from dianheng.common.actor import Actor
from dianheng.common.errors import Refused
from dianheng.common.files import guard_mapping
from dianheng.identity.services import require, write_batch

from ..choices import DeliveryState
from ..fields import FIELDS, plain_head
from ..models import DeliveryFile, HeaderMapping

REQUIRED = tuple(field.key for field in FIELDS.values() if field.is_required)


def remembered(manufacturer_id: int) -> dict[str, str]:
    """Field by plain head, as this maker's files were mapped before."""
    return dict(
        HeaderMapping.objects.filter(manufacturer_id=manufacturer_id).values_list("head", "field")
    )


def is_mapped(fields: Sequence[str]) -> bool:
    """Whether nothing is left to be asked."""
    return not guard_mapping(fields, REQUIRED)


def delivery_map(*, delivery: DeliveryFile, fields: Sequence[str], actor: Actor) -> DeliveryFile:
    """Say for each column which field it is, "-" for those left out; kept for the maker."""
    order = delivery.line.order
    actor = require(actor, "supply.deliver", order.unit_id)
    fields = [field if field in FIELDS or field == "-" else "" for field in fields]
    fields += [""] * (len(delivery.columns) - len(fields))
    faults = guard_mapping(fields, REQUIRED)
    if faults:
        raise Refused(*faults)
    with write_batch(actor=actor, action="delivery.map"):
        delivery = (
            DeliveryFile.objects.select_for_update()
            .select_related("line__order")
            .get(pk=delivery.pk)
        )
        if delivery.state in (DeliveryState.TAKEN, DeliveryState.REFUSED):
            return delivery
        for column, field in zip(delivery.columns, fields, strict=True):
            column["field"] = field
            HeaderMapping.objects.update_or_create(
                manufacturer_id=order.manufacturer_id,
                head=plain_head(column["head"]),
                defaults={"field": field},
            )
        delivery.state = DeliveryState.MAPPED
        delivery.save(update_fields=["columns", "state"])
    return delivery
