from .acceptance import acceptance_decide, return_make, return_notify, return_to_maker
from .arrival import arrival_confirm, arrival_make, arrival_scan
from .delivery import (
    delivery_check,
    delivery_is_large,
    delivery_refuse,
    delivery_start,
    delivery_take,
    delivery_upload,
)
from .inspection import (
    draw_close,
    draw_publish,
    inspection_make,
    inspection_resume,
    inspection_void,
    sample_judge,
    sample_result_record,
    sample_results_read,
    sample_task_make,
)
from .mapping import delivery_map
from .orders import line_add, order_close, order_make, segment_issue

__all__ = [
    "acceptance_decide",
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
    "draw_close",
    "draw_publish",
    "inspection_make",
    "inspection_resume",
    "inspection_void",
    "line_add",
    "order_close",
    "order_make",
    "return_make",
    "return_notify",
    "return_to_maker",
    "sample_judge",
    "sample_result_record",
    "sample_results_read",
    "sample_task_make",
    "segment_issue",
]
