from .organisation import (
    person_by_login,
    qualification_at,
    subtree_ids,
    system_person,
    under,
    unit_by_code,
    unit_of_json,
    units_with_right,
)
from .rights import (
    holders_of,
    person_with_rights,
    rights_of,
    separation_exceptions,
    standing_of,
)
from .settings import setting

__all__ = [
    "holders_of",
    "person_by_login",
    "person_with_rights",
    "qualification_at",
    "rights_of",
    "separation_exceptions",
    "setting",
    "standing_of",
    "subtree_ids",
    "system_person",
    "under",
    "unit_by_code",
    "unit_of_json",
    "units_with_right",
]
