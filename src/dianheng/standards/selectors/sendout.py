"""What is due to go to a higher body, what is on its way, and what is locked for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from dianheng.assets.models import Device
from dianheng.common.errors import NotFound, Refusal
from dianheng.identity.models import Unit
from dianheng.identity.rules import Rights

from ..choices import Found, ItemState, PlanState, Way
from ..models import (
    InstallationStandard,
    SendoutItem,
    SendoutOrder,
    SendoutPlan,
    StandardCertificate,
    StandardInstallation,
)
from ..rights import VIEW
from ..rules import Difference, Return, differences
from .laboratory import standards_in_use

LOCKED = Q(out_at__isnull=False, released_at__isnull=True)
# What cannot be planned or sent once more; who was rejected or damaged goes again.
BUSY = Q(state__in=[ItemState.PLANNED, ItemState.LISTED, ItemState.OUT]) | Q(
    state=ItemState.BACK, found=Found.GOOD
)


@dataclass(frozen=True)
class Absence:
    """From when to when a standard is locked because it went to a higher body."""

    order: str
    body: str
    out_at: datetime
    released_at: datetime | None

    def covers(self, at: datetime) -> bool:
        """Whether it is locked at a moment."""
        return self.out_at <= at and (self.released_at is None or at < self.released_at)


def absences(device_ids: Sequence[int]) -> dict[int, list[Absence]]:
    """When standards were away or locked for it, by device."""
    found: dict[int, list[Absence]] = {}
    rows = SendoutItem.objects.filter(device__in=device_ids, out_at__isnull=False)
    for key, *facts in rows.order_by("out_at").values_list(
        "device_id", "order__number", "order__body", "out_at", "released_at"
    ):
        found.setdefault(key, []).append(Absence(*facts))
    return found


def certificates_for(item: SendoutItem) -> QuerySet[StandardCertificate]:
    """Certificates that count for a send-out, the newest last: not withdrawn, and made since.

    That is from the day on which it left; of one that came back rejected or damaged from the
    day on which it came back.
    """
    assert item.out_at is not None
    is_bad = item.found in (Found.REJECTED, Found.DAMAGED)
    since = timezone.localdate(item.back_at if is_bad and item.back_at else item.out_at)
    rows = StandardCertificate.objects.filter(device=item.device_id, withdrawn_on__isnull=True)
    return rows.filter(valid_from__gte=since).order_by("valid_from", "pk")


def locked_in_spite(certificate: StandardCertificate) -> SendoutItem | None:
    """The send-out that a certificate does not release because it was made before."""
    for item in locked_items([certificate.device_id]).order_by("out_at"):
        if not certificates_for(item).filter(pk=certificate.pk).exists():
            return item
    return None


def locked_items(device_ids: Sequence[int]) -> QuerySet[SendoutItem]:
    """Items for which standards are locked now."""
    return SendoutItem.objects.filter(LOCKED, device__in=device_ids).select_related(
        "order__unit", "device"
    )


def bench_away(bench: Device) -> Refusal | None:
    """Why a bench cannot be loaded: it, or every main standard of it, is locked for a send-out."""
    return benches_away([bench]).get(bench.pk)


def benches_away(benches: Sequence[Device]) -> dict[int, Refusal]:
    """Why benches cannot be loaded, by key; those that can are left out."""
    day = timezone.localdate()
    parts: dict[int, set[int]] = {bench.pk: set() for bench in benches}
    newest = (
        StandardInstallation.objects.filter(bench__in=parts)
        .filter(Q(stopped_on__isnull=True) | Q(stopped_on__gt=day))
        .order_by("bench", "-pk")
        .distinct("bench")
    )
    rows = InstallationStandard.objects.filter(
        Q(valid_through__isnull=True) | Q(valid_through__gte=day),
        installation__in=[one.pk for one in newest], role="main", valid_from__lte=day,
    )  # fmt: skip
    for bench, key in rows.values_list("installation__bench", "device"):
        parts[bench].add(key)
    locked = {
        item.device_id: item for item in locked_items([*parts, *set().union(*parts.values())])
    }
    found = {}
    for bench in benches:
        own, item = parts[bench.pk], locked.get(bench.pk)
        if item is None and own and own <= locked.keys():
            item = locked[min(own)]
        if item is not None and item.order is not None:
            facts = _facts(item) | {"bench": bench.barcode}
            text = _(
                "Bench %(bench)s cannot be loaded: %(code)s is at %(body)s for verification, or back without its new"
                " certificate (%(no)s). Take it in and record the certificate, or use another bench."
            )
            found[bench.pk] = Refusal("away", text % facts, facts)
    return found


def standard_away(device: Device) -> Refusal | None:
    """Why nothing can be tested with a standard: it is locked for a send-out."""
    item = locked_items([device.pk]).first()
    if item is None or item.order is None:
        return None
    facts = _facts(item)
    text = _(
        "%(code)s is at %(body)s for verification, or back without its new certificate (%(no)s)."
        " Take it in and record the certificate, or use another standard."
    )
    return Refusal("away", text % facts, facts)


def _facts(item: SendoutItem) -> dict[str, str]:
    assert item.order is not None
    return {"code": item.device.barcode, "body": item.body, "no": item.order.number}


def due_to_go(unit: Unit, until: date) -> QuerySet[Device]:
    """Standards of a unit and below whose last certificate ends by a day, and none plans yet."""
    busy = SendoutItem.objects.filter(BUSY).values("device")
    later = StandardCertificate.objects.filter(
        device=OuterRef("pk"), withdrawn_on__isnull=True, valid_through__gt=until
    )
    return (
        standards_in_use()
        .filter(~Exists(later), unit__path__startswith=unit.path, certificate_through__lte=until)
        .exclude(pk__in=busy)
        .order_by("certificate_through", "barcode")
    )


def _items(of: str, what: Any, *asked: Q) -> Subquery:
    """What the items of a plan or an order come to together."""
    rows = SendoutItem.objects.filter(*asked, **{of: OuterRef("pk")}).order_by()
    return Subquery(rows.values(of).annotate(together=what).values("together"))


def plans() -> QuerySet[SendoutPlan]:
    """Plans with how many lines they have, and how many of them are done."""
    held, done = ~Q(state=ItemState.DROPPED), Q(state=ItemState.DONE)
    return SendoutPlan.objects.select_related("unit", "made_by").annotate(
        line_count=Coalesce(_items("plan", Count("pk"), held), 0),
        done_count=Coalesce(_items("plan", Count("pk"), done), 0),
    )


def orders() -> QuerySet[SendoutOrder]:
    """Orders with how many standards they have, how many are back, and what they cost."""
    held, back = ~Q(state=ItemState.DROPPED), Q(back_at__isnull=False)
    return SendoutOrder.objects.select_related("unit", "made_by").annotate(
        item_count=Coalesce(_items("order", Count("pk"), held), 0),
        back_count=Coalesce(_items("order", Count("pk"), back), 0),
        cost_yuan=_items("order", Sum("cost_yuan")),
    )


def visible_plan(rights: Rights, number: str) -> SendoutPlan:
    """The plan of a number, for who may see it."""
    found = SendoutPlan.objects.select_related("unit", "made_by", "agreed_by").filter(number=number)
    plan = found.first()
    if plan is None or not rights.may(VIEW, plan.unit.path):
        raise NotFound(_("There is no plan %(no)s.") % {"no": number})
    return plan


def visible_order(rights: Rights, number: str) -> SendoutOrder:
    """The order of a number, for who may see it."""
    found = SendoutOrder.objects.select_related("unit", "made_by", "handed_by").filter(
        number=number
    )
    order = found.first()
    if order is None or not rights.may(VIEW, order.unit.path):
        raise NotFound(_("There is no send-out %(no)s.") % {"no": number})
    return order


def items_of(rows: Any) -> list[SendoutItem]:
    """Lines of a plan or an order, with all that a list of them shows."""
    return list(
        rows.exclude(state=ItemState.DROPPED)
        .select_related(
            "device__standard", "device__model", "plan", "order", "certificate", "back_by"
        )
        .order_by("planned_on", "pk")
    )


def total_yuan(items: Sequence[SendoutItem]) -> Decimal | None:
    """What the items cost together; None where nothing is known."""
    known = [item.cost_yuan for item in items if item.cost_yuan is not None]
    return sum(known, Decimal(0)) if known else None


def differences_of(order: SendoutOrder, items: Sequence[SendoutItem]) -> list[Difference]:
    """By what the standards that came in differ from the list out."""
    came = [
        Return(
            item.device.barcode, item.back_at is not None, item.state == ItemState.LOST, item.found,
            item.accessories, item.back_accessories, item.condition, item.back_condition,
        )
        for item in items
        if item.out_at is not None
    ]  # fmt: skip
    return differences(came, order.strangers)


def sendouts_waiting(units: Any, today: date) -> QuerySet[SendoutItem]:
    """What is out past its day, and what came back good and whose certificate nobody entered."""
    return (
        SendoutItem.objects.filter(
            Q(state=ItemState.OUT, order__expected_on__lt=today)
            | Q(state=ItemState.BACK, found=Found.GOOD, released_at__isnull=True),
            order__unit__in=units,
        )
        .select_related("order", "device")
        .order_by("order__expected_on", "pk")
    )


def to_order(units: Any) -> QuerySet[SendoutItem]:
    """Agreed lines that are on no order yet."""
    return (
        SendoutItem.objects.filter(
            state=ItemState.PLANNED, way=Way.SENT, plan__state=PlanState.AGREED, plan__unit__in=units
        )
        .select_related("plan", "device")
        .order_by("appointed_on", "pk")
    )  # fmt: skip


def to_send(units: Any, today: date, days: int) -> QuerySet[SendoutItem]:
    """Those of them whose day comes within some days."""
    return to_order(units).filter(appointed_on__lte=today + timedelta(days=days))


def is_too_late(item: SendoutItem) -> bool:
    """It goes only after its certificate has ended."""
    return item.due_on is not None and (item.appointed_on or item.planned_on) > item.due_on
