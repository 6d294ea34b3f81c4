"""Writes of the store.

Each takes sets of devices and boxes and is one transaction of set-based SQL, whatever the
number: `handover_receive` and `stock_take_in` are what a scan list of ten thousand goes to.
"""

from .handover import handover_close, handover_receive, handover_refuse, handover_take_back
from .labels import label_run_make, labels_pdf
from .movement import stock_release, stock_reserve, stock_return, stock_send, stock_take_in
from .recheck import recheck_lock
from .session import (
    damaged_scans,
    session_book,
    session_damaged,
    session_drop,
    session_make,
    session_scan,
)

__all__ = [
    "damaged_scans",
    "handover_close",
    "handover_receive",
    "handover_refuse",
    "handover_take_back",
    "label_run_make",
    "labels_pdf",
    "recheck_lock",
    "session_book",
    "session_damaged",
    "session_drop",
    "session_make",
    "session_scan",
    "stock_release",
    "stock_reserve",
    "stock_return",
    "stock_send",
    "stock_take_in",
]
