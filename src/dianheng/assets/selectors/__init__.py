from .devices import device_by_barcode, devices_by_barcodes, devices_in_place, timeline
from .search import register_search, search
from .stock import stock_by_state, stock_in_subtree
from .scan import Scanned, register_scan, scan

__all__ = [
    "Scanned",
    "device_by_barcode",
    "devices_by_barcodes",
    "devices_in_place",
    "register_scan",
    "register_search",
    "scan",
    "search",
    "stock_by_state",
    "stock_in_subtree",
    "timeline",
]
