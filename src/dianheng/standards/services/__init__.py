from .laboratory import (
    authorisation_record,
    environment_set,
    installation_certify,
    installation_equip,
    installation_record,
    installation_stop,
    paper_withdraw,
    standard_certify,
)

__all__ = [
    "authorisation_record",
    "environment_set",
    "installation_certify",
    "installation_equip",
    "installation_record",
    "installation_stop",
    "paper_withdraw",
    "standard_certify",
]
