"""What a certificate carries so that its conclusion can be worked out again without us."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from django.utils import timezone

from dianheng.assets.models import Device
from dianheng.documents.papers import schema as paper
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.plates import MeterPlate
from dianheng.metrology.quantities import plain_text
from dianheng.metrology.rounding import error_interval
from dianheng.metrology.rule_sets import RuleSet, rule_set
from dianheng.metrology.schemes import Scheme
from dianheng.standards.selectors.chain import chain_of

from ..models import TestRecord, TestResult, Verdict
from ..subjects import AnyPlate, plate_for, scheme_for

# By the day of the test and its standards, for a batch.
Chains: TypeAlias = dict[tuple[date, tuple[int, ...]], tuple[paper.Trace, ...]]


class Grounds:
    """The rule sets that judged a record, its plate, and what the results owe to them."""

    def __init__(self, record: TestRecord, verdict: Verdict, used: Sequence[RuleSet]):
        self.record = record
        self.rules = rule_set(verdict.standard, verdict.edition)
        self.used = used
        self.plate: AnyPlate = plate_for(record.task.model)

    def of_point(self, row: TestResult) -> dict[str, str]:
        """Rounding interval and row of a point of a meter's basic error."""
        if not row.rule_row or not isinstance(self.plate, MeterPlate):
            return {}
        measure = "reactive" if row.direction.endswith("reactive") else "active"
        interval = error_interval(self.rules, self.plate.class_of(measure), measure)
        return {"interval_pct": plain_text(interval.value), "row": row.rule_row}

    def interval(self, row: TestResult) -> str:
        """The rounding interval that stands among the rows which judged a result."""
        for part in row.rule_row.split(" + "):
            for rules in self.used:
                figure = rules.find(part) if "interval" in part else None
                if figure is not None:
                    return plain_text(figure.value)
        return ""

    def of_item(self, row: TestResult) -> dict[str, Any]:
        """Value, interval, limits, row and stated facts of any other item."""
        return {
            "value": exact_text(row.value),
            "interval": self.interval(row) if row.rounded is not None else "",
            "limit_low": exact_text(row.limit_low),
            "limit_high": exact_text(row.limit_high),
            "row": row.rule_row,
            "facts": tuple(_stated(row.facts or {})),
        }

    def evidence(self, chains: Chains) -> paper.Evidence:
        """The rest: editions with their digests, how readings count, the chain of standards.

        `chains` keeps the chains that a batch has asked for; its papers share their standards.
        """
        on = timezone.localdate(self.record.finished_at)
        asked = (on, tuple(sorted(self.record.standard_ids)))
        if asked not in chains:
            chains[asked] = _chain(*asked)
        scheme = scheme_for(self.record.task.scheme_version)
        first, *others = (_book(each) for each in self.used)
        common: dict[str, Any] = {
            "rules": first,
            "further_rules": tuple(others),
            "scheme": str(self.record.task.scheme_version),
            "chain": chains[asked],
        }
        if not isinstance(self.plate, MeterPlate):
            return paper.Evidence(**common)
        assert isinstance(scheme, Scheme)
        ratio, count = self.plate.imax_ratio, self.rules.figure("readings/first_count")
        if scheme.takes_extra:
            common |= {
                "extra_count": int(self.rules.figure("readings/extra_count").value),
                "extra_from_ratio": plain_text(
                    self.rules.figure("readings/extra_from_ratio").value
                ),
                "extra_to_ratio": plain_text(self.rules.figure("readings/extra_to_ratio").value),
            }
        return paper.Evidence(
            **common,
            connection=self.plate.connection.value,
            imax_ratio="" if ratio is None else exact_text(ratio),
            first_count=int(count.value),
        )


def grounds_of(record: TestRecord, verdict: Verdict) -> Grounds | None:
    """The grounds of a verdict; none where the tables are no longer those that judged."""
    own = (verdict.standard, verdict.edition)
    used = []
    for each in sorted(
        verdict.rule_sets, key=lambda book: (book["standard"], book["edition"]) != own
    ):
        try:
            rules = rule_set(each["standard"], each["edition"])
        except MetrologyError:
            return None
        if rules.digest != each["digest"]:
            return None
        used.append(rules)
    if not used or (used[0].standard, used[0].edition) != own:
        return None
    return Grounds(record, verdict, used)


def exact_text(value: Decimal | None) -> str:
    """A figure with all its digits, without trailing zeros."""
    if value is None:
        return ""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _book(rules: RuleSet) -> paper.RuleBook:
    return paper.RuleBook(standard=rules.standard, edition=rules.edition, digest=rules.digest)


def _stated(facts: Mapping[str, Any], under: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in sorted(facts.items()):
        if isinstance(value, Mapping):
            found += _stated(value, f"{under}{name}.")
        elif isinstance(value, list):
            found.append((under + name, ", ".join(str(each) for each in value)))
        elif value is not None:
            said = str(value).lower() if isinstance(value, bool) else str(value)
            found.append((under + name, said))
    return found


def _chain(on: date, standards: Collection[int]) -> tuple[paper.Trace, ...]:
    chain = chain_of(list(Device.objects.filter(pk__in=standards)), on)
    return tuple(
        paper.Trace(
            standard=chain.nodes[link.below].title,
            certificate_no=link.number,
            valid_through=link.valid_through,
            traced_to=above.title,
            kept_by=above.text,
            is_national=above.is_national,
        )
        for link in sorted(chain.links, key=lambda link: chain.nodes[link.below].level)
        if (above := chain.nodes.get(link.above)) is not None and link.below in chain.nodes
    )
