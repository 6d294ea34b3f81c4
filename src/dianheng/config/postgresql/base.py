"""The engine that `config/database_url.py` names; Django asks for this module by its name."""

import select

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus


class DatabaseWrapper(base.DatabaseWrapper):
    """A kept connection is asked by `select 1` only when there is reason to doubt it."""

    def is_usable(self) -> bool:
        """Whether the server still answers.

        A server that stops or ends the session closes its socket, which then has something to
        read. While nothing waits there, the question would tell nothing more: each request
        would pay a round trip for it.
        """
        link = self.connection
        if link is None or link.closed:
            return False
        ear = select.poll()
        ear.register(link.fileno(), select.POLLIN)
        is_quiet = link.info.transaction_status == TransactionStatus.IDLE and not ear.poll(0)
        return is_quiet or super().is_usable()
