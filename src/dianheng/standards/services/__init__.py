from .certificate import certificate_values_set, outside_standard_save, standard_certify
from .environment import environment_take_in
from .laboratory import (
    authorisation_record,
    environment_set,
    installation_certify,
    installation_equip,
    installation_record,
    installation_stop,
    paper_withdraw,
)
from .reminder import reminders_acknowledge, reminders_tick
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
    "outside_standard_save",
    "paper_withdraw",
    "reminders_acknowledge",
    "reminders_tick",
    "standard_certify",
    "test_record",
]
