from .decision import Approval, ApprovalLine, Review, ReviewLine
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
