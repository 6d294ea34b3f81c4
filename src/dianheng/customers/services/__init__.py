from .points import Imported, point_close, point_make, points_import

__all__ = ["Imported", "point_close", "point_make", "points_import"]
