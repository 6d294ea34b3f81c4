"""Puts tables under the audit trail from migrations; see sql/audit.sql for how it works."""

from typing import Any

from django.db.migrations.operations import RunSQL


class Audited(RunSQL):
    """Every image of the table's rows is kept, whoever writes and however.

    Use it again in each migration that changes the table's columns.
    """

    def __init__(self, *tables: str):
        self.tables = tables
        super().__init__([(f"select audit_install('{t}', 'history')", None) for t in tables], "")

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, list(self.tables), {})


class Evidence(RunSQL):
    """Rows of the table are written once: update, delete and truncate are refused."""

    def __init__(self, *tables: str):
        self.tables = tables
        super().__init__([(f"select audit_install('{t}', 'evidence')", None) for t in tables], "")

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, list(self.tables), {})
