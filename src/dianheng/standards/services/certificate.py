"""Writes of certificates of standards: paper, scanned file, values by point, what stands above."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dianheng.assets.choices import STANDARDS
from dianheng.assets.models import Device
from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput, Refusal, Refused
from dianheng.documents.services import upload_keep, uploads_judge
from dianheng.identity.services import idempotent, remember, require, write_batch

from ..models import CertificatePoint, OutsideStandard, StandardCertificate
from ..rights import RIGHT
from ..rules import Fault, PointValue, outside, read_values, spans_of
from ..selectors.chain import way_up
from .laboratory import check_period, guard_overlap, written
from .sendout_plan import lock_devices
from .sendout_return import sendouts_settle

Rows = Sequence[Sequence[str]]

_FIELDS: Mapping[str, Any] = {
    "quantity": gettext_lazy("Measured quantity"), "point": gettext_lazy("Measuring point"),
    "value": gettext_lazy("Certified value"),
    "correction": gettext_lazy("Correction"), "uncertainty": gettext_lazy("Expanded uncertainty"),
    "factor": gettext_lazy("k"), "unit": gettext_lazy("Unit of measurement"), "": "",
}  # fmt: skip
_FAULTS: Mapping[str, Any] = {
    "no_rows": gettext_lazy("The table has no line with values."),
    "too_many": gettext_lazy("The table has more than 2000 lines. Leave out what is no value."),
    "no_column": gettext_lazy("The table has no column “%(field)s”."),
    "missing": gettext_lazy("Line %(line)s: “%(field)s” is empty."),
    "number": gettext_lazy("Line %(line)s: “%(cell)s” in “%(field)s” is no number."),
    "comma": gettext_lazy(
        "Line %(line)s: “%(cell)s” in “%(field)s” has a comma. Write the decimal point as a point."
    ),
    "not_positive": gettext_lazy("Line %(line)s: “%(field)s” is more than 0, not %(cell)s."),
    "twice": gettext_lazy("Line %(line)s: the point %(cell)s of this quantity stands there twice."),
    "outside": gettext_lazy(
        "Value %(line)s: %(cell)s lies outside the standard's range %(low)s … %(high)s %(unit)s. "
        "Correct the value, or the range in the register."
    ),
}


def standard_certify(
    *,
    device: Device,
    number: str,
    issuer: str,
    valid_from: date,
    valid_through: date,
    actor: Actor,
    accuracy_class: str = "",
    uncertainty: str = "",
    higher_standard: str = "",
    higher_device: Device | None = None,
    note: str = "",
    takes_over: bool = False,
    values: Rows | None = None,
    sent: Any = None,
    request_key: str = "",
) -> StandardCertificate:
    """Record the certificate of a standard, bench or instrument.

    Args:
        higher_standard: name of the issuer's standard by which it was made.
        higher_device: a standard of our own by which it was made, instead.
        takes_over: it takes the place of certificates that still hold on its first day.
        values: cells of its table of values, with or without a line of heads.
        sent: the scanned paper.

    Raises:
        Refused: `covered`, `overlap` where another certificate holds on the same days; `circle`
            where the higher standard was itself made by this one.
        BadInput: every fault of the paper and of every line of values.
    """
    check_period(valid_from, valid_through)
    if device.kind not in STANDARDS:
        raise BadInput(_("%(barcode)s is no standard.") % {"barcode": device.barcode})
    if not number.strip() or not issuer.strip():
        raise BadInput(_("A certificate needs number and issuer."))
    if higher_device is not None and higher_standard.strip():
        raise BadInput(
            _("A certificate is traced to one standard: ours by its bar code, or the issuer's.")
        )
    points = _read(values, device) if values else []
    actor = require(actor, RIGHT, device.unit_id)
    kept = uploads_judge([sent], "sent") if sent is not None else []
    with written(actor, "standard.certify", _("This certificate is recorded already.")):
        if (earlier := idempotent(request_key, "standard.certify")) is not None:
            return _same(device, earlier)
        lock_devices([device])  # two at once would not see that they overlap
        guard_overlap(
            StandardCertificate.objects.filter(device=device), number.strip(), valid_from,
            valid_through, takes_over,
        )  # fmt: skip
        if higher_device is not None:
            _guard_circle(device, higher_device, valid_from, valid_through)
        file = upload_keep(upload=kept[0], actor=actor) if kept else None
        made = StandardCertificate.objects.create(
            device=device, number=number.strip(), issuer=issuer.strip(), valid_from=valid_from,
            valid_through=valid_through, accuracy_class=accuracy_class, uncertainty=uncertainty,
            higher_standard=higher_standard.strip(), higher_device=higher_device, note=note,
            higher_outside=_outside(issuer.strip(), higher_standard.strip()),
            file=file,
        )  # fmt: skip
        _store(made, points)
        sendouts_settle(made, timezone.now())
        remember(request_key, "standard.certify", {"certificate": made.pk})
    return made


def _same(device: Device, earlier: Mapping[str, Any]) -> StandardCertificate:
    """What a repeat is answered with; the key of another standard's certificate is refused."""
    found = StandardCertificate.objects.get(pk=earlier["certificate"])
    if found.device_id != device.pk:
        text = _("This request key was used for something else. Send it with a new key.")
        raise Refused(Refusal("request_key_used", text, {"device": device.barcode}))
    return found


