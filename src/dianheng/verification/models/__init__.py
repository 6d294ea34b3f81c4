from .decision import Approval, ApprovalLine, Review, ReviewLine
from .laboratory import (
    EnvironmentBand,
    InstallationCertificate,
    InstallationStandard,
    LaboratoryAuthorisation,
    RuleSetSignature,
    StandardCertificate,
    StandardInstallation,
)
from .record import TestRecord, TestResult, Upload, Verdict
from .scheme import TestScheme, TestSchemeVersion
from .task import BenchKey, BenchLoad, LoadPosition, TaskDevice, VerificationTask

__all__ = [
    "Approval",
    "ApprovalLine",
    "BenchKey",
    "BenchLoad",
    "EnvironmentBand",
    "InstallationCertificate",
    "InstallationStandard",
    "LaboratoryAuthorisation",
    "LoadPosition",
    "Review",
    "ReviewLine",
    "RuleSetSignature",
    "StandardCertificate",
    "StandardInstallation",
    "TaskDevice",
    "TestRecord",
    "TestResult",
    "TestScheme",
    "TestSchemeVersion",
    "Upload",
    "Verdict",
    "VerificationTask",
]
