"""What people noted on fields of forms that do not fit: collected, under revision, answered."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ..choices import InstanceState, RemarkKind
from ..models import FieldRemark, PackVersion
from .packs import text_of

ANSWERED = 50  # answers on the page of a pack; older ones stand with their revision


@dataclass(frozen=True)
class RemarkGroup:
    """Remarks of one kind on one field, in the words of the page."""

    title: str  # of the step
    field: str
    kind: str
    remarks: Sequence[FieldRemark]

    @property
    def keys(self) -> str:
        """Of all of them, as a tick sends them."""
        return ",".join(str(one.pk) for one in self.remarks)

    @property
    def units(self) -> list[tuple[str, int]]:
        """How many from each unit, most first."""
        return Counter(one.unit.name for one in self.remarks).most_common()

    @property
    def numbers(self) -> list[str]:
        """Instances at which they were noted."""
        return list(dict.fromkeys(one.task.instance.number for one in self.remarks))


def remarks_of(code: str) -> QuerySet[FieldRemark]:
    """All remarks on forms of a process, the newest first."""
    return FieldRemark.objects.filter(code=code).select_related(
        "unit", "person", "task__instance", "revision__unit"
    )


def open_remarks(code: str) -> QuerySet[FieldRemark]:
    """Those that no revision has taken up, or whose revision was withdrawn."""
    free = Q(revision=None) | Q(revision__state=InstanceState.WITHDRAWN)
    return remarks_of(code).filter(free, closed_at=None)


def remarks_under_revision(code: str) -> QuerySet[FieldRemark]:
    """Those that a revision under way has taken up."""
    rows = remarks_of(code).filter(closed_at=None, revision__isnull=False)
    return rows.exclude(revision__state=InstanceState.WITHDRAWN)


def remark_groups(remarks: Iterable[FieldRemark], version: PackVersion) -> list[RemarkGroup]:
    """Remarks by step, field and kind; what is met most often first."""
    groups: dict[tuple[str, str, str], list[FieldRemark]] = {}
    for one in remarks:
        groups.setdefault((one.step, one.field, one.kind), []).append(one)
    found = [
        RemarkGroup(
            step_title(version, step), field_label(version, step, field),
            str(RemarkKind(kind).label), rows,
        )
        for (step, field, kind), rows in groups.items()
    ]  # fmt: skip
    return sorted(found, key=lambda group: (-len(group.remarks), group.title, group.field))


def step_title(version: PackVersion, step: str) -> str:
    """Name of a step; its key where the version has no such step any more."""
    plan = version.plan["tasks"].get(step)
    return text_of(plan["title"]) if plan else step


def field_label(version: PackVersion, step: str, field: str) -> str:
    """Name of a field on the form of a step."""
    if not field:
        return _("the form as a whole")
    plan = version.plan["tasks"].get(step)
    properties = version.plan["forms"][plan["form"]]["properties"] if plan else {}
    return text_of(properties[field]["label"]) if field in properties else field
