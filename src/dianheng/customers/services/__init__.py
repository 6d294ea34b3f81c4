"""Writes of usage points."""

from .imports import Imported, points_import
from .points import point_change, point_close, point_make, point_reopen

__all__ = [
    "Imported",
    "point_change",
    "point_close",
    "point_make",
    "point_reopen",
    "points_import",
]
