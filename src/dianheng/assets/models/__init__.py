from .detail import Meter, StandardEquipment, Terminal, Transformer
from .device import Device, DeviceEvent
from .master import DeviceModel, Lot, Manufacturer, StateMapping
from .place import Place, Stock
from .register import RegisterFault, RegisterFile, RegisterHead

__all__ = [
    "Device",
    "DeviceEvent",
    "DeviceModel",
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
