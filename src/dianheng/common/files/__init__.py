"""Lists of devices as others send them: opened without trust, read in a stream.

Nothing here knows the database. `open_table` says what kind of file it is or refuses it in
words; `find_head` finds the row with the column names; `prepare` checks the structure of all
rows and leaves a file that goes to `COPY … CSV` as it is; `write_marked` gives it back with
every finding at its row.
"""

from .errors import Unreadable
from .head import Head, find_head, score
from .heads import LEFT_OUT, Field, Heads, guard_mapping, plain_head
from .marked import Mark, write_marked
from .prepare import Prepared, prepare, without_nul
from .sheet import best_table
from .table import Table, open_table

__all__ = [
    "LEFT_OUT",
    "Field",
    "Head",
    "Heads",
    "Mark",
    "Prepared",
    "Table",
    "Unreadable",
    "best_table",
    "find_head",
    "guard_mapping",
    "open_table",
    "plain_head",
    "prepare",
    "score",
    "without_nul",
    "write_marked",
]
