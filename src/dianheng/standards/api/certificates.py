"""Certificates of standards: recorded as the paper says, by that a send-out is released."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status

from dianheng.assets.choices import STANDARDS
from dianheng.assets.models import Device
from dianheng.common.errors import BadInput, NotFound
from dianheng.identity.services import actor_of, require

from .. import services
from ..models import StandardCertificate
from ..rights import RIGHT, VIEW
from ..rules import DEFAULT_ORDER, MOST_ROWS
from ..selectors.sendout import locked_in_spite
from .common import Request

router = Router()


class ValueIn(Schema):
    """A value of the certificate, in the figures of the paper."""

    quantity: str = Field(max_length=200)
    point: str = Field(max_length=200)
    value: str = Field(max_length=60, description="Decimal text: 0.0120 is not 0.012.")
    correction: str = Field("", max_length=60)
    uncertainty: str = Field("", max_length=60, description="Expanded.")
    factor: str = Field("", max_length=60, description="k.")
    unit: str = Field(max_length=40)


class CertificateIn(Request):
    """The certificate of a standard, bench or instrument."""

    number: str = Field(max_length=100)
    issuer: str = Field(max_length=200)
    valid_from: date
    valid_through: date = Field(description="The last day on which it holds.")
    takes_over: bool = Field(
        False, description="From certificates that still hold on its first day."
    )
    accuracy_class: str = Field("", max_length=20, description="`0.05`; empty: by uncertainty.")
    uncertainty: str = Field("", max_length=100)
    higher_standard: str = Field(
        "", max_length=200, description="The issuer's, as the paper names it."
    )
    higher_barcode: str = Field("", max_length=64, description="Our own standard, instead.")
    note: str = Field("", max_length=2000)
    values: list[ValueIn] = Field([], max_length=MOST_ROWS)


class CertificateOut(Schema):
    """A certificate as it is kept."""

    barcode: str
    number: str
    issuer: str
    valid_from: date
    valid_through: date
    values_count: int
    still_locked_by: str | None = Field(
        description="The send-out that it does not release, because it was made before."
    )


def _standard(code: str) -> Device | None:
    rows = Device.objects.select_related("unit", "standard")
    return rows.filter(barcode=code, kind__in=STANDARDS).first()


@router.post("standards/{barcode}/certificates", response={201: CertificateOut})
def certificate_record(
    request: HttpRequest, barcode: str, sent: CertificateIn
) -> Status[CertificateOut]:
    """Record the certificate of a standard; it releases what waited for it."""
    require(actor_of(request), RIGHT)
    found = _standard(barcode)
    if found is None or not request.rights.may(VIEW, found.unit.path):  # type: ignore[attr-defined]
        raise NotFound(_("No standard has the bar code %(code)s.") % {"code": barcode})
    given: dict[str, Any] = sent.dict(exclude={"values", "higher_barcode"})
    if sent.higher_barcode:
        given["higher_device"] = _standard(sent.higher_barcode)
        if given["higher_device"] is None:
            text = _("No standard has the bar code %(code)s.") % {"code": sent.higher_barcode}
            raise BadInput(text, [{"field": "higher_barcode", "code": "not_found", "text": text}])
    made = services.standard_certify(
        device=found, actor=actor_of(request), **given,
        values=[[getattr(one, name) for name in DEFAULT_ORDER] for one in sent.values],
    )  # fmt: skip
    return Status(201, _out(made))


def _out(made: StandardCertificate) -> CertificateOut:
    locked = locked_in_spite(made)
    return CertificateOut(
        barcode=made.device.barcode, number=made.number, issuer=made.issuer,
        valid_from=made.valid_from, valid_through=made.valid_through,
        values_count=made.points.count(),
        still_locked_by=locked.order.number if locked and locked.order else None,
    )  # fmt: skip
