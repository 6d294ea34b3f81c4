"""When usage points are due to be checked, by the periods of DL/T 448 in each point's edition."""

from datetime import timedelta
from typing import Any

from django.db.models import (
    Case,
    DateField,
    Exists,
    F,
    Func,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least, TruncDate
from django.utils import timezone

from dianheng.assets.choices import TRANSFORMERS, HungRole
from dianheng.assets.models import Installation
from dianheng.customers.models import UsagePoint
from dianheng.customers.rules import EDITIONS
from dianheng.metrology.rule_sets import rule_set

from .choices import COUNTING, JUDGED, Outcome, TaskState
from .models import FieldCheck, FieldTask

CHECKED = ("I", "II", "III")
DROP_FROM_KV = 35
HIGH_ABOVE_KV = 1
NEW = timedelta(days=366)  # older ones stand with all that is late


class AddMonths(Func):
    """A day so many calendar months on, clipped to the end of the month."""

    template = "(%(expressions)s))::date"
    arg_joiner = " + make_interval(months => "
    output_field = DateField()


def _months(item: str, edition: str) -> int:
    return int(rule_set("DL/T 448", edition).figure(f"periods/{item}, {edition} edition").value)


def _by_edition(item: str) -> Case:
    whens = [When(class_edition=one, then=Value(_months(item, one))) for one in EDITIONS]
    return Case(*whens, output_field=IntegerField())


def _judging(item: str) -> QuerySet[FieldCheck]:
    """Checks that judged an item, whatever is missing beside it."""
    judged = Q()
    for conclusion in (Outcome.PASS.value, Outcome.FAIL.value):
        judged |= Q(results__contains=[{"item": item, "conclusion": conclusion}])
    return FieldCheck.objects.filter(judged, outcome__in=COUNTING)


def _last(item: str, *more: Exists) -> Subquery:
    """Day of the last check of a point that judged an item."""
    rows = _judging(item).filter(*more, task__usage_point=OuterRef("pk"))
    return Subquery(rows.order_by("-done_at").annotate(d=TruncDate("done_at")).values("d")[:1])


def points_due() -> QuerySet[UsagePoint]:
    """Usage points with their last checks, when the next are due, and whether one is planned.

    A meter of classes I to III is due a month after it was hung (its first check, `is_first`), in
    the edition of 2000 one of class IV at high voltage too; then by the period of the class. One
    that took another's place is new there. The voltage drop is of the circuit: due by
    its own period from 35 kV on, whichever meter hangs, and so is the burden. Transformers of
    high voltage are due one by one, the soonest counts. Other points have no day.
    """
    meters = Installation.objects.filter(usage_point=OuterRef("pk"), role=HungRole.METER)
    meters = meters.annotate(d=TruncDate("installed_at"))
    first = meters.order_by("installed_at").values("d")[:1]
    hung = meters.filter(removed_at__isnull=True).values("d")[:1]
    # Of that meter: checked since it was hung.
    of_it = Exists(
        Installation.objects.filter(
            usage_point=OuterRef("task__usage_point"), device=OuterRef("meter"), role=HungRole.METER,
            removed_at__isnull=True, installed_at__lte=OuterRef("done_at"),
        )
    )  # fmt: skip
    period = Case(
        *(
            When(
                device_class=name, class_edition=one,
                then=Value(_months(f"field check class {name}", one)),
            )
            for name in CHECKED
            for one in EDITIONS
        ),
        output_field=IntegerField(),
    )  # fmt: skip
    has_first = Q(last_check__isnull=True, hung_on__isnull=False) & has_first_class()
    planned = FieldTask.objects.filter(usage_point=OuterRef("pk"), state=TaskState.OPEN)
    rows: Any = UsagePoint.objects.filter(closed_on__isnull=True).select_related("unit")
    rows = rows.annotate(
        first_on=Subquery(first), hung_on=Subquery(hung), last_check=_last("working_error", of_it),
        last_drop=_last("secondary_voltage_drop"), last_burden=_last("secondary_burden"),
        last_transformer=_transformers("since"), transformer_due=_transformers("due"),
        is_planned=Exists(planned),
    )  # fmt: skip
    rows = rows.annotate(
        check_due=Case(
            When(has_first, then=AddMonths(F("hung_on"), _by_edition("first field check"))),
            When(device_class__in=CHECKED, then=AddMonths(F("last_check"), period)),
            output_field=DateField(),
        ),
        drop_due=_of_circuit("last_drop", "secondary voltage drop"),
        burden_due=_of_circuit("last_burden", "secondary burden"),
        is_first=Case(When(has_first, then=Value(True)), default=Value(False)),
    )  # fmt: skip
    dues = ("check_due", "drop_due", "burden_due", "transformer_due")
    return rows.annotate(next_due=Least(*dues))  # type: ignore[no-any-return]


def first_checks_unplanned(units: Any) -> QuerySet[UsagePoint]:
    """Points that wait for the first check of a meter hung within a year, and nobody plans one."""
    checked = _judging("working_error").filter(
        meter=OuterRef("device"), done_at__gte=OuterRef("installed_at")
    )
    planned = FieldTask.objects.filter(usage_point=OuterRef("usage_point"), state=TaskState.OPEN)
    # Few meters are new and unchecked: the days are worked out for these alone.
    fresh = Installation.objects.filter(
        ~Exists(checked), ~Exists(planned), has_first_class("usage_point__"), role=HungRole.METER,
        installed_at__gte=timezone.now() - NEW, removed_at__isnull=True,
        usage_point__closed_on__isnull=True, usage_point__unit__in=units,
    )  # fmt: skip
    rows = points_due().filter(pk__in=fresh.values("usage_point"), is_first=True, is_planned=False)
    return rows.order_by("check_due", "pk")


def has_first_class(to_point: str = "") -> Q:
    """Classes whose meters have a first check; `to_point` is the way to the usage point."""
    high_iv = {"device_class": "IV", "class_edition": "2000", "rated_kv__gt": HIGH_ABOVE_KV}
    return Q(**{f"{to_point}device_class__in": CHECKED}) | Q(
        **{f"{to_point}{name}": value for name, value in high_iv.items()}
    )


def _of_circuit(last: str, item: str) -> Case:
    then = AddMonths(Coalesce(F(last), F("first_on")), _by_edition(item))
    return Case(When(rated_kv__gte=DROP_FROM_KV, then=then), output_field=DateField())


def _transformers(column: str) -> Subquery:
    """Of the transformers of a point: since when the oldest period runs, or when the first ends."""
    checked = FieldCheck.objects.filter(
        transformer=OuterRef("device"), outcome__in=JUDGED, done_at__gte=OuterRef("installed_at")
    )
    last = checked.order_by("-done_at").annotate(d=TruncDate("done_at")).values("d")[:1]
    electromagnetic = {
        "2000": "transformer field check", "2016": "electromagnetic transformer field check",
    }  # fmt: skip
    months = Case(
        When(
            device__model__parameters__divider="capacitor", usage_point__class_edition="2016",
            then=Value(_months("capacitor voltage transformer field check", "2016")),
        ),
        *(
            When(usage_point__class_edition=one, then=Value(_months(electromagnetic[one], one)))
            for one in EDITIONS
        ),
        output_field=IntegerField(),
    )  # fmt: skip
    rows = Installation.objects.filter(
        usage_point=OuterRef("pk"), usage_point__rated_kv__gt=HIGH_ABOVE_KV, removed_at__isnull=True,
        device__kind__in=TRANSFORMERS,
    ).annotate(since=Coalesce(Subquery(last), TruncDate("installed_at")))  # fmt: skip
    rows = rows.annotate(due=AddMonths(F("since"), months))
    return Subquery(
        rows.order_by().values("usage_point").annotate(first=Min(column)).values("first")
    )
