"""What a laboratory had on a day: authorisation, measuring standards, bounds; its standards and benches."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.choices import METERS, STANDARDS, DeviceKind, DeviceState
from dianheng.assets.models import Device
from dianheng.common.errors import NotFound, Refusal
from dianheng.identity.models import Unit
from dianheng.identity.rules import Rights

from ..choices import ItemState, Presence
from ..models import (
    EnvironmentBand,
    InstallationCertificate,
    LaboratoryAuthorisation,
    SendoutItem,
    StandardCertificate,
    StandardInstallation,
)
from ..rights import VIEW

GONE = (DeviceState.SCRAPPED, DeviceState.LOST, DeviceState.RETURNED_TO_MAKER)


def in_force(day: date) -> Q:
    """Papers that hold on a day."""
    return Q(valid_from__lte=day, valid_through__gte=day) & (
        Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gt=day)
    )


def begun() -> Q:
    """Papers that hold or held: not withdrawn, and not still to begin."""
    return Q(withdrawn_on__isnull=True, valid_from__lte=timezone.localdate())


def ancestors(unit: Unit) -> list[str]:
    """Codes of a unit and of all above it."""
    return unit.path.strip("/").split("/")


def authorisation_on(unit: Unit, kind: str, day: date) -> LaboratoryAuthorisation | None:
    """The authorisation of a laboratory, or of the body it belongs to, for a kind of device."""
    return (
        LaboratoryAuthorisation.objects.filter(
            in_force(day), unit__code__in=ancestors(unit), kinds__contains=[kind]
        )
        .order_by("-valid_through")
        .first()
    )


def visible_installation(rights: Rights, code: str) -> StandardInstallation:
    """The measuring standard of a code, for who may see it."""
    rows = StandardInstallation.objects.select_related("unit", "bench__standard")
    found = rows.filter(code=code).first()
    if found is None or not rights.may(VIEW, found.unit.path):
        raise NotFound(_("There is no measuring standard %(code)s.") % {"code": code})
    return found


def installation_of(bench: Device, day: date) -> StandardInstallation | None:
    """The measuring standard that a bench was on a day."""
    return (
        StandardInstallation.objects.filter(bench=bench)
        .filter(Q(stopped_on__isnull=True) | Q(stopped_on__gt=day))
        .order_by("-pk")
        .first()
    )


def installation_certificate_on(
    installation: StandardInstallation, day: date
) -> InstallationCertificate | None:
    """The examination certificate that covers a day."""
    return installation.certificates.filter(in_force(day)).order_by("-valid_through").first()


def environment_band_on(unit: Unit, day: date) -> EnvironmentBand | None:
    """The laboratory's own bounds on a day; its own before those of the body it belongs to."""
    return (
        EnvironmentBand.objects.filter(unit__code__in=ancestors(unit), valid_from__lte=day)
        .select_related("unit")
        .order_by("-unit__path", "-valid_from")
        .first()
    )


def standards() -> QuerySet[Device]:
    """Standards, benches and instruments with the certificate that has begun and holds longest, and
    its last day; where one is away or locked for it, the order it went with, until when, and as what
    (`Presence`)."""
    newest = StandardCertificate.objects.filter(begun(), device=OuterRef("pk"))
    newest = newest.order_by("-valid_through")
    away = SendoutItem.objects.filter(
        device=OuterRef("pk"), out_at__isnull=False, released_at__isnull=True
    ).order_by("-out_at")
    is_late = Q(order__expected_on__lt=timezone.localdate())
    presence = Case(
        When(Q(state=ItemState.OUT) & is_late, then=Value(Presence.LATE.value)),
        When(state=ItemState.OUT, then=Value(Presence.OUT.value)),
        When(state=ItemState.LOST, then=Value(Presence.LOST.value)),
        default=Value(Presence.LOCKED.value),
        output_field=TextField(),
    )
    return (
        Device.objects.filter(kind__in=STANDARDS)
        .select_related("model", "place", "unit", "standard")
        .annotate(
            certificate_no=Subquery(newest.values("number")[:1]),
            certificate_through=Subquery(newest.values("valid_through")[:1]),
            away_order=Subquery(away.values("order__number")[:1]),
            expected_on=Subquery(away.filter(state=ItemState.OUT).values("order__expected_on")[:1]),
            presence=Subquery(away.annotate(presence=presence).values("presence")[:1]),
        )
    )


def standards_in_use() -> QuerySet[Device]:
    """Those that are neither gone nor taken out of use."""
    stopped = Q(standard__stopped_on__lte=timezone.localdate())
    return standards().exclude(state__in=GONE).exclude(stopped)


def bench_numbers() -> list[str]:
    """Numbers of all benches in use."""
    rows = Device.objects.filter(kind=DeviceKind.BENCH).exclude(state__in=GONE)
    return [device.asset_no or device.barcode for device in rows.order_by("barcode")]


def bench_unfit(bench: Device, kind: str) -> Refusal | None:
    """Why devices of a kind are not put on a bench: it is for others, which its measuring standard
    says; a bench that is none is for meters."""
    found = installation_of(bench, timezone.localdate())
    if kind in (found.kinds if found else METERS):
        return None
    if found is None:
        text = _(
            "Bench %(bench)s is no measuring standard, so it takes meters only. Record it as the"
            " measuring standard for these devices, or choose another bench."
        )
        return Refusal("bench_kind", text % {"bench": bench.barcode}, {"bench": bench.barcode})
    facts = {"bench": bench.barcode, "code": found.code, "name": found.name}
    text = _("Bench %(bench)s is the measuring standard %(code)s (%(name)s), which is for other devices.")  # fmt: skip
    return Refusal("bench_kind", text % facts, facts)


def benches(unit_ids: Sequence[int], kind: str = "") -> QuerySet[Device]:
    """Benches that can be loaded, with devices of a kind where one is named."""
    rows = _benches(unit_ids)
    if not kind:
        return rows
    own = StandardInstallation.objects.filter(bench=OuterRef("pk"))
    own = own.filter(Q(stopped_on__isnull=True) | Q(stopped_on__gt=timezone.localdate()))
    rows = rows.annotate(kinds=Subquery(own.order_by("-pk").values("kinds")[:1]))
    unsaid = Q(kinds__isnull=True) if kind in METERS else Q()
    return rows.filter(unsaid | Q(kinds__contains=[kind]))


def _benches(unit_ids: Sequence[int]) -> QuerySet[Device]:
    return (
        Device.objects.filter(kind=DeviceKind.BENCH, unit_id__in=unit_ids)
        .filter(Q(standard__isnull=True) | Q(standard__stopped_on__isnull=True))
        .select_related("standard", "model")
        .order_by("barcode")
    )


def bench_label(bench: Device) -> str:
    """Number, name and positions of a bench, as people know it."""
    known = getattr(bench, "standard", None)
    words = [bench.barcode, known.name if known else str(bench.model)]
    if known and known.position_count:
        words.append(str(_("%(n)s positions") % {"n": known.position_count}))
    return " · ".join(words)
