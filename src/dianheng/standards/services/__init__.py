from .certificate import certificate_values_set, outside_standard_save, standard_certify
from .environment import environment_take_in
from .laboratory import (
    authorisation_record,
    environment_set,
    installation_certify,
    installation_equip,
    installation_record,
    installation_stop,
    installation_unequip,
    paper_withdraw,
)
from .reminder import reminders_acknowledge, reminders_tick
from .sendout_order import (
    sendout_cancel,
    sendout_hand_over,
    sendout_order_add,
    sendout_order_make,
    sendout_order_save,
    sendout_order_take_off,
    sendout_scan,
)
from .sendout_plan import (
    sendout_plan_add,
    sendout_plan_agree,
    sendout_plan_drop,
    sendout_plan_make,
    sendout_plan_reopen,
    sendout_plan_save,
)
from .sendout_return import (
    sendout_costs_set,
    sendout_left_correct,
    sendout_lost,
    sendout_receive,
)
from .testing import test_record

__all__ = [
    "authorisation_record",
    "certificate_values_set",
    "environment_set",
    "environment_take_in",
    "installation_certify",
    "installation_equip",
    "installation_record",
    "installation_stop",
    "installation_unequip",
    "outside_standard_save",
    "paper_withdraw",
    "reminders_acknowledge",
    "reminders_tick",
    "sendout_cancel",
    "sendout_costs_set",
    "sendout_hand_over",
    "sendout_left_correct",
    "sendout_lost",
    "sendout_order_add",
    "sendout_order_make",
    "sendout_order_save",
    "sendout_order_take_off",
    "sendout_plan_add",
    "sendout_plan_agree",
    "sendout_plan_drop",
    "sendout_plan_make",
    "sendout_plan_reopen",
    "sendout_plan_save",
    "sendout_receive",
    "sendout_scan",
    "standard_certify",
    "test_record",
]
