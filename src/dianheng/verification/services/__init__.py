from ..collected import is_collected
from .decision import (
    Approved,
    Reviewed,
    results_approve,
    results_review,
    review_take_back,
)
from .fill import loads_fill
from .load import load_cancel, load_fetched, load_make, load_put, load_undo, load_undo_scan
from .outcomes import results_seal, task_apply
from .quality import quality_batch_cancel, quality_batch_make, quality_judge
from .quality_reading import Collected, readings_receive, readings_scan
from .rejudge import results_judge_again
from .scheme import scheme_edit, scheme_generate, scheme_propose
from .signature import rule_set_sign, rule_set_unsign
from .task import (
    task_add_devices,
    task_add_lot,
    task_cancel,
    task_make,
    task_undo_scan,
    task_withdraw_devices,
)
from .upload import bench_key_make, bench_secret, upload_keep_refused, upload_receive
from .upload_run import Received

__all__ = [
    "Approved",
    "Collected",
    "Received",
    "Reviewed",
    "bench_key_make",
    "bench_secret",
    "is_collected",
    "load_cancel",
    "load_fetched",
    "load_make",
    "load_put",
    "load_undo",
    "load_undo_scan",
    "loads_fill",
    "quality_batch_cancel",
    "quality_batch_make",
    "quality_judge",
    "readings_receive",
    "readings_scan",
    "results_approve",
    "results_judge_again",
    "results_review",
    "results_seal",
    "review_take_back",
    "rule_set_sign",
    "rule_set_unsign",
    "scheme_edit",
    "scheme_generate",
    "scheme_propose",
    "task_add_devices",
    "task_add_lot",
    "task_apply",
    "task_cancel",
    "task_make",
    "task_undo_scan",
    "task_withdraw_devices",
    "upload_keep_refused",
    "upload_receive",
]
