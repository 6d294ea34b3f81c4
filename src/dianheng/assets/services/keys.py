"""What a test found of the keys in meters."""

from collections.abc import Mapping

from django.db import connection

from dianheng.common.actor import Actor
from dianheng.identity.services import write_batch

_SET = """
update assets_meter m set key_state = n.key_state
  from unnest(%s::bigint[], %s::text[]) n (device_id, key_state)
 where m.device_id = n.device_id and m.key_state <> n.key_state
"""


def meters_set_keys(*, keys: Mapping[int, str], actor: Actor) -> int:
    """Let the register take over which keys meters hold; returns how many changed.

    Args:
        keys: `KeyState` by the key of the device. Whoever calls has checked the right to say so:
            an approved test, or the system that loads the keys.
        actor: for the audit.
    """
    if not keys:
        return 0
    with write_batch(actor=actor, action="meters.keys"), connection.cursor() as cursor:
        cursor.execute(_SET, [list(keys), list(keys.values())])
        return cursor.rowcount
