"""Certificates and notices whose data carry what their conclusion rests on."""

from dataclasses import replace
from decimal import Decimal

from dianheng.documents.papers.schema import (
    ErrorPoint,
    Evidence,
    Result,
    RuleBook,
    TestItem,
    Trace,
    TransformerPoint,
    TransformerSheet,
)
from dianheng.metrology.plates import Connection
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.transformers import Device, point_rules
from dianheng.metrology.verdicts import point_rule

RULES = rule_set("JJG 596", "2012")
TRANSFORMERS = rule_set("JJG 1021", "2007")
CHAIN = (
    Trace(standard="BZ-2019-004", certificate_no="DNBZ2026-00077", traced_to="省级标准电能表"),
    Trace(standard="省级标准电能表", certificate_no="NIM-7", traced_to="国家工频功率基准",
          kept_by="中国计量科学研究院", is_national=True),
)  # fmt: skip
CLOCK = TestItem(
    item="clock_daily",
    requirement="±0.5 s/d",
    readings=("0.50", "0.51", "0.50", "0.51", "0.505"),
    value="0.505",
    interval="0.01",
    limit_low="-0.5",
    limit_high="0.5",
    result="+0.50",
    unit="s/d",
    row="clock/rate_limit_s_per_d + clock/rate_interval_s_per_d + clock/rate_count",
)
CREEP = TestItem(
    item="creep", result="0", unit="imp", value="0", limit_high="1",
    facts=(("elapsed_min", "30.4"), ("pulses", "0")),
)  # fmt: skip


def provable(paper: Result) -> Result:
    """A paper of a direct single-phase meter of class 2, 5(60) A, with its evidence."""
    return replace(
        paper,
        points=tuple(_point(point) for point in paper.points),
        items=(CLOCK, CREEP),
        evidence=Evidence(
            rules=RuleBook(standard=RULES.standard, edition=RULES.edition, digest=RULES.digest),
            connection="direct",
            imax_ratio="12",
            first_count=2,
            extra_count=2,
            extra_from_ratio="0.8",
            extra_to_ratio="1.2",
            chain=CHAIN,
        ),
    )


def _point(point: ErrorPoint) -> ErrorPoint:
    rule = point_rule(
        RULES, accuracy_class="2", connection=Connection.DIRECT, load=point.current,
        factor=point.power_factor, imax_ratio=Decimal(12),
    )  # fmt: skip
    assert rule.limit_pct == Decimal(point.limit_pct)
    return replace(point, interval_pct="0.2", row=rule.ref.row)


def with_point(paper: Result, number: int = 0, **changes) -> Result:
    """The paper with one point changed."""
    points = list(paper.points)
    points[number] = replace(points[number], **changes)
    return replace(paper, points=tuple(points))


def of_transformer(paper: Result) -> Result:
    """A paper of a current transformer of class 0.2S at two points."""
    points = []
    for percent, f, delta in (("5", "+0.03", "-4"), ("100", "-0.05", "+2")):
        rules = point_rules(
            TRANSFORMERS,
            device=Device.CURRENT,
            accuracy_class="0.2S",
            percent_rated=Decimal(percent),
        )
        points.append(
            TransformerPoint(
                burden="rated", percent=percent,
                f_pct={"+0.03": "+0.04", "-0.05": "-0.04"}[f], f_limit_pct=f"{rules.f.limit}",
                f_readings_pct=(f,), f_interval_pct=f"{rules.f.interval}", f_row=rules.f.ref.row,
                delta_min=delta, delta_limit_min=f"{rules.delta.limit}", delta_readings_min=(delta,),
                delta_interval_min=f"{rules.delta.interval}", delta_row=rules.delta.ref.row,
            )
        )  # fmt: skip
    book = RuleBook(
        standard=TRANSFORMERS.standard, edition=TRANSFORMERS.edition, digest=TRANSFORMERS.digest
    )
    sheet = TransformerSheet(part="CT", ratio="200/5", accuracy_class="0.2S", points=tuple(points))
    return replace(paper, points=(), items=(), sheets=(sheet,), evidence=Evidence(rules=book))
