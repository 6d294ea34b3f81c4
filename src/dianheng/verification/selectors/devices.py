"""What records say of single devices."""

from collections.abc import Sequence

from django.db import connection

_KEYS = """
select t.device_id, r.facts ->> 'key_state'
  from verification_taskdevice t
  join verification_testresult r on r.record_id = t.record_id and r.item = 'key_state'
  join verification_verdict v on v.id = t.verdict_id
 where t.id = any(%s) and r.facts ->> 'key_state' in ('formal', 'test') and v.outcome <> 'blocked'
"""


def keys_found(task_device_ids: Sequence[int]) -> dict[int, str]:
    """By device key what the counting record found of the keys: formal or test."""
    with connection.cursor() as cursor:
        cursor.execute(_KEYS, [list(task_device_ids)])
        return dict(cursor.fetchall())
