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
]
