from .access import (
    actor_for_person,
    actor_of,
    require,
    require_sent,
    separation_except,
    setting_change,
    system_actor,
    token_make,
    token_person,
    token_revoke,
)
from .access_log import access_note, login_note, token_noted
from .audit import audit_export, audit_root, audit_seal, audit_verify
from .batch import Batch, idempotent, remember, write_batch
from .clean_up import access_clean_up
from .organisation import (
    administrator_make,
    delegation_make,
    delegation_revoke,
    holding_end,
    person_change_password,
    person_make,
    person_set_active,
    post_define,
    post_hold,
    qualification_grant,
    qualification_withdraw,
    unit_make,
    unit_rename,
)
from .separation import require_separation
from .signing import require_password
from .unusual import unusual_acknowledge, unusual_tick
from .uses import right_used, use_note

__all__ = [
    "Batch",
    "access_clean_up",
    "access_note",
    "actor_for_person",
    "actor_of",
    "administrator_make",
    "audit_export",
    "audit_root",
    "audit_seal",
    "audit_verify",
    "delegation_make",
    "delegation_revoke",
    "holding_end",
    "idempotent",
    "login_note",
    "person_change_password",
    "person_make",
    "person_set_active",
    "post_define",
    "post_hold",
    "qualification_grant",
    "qualification_withdraw",
    "remember",
    "require",
    "require_password",
    "require_sent",
    "require_separation",
    "right_used",
    "separation_except",
    "setting_change",
    "system_actor",
    "token_make",
    "token_noted",
    "token_person",
    "token_revoke",
    "unit_make",
    "unit_rename",
    "unusual_acknowledge",
    "unusual_tick",
    "use_note",
    "write_batch",
]