def certificate_values_set(
    *, certificate: StandardCertificate, values: Rows, actor: Actor, reason: str = ""
) -> int:
    """Enter the values of a certificate, all of them; others need a reason once some are there."""
    points = _read(values, certificate.device)
    actor = require(actor, RIGHT, certificate.device.unit_id)
    action = "certificate.values"
    with write_batch(actor=actor, action=action, reason=reason.strip()):
        earlier = CertificatePoint.objects.filter(certificate=certificate)
        if earlier.exists():
            if not reason.strip():
                text = _("The certificate has values. Say why others take their place.")
                raise BadInput(text, [{"field": "reason", "code": "missing", "text": text}])
            earlier.delete()
        _store(certificate, points)
    return len(points)


def outside_standard_save(
    *,
    actor: Actor,
    body: str,
    name: str,
    standard: OutsideStandard | None = None,
    accuracy: str = "",
    certificate_no: str = "",
    valid_through: date | None = None,
    is_national: bool = False,
    higher: OutsideStandard | None = None,
) -> OutsideStandard:
    """Record or correct what is known of a standard of another body.

    Raises:
        Refused: `circle` where it would stand above itself.
    """
    if not body.strip() or not name.strip():
        raise BadInput(_("A standard of another body needs the body and its name."))
    if is_national and higher is not None:
        raise BadInput(_("Nothing stands above the national primary standard."))
    actor = require(actor, RIGHT)
    with written(
        actor, "outside.save", _("A standard of this name of this body is recorded already.")
    ):
        _lock_chain()
        if standard is not None and higher is not None:
            _refuse_circle(way_up(standard.pk, higher.pk, among="outside"))
        found = standard or OutsideStandard()
        found.body, found.name, found.accuracy = body.strip(), name.strip(), accuracy.strip()
        found.certificate_no, found.valid_through = certificate_no.strip(), valid_through
        found.is_national, found.higher = is_national, higher
        found.save()
    return found


def _read(values: Rows, device: Device) -> list[PointValue]:
    """The values, or BadInput with every fault of every line."""
    points, faults = read_values(values)
    known = getattr(device, "standard", None)
    spans = spans_of(known.measuring_range) if known else []
    faults = faults or outside(points, spans)
    if faults:
        raise BadInput(
            _("The values are not taken."),
            [{"field": "values", "code": f.code, "line": f.line, "text": _said(f)} for f in faults],
        )
    return points


def _said(fault: Fault) -> str:
    return str(_FAULTS[fault.code]) % {
        "line": fault.line, "cell": fault.cell, "field": _FIELDS[fault.field], "unit": fault.unit,
        "low": "" if fault.low is None else f"{fault.low.normalize():f}",
        "high": "" if fault.high is None else f"{fault.high.normalize():f}",
    }  # fmt: skip


def _store(certificate: StandardCertificate, points: Sequence[PointValue]) -> None:
    CertificatePoint.objects.bulk_create(
        CertificatePoint(
            certificate=certificate, seq=seq, quantity=p.quantity, point=p.point, value=p.value,
            correction=p.correction, uncertainty=p.uncertainty, factor=p.factor, unit=p.unit,
        )
        for seq, p in enumerate(points, 1)
    )  # fmt: skip


def _lock_chain() -> None:
    """Two certificates at once could close a circle that neither sees."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 10))", ["standards.chain"]
        )


def _guard_circle(device: Device, higher: Device, valid_from: date, valid_through: date) -> None:
    if higher.kind not in STANDARDS:
        raise BadInput(_("%(barcode)s is no standard.") % {"barcode": higher.barcode})
    _lock_chain()
    _refuse_circle(way_up(device.pk, higher.pk, first=valid_from, last=valid_through))


def _refuse_circle(way: Sequence[str]) -> None:
    if way:
        text = _(
            "A standard cannot vouch for what it was itself made by: %(way)s. Name another higher standard."
        )
        shown = " → ".join(way)
        raise Refused(Refusal("circle", text % {"way": shown}, {"way": list(way)}))


def _outside(body: str, name: str) -> OutsideStandard | None:
    """The issuer's standard of a name, known from the first certificate on."""
    if not name:
        return None
    found, _made = OutsideStandard.objects.get_or_create(body=body, name=name)
    return found
