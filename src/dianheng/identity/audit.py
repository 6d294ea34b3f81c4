"""Puts tables under the audit trail from migrations; see sql/audit.sql for how it works."""

from collections.abc import Sequence
from typing import Any

from django.db.migrations.operations import RunSQL


class _Install(RunSQL):
    kind = ""

    def __init__(self, *tables: str, hidden: Sequence[str] = ()):
        self.tables, self.hidden = tables, tuple(hidden)
        super().__init__(
            [("select audit_install(%s, %s, %s)", [t, self.kind, list(hidden)]) for t in tables], []
        )

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return (self.__class__.__name__, self.tables, {"hidden": self.hidden})


class Audited(_Install):
    """Every image of the tables' rows is kept, whoever writes and however.

    Use it again in each migration that changes the columns. `hidden` columns (password and
    token digests) are neither recorded nor covered.
    """

    kind = "history"


class Evidence(_Install):
    """Rows of the tables are written once: update, delete and truncate are refused."""

    kind = "evidence"
