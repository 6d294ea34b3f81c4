"""What was tried, and what changed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import (
    Case,
    Count,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Greatest, JSONObject, NullIf
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dianheng.assets.choices import DeviceState
from dianheng.assets.models import Installation
from dianheng.common.errors import NotFound
from dianheng.identity.selectors import under
from dianheng.metrology.rule_sets import rule_set, rule_sets
from dianheng.metrology.words import word
from dianheng.verification.models import TestSchemeVersion
from dianheng.workflow.models import ProcessInstance

from ..choices import ERRORS_ONLY, Level, Risk
from ..columns import BASIC_ERROR, ERRORS, STATED
from ..models import RuleTrial, Trace, TracedRecord, TrialRecord

MOST_CUSTOMERS = 200  # usage points in the tree of a trace


def rule_sets_in_use() -> list[str]:
    """Names of the regulations by which records may have been judged."""
    found = TestSchemeVersion.objects.values_list("standard", "edition").distinct()
    return sorted(f"{standard}-{edition}" for standard, edition in found)


def rule_sets_to_try() -> list[str]:
    """Names of the rule sets that have limits of the errors of meters or of transformers."""
    return [found.name for found in rule_sets() if "limits" in found.tables]


def item_word(item: str) -> str:
    """An item in the language of the page."""
    if item == ERRORS_ONLY:
        return _("errors at the points")
    return word("item", item, get_language() or "zh")


def items_to_try() -> list[str]:
    """What a trial can be about alone: the errors at the points, or one item with a limit."""
    derived = ("load_difference", "up_down", "stability")
    return [ERRORS_ONLY, BASIC_ERROR, *ERRORS, *derived, *STATED]


def is_for_transformers(standard: str, edition: str) -> bool:
    """Whether a rule set has limits of transformers; those of meters have other columns."""
    return any("f_pct" in line.cells for line in rule_set(standard, edition).table("limits"))


def trial_seen(rights: Any, key: int) -> RuleTrial:
    """A trial of a unit that one may see.

    Raises:
        NotFound: there is none.
    """
    found = RuleTrial.objects.select_related("unit", "made_by", "job").filter(pk=key).first()
    if found is None or not rights.may("analysis.view", found.unit.path):
        raise NotFound(_("There is no such trial."))
    return found


def trial_records(trial: int) -> QuerySet[TrialRecord]:
    """Records of which a conclusion changes, with their devices."""
    return TrialRecord.objects.filter(trial_id=trial).select_related(
        "record__device__model__manufacturer", "record__task", "record__task_device"
    )


def levels_of(trial: RuleTrial) -> dict[int, int]:
    """In how many records a change reaches how far."""
    counted = TrialRecord.objects.filter(trial=trial).values_list("level")
    return dict(counted.annotate(records=Count("pk")).order_by())


def turns_of_models(trial: RuleTrial) -> list[dict[str, Any]]:
    """How many records of which model come out otherwise, the most first."""
    return list(
        TrialRecord.objects.filter(trial=trial, level=Level.RECORD)
        .values("record__device__model__name", "record__device__model__manufacturer__name")
        .annotate(records=Count("pk"))
        .order_by("-records")[:20]
    )


def trace_seen(rights: Any, number: str) -> Trace:
    """A trace of a unit that one may see.

    Raises:
        NotFound: there is none.
    """
    found = Trace.objects.select_related("unit", "made_by", "job").filter(number=number).first()
    if found is None or not rights.may("analysis.view", found.unit.path):
        raise NotFound(_("There is no trace %(no)s.") % {"no": number}, trace=number)
    return found


def traced_records(trace: int, seen: Sequence[str] = ()) -> QuerySet[TracedRecord]:
    """Records that a trace touched, with their devices and where these are now.

    Args:
        seen: paths of units whose usage points and customers the reader may see; those of other
            units are left empty in `point_no`, `customer` and `supplied` (see `Supply`).
    """
    is_seen = under("usage_point__unit__path", seen)
    hung = Installation.objects.filter(
        under("usage_point__unit__path", seen),
        Q(removed_at__isnull=True) | Q(removed_at__gt=OuterRef("done_at")),
        device=OuterRef("device"),
    )
    one = JSONObject(
        point="usage_point__number",
        customer="usage_point__customer_name",
        from_at=Greatest("installed_at", OuterRef("done_at")),
        to_at="removed_at",
    )
    # Without a sort: a list walks an index. Who may see none gets an array without a type.
    names = hung.order_by().values("usage_point__customer_name").distinct()
    return (
        TracedRecord.objects.filter(trace_id=trace)
        .annotate(
            bench_no=Coalesce(
                "record__bench__barcode",
                "field_check__calibrator__barcode",
                "quality_meter__batch__bench__barcode",
                Value(str(_("by hand"))),
                output_field=TextField(),
            ),
            task_no=Coalesce(
                "record__task__number",
                "field_check__task__number",
                "quality_meter__batch__number",
                output_field=TextField(),
            ),
            unit_name=Coalesce(
                "device__unit__name", "field_check__task__unit__name", output_field=TextField()
            ),
            point_no=_where(is_seen, "usage_point__number"),
            customer=Coalesce(
                NullIf(
                    Func(
                        Cast(ArraySubquery(names), ArrayField(TextField())),
                        Value(" "),
                        function="array_to_string",
                    ),
                    Value(""),
                ),
                _where(is_seen, "usage_point__customer_name"),
                output_field=TextField(),
            ),
            supplied=ArraySubquery(hung.order_by("installed_at").values(one=one)),
        )
        .select_related(
            "device__model",
            "device__unit",
            "record__task",
            "record__bench",
            "field_check__task__unit",
            "field_check__calibrator",
            "quality_meter__batch__bench",
        )
    )


def _where(condition: Q, name: str) -> Case:
    return Case(When(condition, then=F(name)), default=Value(""), output_field=TextField())


@dataclass(frozen=True)
class Supply:
    """Whose energy a device measured at a point, from its test on or since it hung there, until when."""

    point: str
    customer: str
    from_at: datetime
    to_at: datetime | None

    @property
    def text(self) -> str:
        """The same in words, by days of the organisation's zone."""
        name = self.customer or self.point
        return f"{name} {show_day(self.from_at)} – {show_day(self.to_at)}".rstrip()


