from .certificate import CertificatePoint, OutsideStandard
from .laboratory import (
    EnvironmentBand,
    InstallationCertificate,
    InstallationStandard,
    LaboratoryAuthorisation,
    StandardCertificate,
    StandardInstallation,
)
from .reminder import Reminder
from .testing import StandardTest

__all__ = [
    "CertificatePoint",
    "EnvironmentBand",
    "InstallationCertificate",
    "InstallationStandard",
    "LaboratoryAuthorisation",
    "OutsideStandard",
    "Reminder",
    "StandardCertificate",
    "StandardInstallation",
    "StandardTest",
]
