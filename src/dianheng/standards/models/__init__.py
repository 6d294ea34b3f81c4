from .certificate import CertificatePoint, OutsideStandard
from .environment import EnvironmentReading
from .laboratory import (
    EnvironmentBand,
    InstallationCertificate,
    InstallationStandard,
    LaboratoryAuthorisation,
    StandardCertificate,
    StandardInstallation,
)
from .reminder import Reminder
from .sendout import SendoutItem, SendoutOrder, SendoutPlan
from .testing import StandardTest

__all__ = [
    "CertificatePoint",
    "EnvironmentBand",
    "EnvironmentReading",
    "InstallationCertificate",
    "InstallationStandard",
    "LaboratoryAuthorisation",
    "OutsideStandard",
    "Reminder",
    "SendoutItem",
    "SendoutOrder",
    "SendoutPlan",
    "StandardCertificate",
    "StandardInstallation",
    "StandardTest",
]
