"""The engine that `config/database_url.py` names; Django asks for this module by its name."""

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base, operations
from psycopg.pq import TransactionStatus

NEVER_BY_ITSELF = 2**31


class PlannedOnce(psycopg.Cursor[Any]):
    """Prepares each statement that it executes."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        # For this call only: else psycopg counts all statements of the connection and keeps
        # the text of a hundred of them, however long.
        self.connection.prepare_threshold = NEVER_BY_ITSELF
        try:
            return super().execute(query, params, **options, prepare=True)
        finally:
            self.connection.prepare_threshold = None


class DatabaseOperations(operations.DatabaseOperations):
    """Django's own; the log of statements shows the planned ones too."""

    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> Any:
        if isinstance(cursor, PlannedOnce):
            return self.compose_sql(sql, params)
        return super().last_executed_query(cursor, sql, params)


class DatabaseWrapper(base.DatabaseWrapper):
    """A kept connection is asked by `select 1` only when there is reason to doubt it."""

    ops_class = DatabaseOperations

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

    def planned_cursor(self) -> Any:
        """A cursor for the few statements that every request begins with: the server plans them
        once a connection, which took most of their time.

        Only for look-ups of one thing by its key, whose plan is the same for every value. Other
        statements stay unprepared (docs/explanation/search.md).
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(PlannedOnce(self.connection))
