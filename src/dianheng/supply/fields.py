"""Columns of a delivery file: what a maker calls them, and what each is for."""

from collections.abc import Mapping

from dianheng.assets.columns import DEVICE_FIELDS, MAKER_FIELD, MODEL_FIELD, TENDER_FIELD
from dianheng.common.files import Field, Heads
from dianheng.common.texts import gettext_lazy as _

FIELDS: Mapping[str, Field] = {
    **DEVICE_FIELDS,
    **{
        field.key: field
        for field in (
            MODEL_FIELD,
            MAKER_FIELD,
            TENDER_FIELD,
            Field("order_no", _("Order"), ("订单号", "订单编号", "采购订单", "采购订单号", "order", "order no", "order number", "purchase order", "po", "po no"), goes_into_register=False),
            Field("contract_no", _("Contract"), ("合同号", "合同编号", "采购合同号", "contract", "contract no", "contract number"), goes_into_register=False),
            Field("box_no", _("Box"), ("箱号", "包装箱号", "周转箱号", "箱条码", "周转箱条码", "装箱号", "box", "box no", "carton", "carton no"), goes_into_register=False),
        )
    },
}  # fmt: skip
HEADS = Heads(FIELDS)
