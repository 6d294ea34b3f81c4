from .devices import (
    condemned_by,
    details_of,
    device_by_barcode,
    device_stands,
    device_with_unit,
    devices_by_barcodes,
    devices_in_place,
    lot_stands,
    meters_with_test_keys,
    timeline,
)
from .scan import Scanned, register_scan, scan
from .search import register_search, search
from .stock import model_stock, stock_by_state, stock_in_subtree
from .words import person_by_words, place_by_words

__all__ = [
    "Scanned",
    "condemned_by",
    "details_of",
    "device_by_barcode",
    "device_stands",
    "device_with_unit",
    "devices_by_barcodes",
    "devices_in_place",
    "lot_stands",
    "meters_with_test_keys",
    "model_stock",
    "person_by_words",
    "place_by_words",
    "register_scan",
    "register_search",
    "scan",
    "search",
    "stock_by_state",
    "stock_in_subtree",
    "timeline",
]
