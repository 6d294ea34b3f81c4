from .arrival import Arrival, ArrivalBox, ArrivalScan
from .delivery import DeliveryFault, DeliveryFile, HeaderMapping
from .inspection import (
    AcceptanceOpinion,
    InspectionLot,
    InspectionMember,
    InspectionPart,
    Nonconformity,
    SampleDevice,
    SampleDraw,
    SampleResult,
    SentSample,
    SwitchingState,
)
from .orders import NumberSegment, OrderLine, PurchaseOrder
from .returns import ReturnDevice, ReturnOrder

__all__ = [
    "AcceptanceOpinion",
    "Arrival",
    "ArrivalBox",
    "ArrivalScan",
    "DeliveryFault",
    "DeliveryFile",
    "HeaderMapping",
    "InspectionLot",
    "InspectionMember",
    "InspectionPart",
    "Nonconformity",
    "NumberSegment",
    "OrderLine",
    "PurchaseOrder",
    "ReturnDevice",
    "ReturnOrder",
    "SampleDevice",
    "SampleDraw",
    "SampleResult",
    "SentSample",
    "SwitchingState",
]
