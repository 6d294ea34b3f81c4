"""Shapes of what people type; decisions are the services'."""

from .certificate import (
    AcknowledgeForm,
    CertificateForm,
    OutsideStandardForm,
    StandardCertificateForm,
    ValuesForm,
)
from .common import BarcodeForm, DayReasonForm, ReasonForm
from .environment import EnvironmentFileForm, EnvironmentForm
from .laboratory import AuthorisationForm, EquipForm, InstallationForm, UnequipForm
from .sendout import (
    BroughtForm,
    CostLineForm,
    HandOverForm,
    InvoiceForm,
    LeftForm,
    Lines,
    ListedLineForm,
    PlanLineForm,
    ReturnLineForm,
    SendoutForm,
    SendoutPlanForm,
)
from .testing import TestCorrectForm, TestForm

__all__ = [
    "AcknowledgeForm",
    "AuthorisationForm",
    "BarcodeForm",
    "BroughtForm",
    "CertificateForm",
    "CostLineForm",
    "DayReasonForm",
    "EnvironmentFileForm",
    "EnvironmentForm",
    "EquipForm",
    "HandOverForm",
    "InstallationForm",
    "InvoiceForm",
    "LeftForm",
    "Lines",
    "ListedLineForm",
    "OutsideStandardForm",
    "PlanLineForm",
    "ReasonForm",
    "ReturnLineForm",
    "SendoutForm",
    "SendoutPlanForm",
    "StandardCertificateForm",
    "TestCorrectForm",
    "TestForm",
    "UnequipForm",
    "ValuesForm",
]
