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
from .maker import MakerTestFault, MakerTestFile, MakerTestHead, MakerTestResult
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
    "MakerTestFault",
    "MakerTestFile",
    "MakerTestHead",
    "MakerTestResult",
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