def show_day(at: datetime | None) -> str:
    return f"{timezone.localdate(at)}" if at else ""


def supplied_through(row: Any) -> list[Supply]:
    """Everybody supplied through the device of a row of `traced_records` since its test."""
    return [
        Supply(
            one["point"], one["customer"], datetime.fromisoformat(one["from_at"]),
            datetime.fromisoformat(one["to_at"]) if one["to_at"] else None,
        )
        for one in row.supplied or ()  # who sees no customer is told none
    ]  # fmt: skip


_CUSTOMERS = """
select u.name, p.number, coalesce(nullif(p.customer_name, ''), p.name), max(case r.risk when 3 then -1 else r.risk end),
       count(distinct d.id), min(greatest(i.installed_at, r.done_at)),
       case when bool_or(i.removed_at is null) then null else max(i.removed_at) end
  from analysis_tracedrecord r
  join assets_device d on d.id = r.device_id
  join assets_installation i on i.device_id = d.id and coalesce(i.removed_at, 'infinity') > r.done_at
  join customers_usagepoint p on p.id = i.usage_point_id
  join identity_unit u on u.id = p.unit_id
 where r.trace_id = %s and exists (select from unnest(%s::text[]) as root where starts_with(u.path, root))
 group by u.name, p.id
 order by 4 desc, 1, 2
 limit %s
"""


def customers_supplied(trace: Trace, seen: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """By unit, who was supplied through the devices since their tests, those at risk first.

    At most `MOST_CUSTOMERS` usage points; all of them stand in the file.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_CUSTOMERS, [trace.pk, list(seen), MOST_CUSTOMERS])
        for unit, point, customer, risk, devices, from_at, to_at in cursor:
            known = Risk(risk) if risk >= 0 else Risk.UNKNOWN
            found.setdefault(unit, []).append(
                {"point": point, "customer": customer, "risk": known.value, "label": known.label,
                 "devices": devices, "from_on": show_day(from_at), "to_on": show_day(to_at)}
            )  # fmt: skip
    return found


def recalls_of(trace: Trace) -> list[ProcessInstance]:
    """The processes that took records of a trace up."""
    return list(
        ProcessInstance.objects.filter(subject=f"trace:{trace.number}")
        .select_related("unit")
        .order_by("pk")
    )


@dataclass
class Branch:
    """A part of a trace as a tree: so many records, by risk."""

    name: str
    asked: dict[str, str] = field(default_factory=dict)  # of the list of records, to see these
    counts: Counter[int] = field(default_factory=Counter)
    under: "dict[str, Branch]" = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Records of the branch."""
        return sum(self.counts.values())

    @property
    def high(self) -> int:
        """Those at high risk."""
        return self.counts[Risk.HIGH.value]

    @property
    def medium(self) -> int:
        """Those at medium risk."""
        return self.counts[Risk.MEDIUM.value]

    @property
    def query(self) -> str:
        """What the list of records is asked to show these alone; empty for the cause."""
        return urlencode(self.asked)

    @property
    def is_open(self) -> bool:
        """The way to what is at risk is open from the start."""
        return bool(self.high or self.medium)

    @property
    def parts(self) -> "list[Branch]":
        """What hangs below, the most at risk first."""
        return sorted(self.under.values(), key=lambda b: (-b.high, -b.total, b.name))


def tree_of(trace: Trace) -> Branch:
    """Cause, benches, tasks, units that have the devices now, and the state of these."""
    root = Branch(trace.cause_text)
    states = dict(DeviceState.choices)
    by_hand = str(_("by hand"))
    for bench, task, unit, state, risk, count in trace.branches:
        at = root
        at.counts[risk] += count
        asked: dict[str, str] = {}
        for key, value, name in (
            ("bench", bench or by_hand, bench or by_hand),
            ("task", task, task),
            ("unit", unit, unit),
            ("state", state, str(states.get(state, state))),
        ):
            asked = asked | {key: value}
            at = at.under.setdefault(name, Branch(name, asked if value else {}))
            at.counts[risk] += count
    return root
