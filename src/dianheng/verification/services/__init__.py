from .laboratory import (
    authorisation_record,
    environment_set,
    installation_certify,
    installation_equip,
    installation_record,
    installation_stop,
    paper_withdraw,
    rule_set_sign,
    rule_set_unsign,
    standard_certify,
)
from .load import load_cancel, load_fetched, load_make, load_put, load_undo
from .scheme import scheme_edit, scheme_generate, scheme_propose
from .task import (
    task_add_devices,
    task_add_lot,
    task_cancel,
    task_make,
    task_withdraw_devices,
)
from .upload import Received, bench_key_make, bench_secret, upload_receive

__all__ = [
    "Received",
    "authorisation_record",
    "bench_key_make",
    "bench_secret",
    "environment_set",
    "installation_certify",
    "installation_equip",
    "installation_record",
    "installation_stop",
    "load_cancel",
    "load_fetched",
    "load_make",
    "load_put",
    "load_undo",
    "paper_withdraw",
    "rule_set_sign",
    "rule_set_unsign",
    "scheme_edit",
    "scheme_generate",
    "scheme_propose",
    "standard_certify",
    "task_add_devices",
    "task_add_lot",
    "task_cancel",
    "task_make",
    "task_withdraw_devices",
    "upload_receive",
]
