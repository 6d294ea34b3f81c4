"""What is no error of the program: the disk is full, the database is away. Said in words.

Both pass: the disk when somebody frees space, the database when it has recovered.
"""

import errno

import psycopg
from django.db import OperationalError
from django.utils.translation import gettext_lazy as _

from .errors import Refusal

DISK_FULL = "53100"
FULL = (errno.ENOSPC, errno.EDQUOT)
DISK = Refusal(
    "disk_full",
    _(
        "The disk of the server is full. Nothing of this step was kept. Let the administrator "
        "free some space, then do it again."
    ),
)
DATABASE = Refusal(
    "database_away",
    _(
        "The database does not answer just now; it is being started again. Nothing of this step "
        "was written. Try again in a minute."
    ),
)
STATUS = {"disk_full": 507, "database_away": 503}


def outage(error: BaseException | None) -> Refusal | None:
    """The outage behind an error, however deep it was wrapped; None for an error of the program."""
    found = None
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if getattr(error, "sqlstate", None) == DISK_FULL:
            return DISK
        if isinstance(error, OSError) and error.errno in FULL:
            return DISK
        if is_connection_lost(error):
            found = DATABASE
        error = error.__cause__ or error.__context__
    return found


def is_connection_lost(error: BaseException) -> bool:
    """Whether the database went away: no state at all, or that of a server that ends or begins."""
    if not isinstance(error, psycopg.OperationalError | OperationalError):
        return False
    state = getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(("08", "57P"))
