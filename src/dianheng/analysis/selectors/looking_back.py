"""What was tried, and what changed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from dianheng.assets.choices import DeviceState
from dianheng.common.errors import NotFound
from dianheng.metrology.rule_sets import rule_set, rule_sets
from dianheng.verification.models import TestSchemeVersion
from dianheng.workflow.models import ProcessInstance

from ..choices import Level, Risk
from ..models import RuleTrial, Trace, TracedRecord, TrialRecord


def rule_sets_in_use() -> list[str]:
    """Names of the regulations by which records may have been judged."""
    found = TestSchemeVersion.objects.values_list("standard", "edition").distinct()
    return sorted(f"{standard}-{edition}" for standard, edition in found)


def rule_sets_to_try() -> list[str]:
    """Names of the rule sets that have limits of the errors of meters or of transformers."""
    return [found.name for found in rule_sets() if "limits" in found.tables]


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
            units are left empty in `point_no` and `customer`.
    """
    is_seen = Q(pk__in=[])
    for path in seen:
        is_seen |= Q(usage_point__unit__path__startswith=path)
    return (
        TracedRecord.objects.filter(trace_id=trace)
        .annotate(
            task_no=Coalesce(
                "record__task__number", "field_check__task__number", output_field=TextField()
            ),
            unit_name=Coalesce(
                "device__unit__name", "field_check__task__unit__name", output_field=TextField()
            ),
            point_no=_where(is_seen, "usage_point__number"),
            customer=_where(is_seen, "usage_point__customer_name"),
        )
        .select_related(
            "device__model",
            "device__unit",
            "record__task",
            "record__bench",
            "field_check__task__unit",
            "field_check__calibrator",
        )
    )


def _where(condition: Q, name: str) -> Case:
    return Case(When(condition, then=F(name)), default=Value(""), output_field=TextField())


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
    for bench, task, unit, state, risk, count in trace.branches:
        at = root
        at.counts[risk] += count
        for name in (bench or str(_("by hand")), task, unit, str(states.get(state, state))):
            at = at.under.setdefault(name, Branch(name))
            at.counts[risk] += count
    return root
