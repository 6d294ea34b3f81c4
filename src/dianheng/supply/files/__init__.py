"""Delivery files as makers send them: opened without trust, read in a stream.

Nothing here knows the database. `open_table` says what kind of file it is or refuses it in
words; `find_head` finds the row with the column names; `prepare` checks the structure of all
rows and leaves a file that goes to `COPY … CSV` as it is.
"""

from .errors import Unreadable
from .head import Head, find_head
from .prepare import Prepared, prepare
from .table import Table, open_table

__all__ = ["Head", "Prepared", "Table", "Unreadable", "find_head", "open_table", "prepare"]
