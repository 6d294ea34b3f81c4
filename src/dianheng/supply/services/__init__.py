from .arrival import arrival_confirm, arrival_make, arrival_scan
from .delivery import (
    delivery_check,
    delivery_is_large,
    delivery_refuse,
    delivery_start,
    delivery_take,
    delivery_upload,
)
from .mapping import delivery_map
from .orders import line_add, order_close, order_make, segment_issue

__all__ = [
    "arrival_confirm",
    "arrival_make",
    "arrival_scan",
    "delivery_check",
    "delivery_is_large",
    "delivery_map",
    "delivery_refuse",
    "delivery_start",
    "delivery_take",
    "delivery_upload",
    "line_add",
    "order_close",
    "order_make",
    "segment_issue",
]
