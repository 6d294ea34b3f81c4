from .detail import Meter, StandardEquipment, Terminal, Transformer
from .device import Device, DeviceEvent
from .installation import Installation
from .lists import DeviceList, ListFault
from .master import DeviceModel, Lot, Manufacturer, StateMapping
from .place import Place, Stock
from .register import RegisterFault, RegisterFile, RegisterHead

__all__ = [
    "Device",
    "DeviceEvent",
    "DeviceList",
    "DeviceModel",
    "Installation",
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
