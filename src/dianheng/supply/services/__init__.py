from .acceptance import acceptance_decide
from .arrival import arrival_confirm, arrival_make, arrival_scan
from .delivery import (
    delivery_check,
    delivery_refuse,
    delivery_take,
    delivery_upload,
)
from .draw import draw_close, draw_publish
from .inspection import inspection_make, inspection_resubmit, inspection_void
from .maker_tests import (
    maker_tests_check,
    maker_tests_refuse,
    maker_tests_take,
    maker_tests_upload,
)
from .orders import line_add, order_close, order_make, segment_issue
from .report import sampling_report_issue, sampling_report_supersede
from .returns import return_come_back, return_make, return_notify, return_to_maker
from .sample import sample_judge, sample_result_record, sample_results_read, sample_task_make
from .sent import (
    sent_sample_back,
    sent_sample_hand_over,
    sent_sample_make,
    sent_sample_report,
    sent_sample_withdraw,
)
from .switching import inspection_resume

__all__ = [
    "acceptance_decide",
    "arrival_confirm",
    "arrival_make",
    "arrival_scan",
    "delivery_check",
    "delivery_refuse",
    "delivery_take",
    "delivery_upload",
    "draw_close",
    "draw_publish",
    "inspection_make",
    "inspection_resubmit",
    "inspection_resume",
    "inspection_void",
    "line_add",
    "maker_tests_check",
    "maker_tests_refuse",
    "maker_tests_take",
    "maker_tests_upload",
    "order_close",
    "order_make",
    "return_come_back",
    "return_make",
    "return_notify",
    "return_to_maker",
    "sample_judge",
    "sample_result_record",
    "sample_results_read",
    "sample_task_make",
    "sampling_report_issue",
    "sampling_report_supersede",
    "segment_issue",
    "sent_sample_back",
    "sent_sample_hand_over",
    "sent_sample_make",
    "sent_sample_report",
    "sent_sample_withdraw",
]
