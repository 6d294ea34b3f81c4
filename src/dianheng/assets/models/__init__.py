from .detail import Meter, StandardEquipment, Terminal, Transformer
from .device import Device, DeviceEvent
from .lists import DeviceList, ListFault
from .master import DeviceModel, Lot, Manufacturer, StateMapping
from .place import Place, Stock
from .register import RegisterFault, RegisterFile, RegisterHead

__all__ = [
    "Device",
    "DeviceEvent",
    "DeviceList",
    "DeviceModel",
    "ListFault",
    "Lot",
    "Manufacturer",
    "Meter",
    "Place",
    "RegisterFault",
    "RegisterFile",
    "RegisterHead",
    "StandardEquipment",
    "StateMapping",
    "Stock",
    "Terminal",
    "Transformer",
]
