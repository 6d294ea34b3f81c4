"""One way to make lists: declare a `ListPage`, answer with it (see its docstring)."""

from .bulk import BulkAction, NotThis, Outcome, PageAction, Preview, Selection
from .columns import Column
from .filters import (
    Choice,
    Contains,
    Days,
    Filter,
    Flag,
    NotUnderstood,
    Numbers,
    read_day,
    read_moment,
)
from .page import ListPage, list_page, register_bulk_action
from .query import ListQuery
from .sources import Condition, SqlRows

__all__ = [
    "BulkAction",
    "Choice",
    "Column",
    "Condition",
    "Contains",
    "Days",
    "Filter",
    "Flag",
    "ListPage",
    "ListQuery",
    "NotThis",
    "NotUnderstood",
    "Numbers",
    "Outcome",
    "PageAction",
    "Preview",
    "Selection",
    "SqlRows",
    "list_page",
    "read_day",
    "read_moment",
    "register_bulk_action",
]
