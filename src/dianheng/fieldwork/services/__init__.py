from .checks import Recorded, check_again, check_record
from .orders import order_done, process_of
from .tasks import task_cancel, task_make, tasks_plan
from .uploads import upload_take

__all__ = [
    "Recorded",
    "check_again",
    "check_record",
    "order_done",
    "process_of",
    "task_cancel",
    "task_make",
    "tasks_plan",
    "upload_take",
]
