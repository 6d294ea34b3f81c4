from .movement import (
    handover_receive,
    handover_take_back,
    stock_release,
    stock_reserve,
    stock_return,
    stock_send,
    stock_take_in,
)
from .recheck import recheck_lock
from .session import session_book, session_drop, session_make, session_scan

__all__ = [
    "handover_receive",
    "handover_take_back",
    "recheck_lock",
    "session_book",
    "session_drop",
    "session_make",
    "session_scan",
    "stock_release",
    "stock_reserve",
    "stock_return",
    "stock_send",
    "stock_take_in",
]
