from .decision import Approval, ApprovalLine, Review, ReviewLine
from .quality import (
    QualityBatch,
    QualityMeter,
    QualityReading,
    QualityResult,
    QualityVerdict,
)
from .record import TestRecord, TestResult, Upload, Verdict
from .scheme import TestScheme, TestSchemeVersion
from .signature import RuleSetSignature
from .task import BenchKey, BenchLoad, LoadPosition, TaskDevice, VerificationTask

__all__ = [
    "Approval",
    "ApprovalLine",
    "BenchKey",
    "BenchLoad",
    "LoadPosition",
    "QualityBatch",
    "QualityMeter",
    "QualityReading",
    "QualityResult",
    "QualityVerdict",
    "Review",
    "ReviewLine",
    "RuleSetSignature",
    "TaskDevice",
    "TestRecord",
    "TestResult",
    "TestScheme",
    "TestSchemeVersion",
    "Upload",
    "Verdict",
    "VerificationTask",
]
