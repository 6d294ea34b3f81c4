"""Writes of resources, bookings and tasks of meetings."""

from .assignments import assignment_done, assignments_drop, assignments_make
from .bookings import (
    booking_drop,
    booking_give_back,
    booking_lend,
    booking_make,
    booking_undo,
)
from .resources import resource_change, resource_make

__all__ = [
    "assignment_done",
    "assignments_drop",
    "assignments_make",
    "booking_drop",
    "booking_give_back",
    "booking_lend",
    "booking_make",
    "booking_undo",
    "resource_change",
    "resource_make",
]
