from .laboratory import (
    EnvironmentBand,
    InstallationCertificate,
    InstallationStandard,
    LaboratoryAuthorisation,
    StandardCertificate,
    StandardInstallation,
)

__all__ = [
    "EnvironmentBand",
    "InstallationCertificate",
    "InstallationStandard",
    "LaboratoryAuthorisation",
    "StandardCertificate",
    "StandardInstallation",
]
