"""The value of a company's setting on a day."""

import json
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone

from ..registry import all_settings

# The unit's own value before that of the unit above, the company's last; the newest of each.
_VALUE = """
select s.value from identity_setting s left join identity_unit u on u.id = s.unit_id
 where s.key = %(key)s and s.valid_from <= %(on)s
   and (s.unit_id is null
        or starts_with((select path from identity_unit where id = %(unit)s), u.path))
 order by length(u.path) desc nulls last, s.valid_from desc limit 1
"""


def setting(key: str, unit_id: int | None = None, on: date | None = None) -> Any:
    """The newest value in force for the unit or its nearest ancestor, else the default."""
    kind = all_settings()[key]
    with connection.planned_cursor() as cursor:
        cursor.execute(_VALUE, {"key": key, "on": on or timezone.localdate(), "unit": unit_id})
        found = cursor.fetchone()
    return kind.default if found is None else kind.parse(str(json.loads(found[0])))
