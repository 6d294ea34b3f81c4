from .checks import Recorded, check_record, field_check_preview
from .orders import order_done
from .tasks import task_cancel, task_make, tasks_plan
from .uploads import upload_take

__all__ = [
    "Recorded",
    "check_record",
    "field_check_preview",
    "order_done",
    "task_cancel",
    "task_make",
    "tasks_plan",
    "upload_take",
]
