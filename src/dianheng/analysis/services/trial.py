"""Another rule is tried on the readings of the past; only conclusions that change are kept."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
from django.db import connection
from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.common.jobs import JobRun, job_start
from dianheng.common.texts import why
from dianheng.identity.models import Unit
from dianheng.identity.services import require, write_batch
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.observations import Observation
from dianheng.metrology.retrial import Change, SumBounds, sum_bounds
from dianheng.metrology.rule_sets import rule_set
from dianheng.verification.selectors.judging import record_judge_of

from ..columns import engine, points_there
from ..models import PointShape, RuleTrial, TrialRecord
from ..selectors import rule_sets_to_try

TRY = "analysis.try"
KIND = "analysis.trial"
# Conclusion of a point over the bounds of its shape; written once, for the rule and for the change.
CONCLUSION = """
    case when not {r}.is_known or p.count < {r}.first_count then 1
         when abs(p.first) between {r}.band_from and {r}.band_to then
              case when p.count < {r}.needed then 1
                   when abs(p.total) <= {r}.all_through then 0 else 2 end
         when abs(p.first) <= {r}.first_through then 0 else 2 end::tinyint
"""
_NO_RULE = (False, 0, 0, 0, 0, 0, 0)


class Turn(NamedTuple):
    """So many points went from one conclusion to another."""

    before: int
    after: int
    points: int


def trial_start(
    *,
    unit: Unit,
    title: str,
    actor: Actor,
    from_day: date | None = None,
    through_day: date | None = None,
    rule_set_now: str = "",
    rule_set_tried: str = "",
    limit_factor: Decimal = Decimal(1),
    interval_factor: Decimal = Decimal(1),
) -> RuleTrial:
    """Begin to try another rule on the records of a unit and of those below it.

    Args:
        unit: whose records.
        title: what is asked, for the list.
        actor: needs `analysis.try`.
        from_day: first day of the tests; absent: from the beginning.
        through_day: last day, included.
        rule_set_now: only records judged by this rule set (`JJG 596-2012`).
        rule_set_tried: rule set tried instead; empty: the one of the record.
        limit_factor: limits are multiplied by it.
        interval_factor: rounding intervals are multiplied by it; 0: the mean is not rounded.

    Raises:
        BadInput: nothing is changed, a factor is out of range, days are in the wrong order.
    """
    actor = require(actor, TRY, unit.pk)
    errors = []
    change = Change(limit_factor, interval_factor)
    try:
        change.check()
    except MetrologyError as error:
        errors.append({"field": error.code, "code": error.code, "text": why(error)})
    if from_day and through_day and from_day > through_day:
        text = _("The last day comes before the first.")
        errors.append({"field": "through_day", "code": "order", "text": text})
    now, tried = _named(rule_set_now), _named(rule_set_tried)
    if rule_set_tried and rule_set_tried not in rule_sets_to_try():
        text = _("%(name)s has no limits of the basic error of meters.") % {"name": rule_set_tried}
        errors.append({"field": "rule_set_tried", "code": "no_limits", "text": text})
    if change == Change() and (not rule_set_tried or rule_set_tried == rule_set_now):
        text = _("Nothing is changed: choose another rule set, limit or rounding.")
        errors.append({"field": "rule_set_tried", "code": "nothing", "text": text})
    if not title.strip():
        errors.append({"field": "title", "code": "missing", "text": _("Say what is asked.")})
    if errors:
        raise BadInput(_("The trial cannot begin."), errors)
    with write_batch(actor=actor, action="trial.start") as batch:
        trial = RuleTrial.objects.create(
            unit=unit,
            title=title.strip(),
            from_day=from_day,
            through_day=through_day,
            standard=now[0],
            edition=now[1],
            tried_standard=tried[0],
            tried_edition=tried[1],
            limit_factor=limit_factor,
            interval_factor=interval_factor,
            made_by_id=actor.person_id,
            made_at=batch.at,
        )
        trial.job = job_start(kind=KIND, params={"trial": trial.pk}, actor=actor, title=title)
        trial.save(update_fields=["job"])
    return trial


def trial_run(run: JobRun) -> dict[str, Any]:
    """Judge every point by its rule and by the change; keep the records in which one turns.

    All in one transaction: stopped half way, nothing is kept. A repeat begins anew.
    """
    trial = RuleTrial.objects.select_related("unit").get(pk=run.params["trial"])
    there = points_there()
    with write_batch(actor=run.actor, action="trial.end") as batch:
        found = RuleTrial.objects.select_for_update().get(pk=trial.pk)
        if found.finished_at is not None:
            return _said(found)
        with engine() as columns:
            lay_rules(columns, trial)
            turns: dict[tuple[int, int], int] = {}
            points = untried = 0
            for done, path in enumerate(there.files):
                run.progress(done, len(there.files), _("Judging"))
                part = _judge(columns, trial, path)
                points, untried = points + part.points, untried + part.untried
                for turn in part.turns:
                    key = (turn.before, turn.after)
                    turns[key] = turns.get(key, 0) + turn.points
                _keep(trial, part.records)
        found.turns = [[before, after, count] for (before, after), count in sorted(turns.items())]
        found.point_count, found.untried_count = points, untried
        found.missing_count = there.missing
        found.changed_count = sum(turns.values())
        found.finished_at = batch.at
        found.save()
    return _said(found)


class Part(NamedTuple):
    """What one file gave."""

    points: int
    untried: int
    turns: list[Turn]
    records: list[tuple[int, int, int, int]]  # record, before, after, points that change


def _judge(columns: duckdb.DuckDBPyConnection, trial: RuleTrial, path: str) -> Part:
    where = [
        "p.unit in (select id from unit)",
        "not exists (select 1 from blocked b where b.record = p.record)",
    ]
    given: list[Any] = [path]
    for text, day in (("p.day >= ?", trial.from_day), ("p.day <= ?", trial.through_day)):
        if day is not None:
            where.append(text)
            given.append(day)
    columns.execute(
        f"""
        create or replace temp table judged as
        select p.record, p.total is null as is_untried,
               {CONCLUSION.format(r="r")} as before, {CONCLUSION.format(r="t")} as after
          from read_parquet(?) p
          join rule r on r.shape = p.shape and r.count = least(p.count, {COUNTS[-1]})
          join tried t on t.shape = p.shape and t.count = r.count
         where {" and ".join(where)}
        """,
        given,
    )
    points, untried = columns.execute(
        "select count(*) filter (not is_untried), count(*) filter (is_untried) from judged"
    ).fetchone() or (0, 0)
    turns = columns.execute(
        "select before, after, count(*) from judged where not is_untried and before <> after"
        " group by 1, 2"
    ).fetchall()
    records = columns.execute(
        "select record, max(before), max(after), count(*) filter (before <> after) from judged"
        " where not is_untried and record in"
        " (select record from judged where not is_untried and before <> after)"
        " group by record order by record"
    ).fetchall()
    return Part(points, untried, [Turn(*each) for each in turns], records)


def lay_rules(columns: duckdb.DuckDBPyConnection, trial: RuleTrial) -> None:
    """Bounds of every shape and number of readings, as recorded and as tried, and the units."""
    rows, tried = [], []
    for shape, bounds, changed in _bounds_of_shapes(trial):
        rows += [(shape, count, *_row(one)) for count, one in bounds.items()]
        tried += [(shape, count, *_row(one)) for count, one in changed.items()]
    for name, lines in (("rule", rows), ("tried", tried)):
        columns.execute(
            f"create temp table {name} (shape INTEGER, count TINYINT, is_known BOOLEAN,"
            " first_count TINYINT, needed TINYINT, first_through BIGINT, band_from BIGINT,"
            " band_to BIGINT, all_through BIGINT)"
        )
        if lines:
            columns.executemany(f"insert into {name} values (?, ?, ?, ?, ?, ?, ?, ?, ?)", lines)
    columns.execute("create temp table unit (id INTEGER)")
    # A record without verdict (blocked) has no conclusion that could change.
    columns.execute("create temp table blocked (record BIGINT)")
    with connection.cursor() as cursor:
        cursor.execute(
            "select t.id from verification_testrecord t where not exists (select from"
            " verification_verdict v where v.record_id = t.id and v.legal <> '')"
        )
        blocked = cursor.fetchall()
    if blocked:
        columns.execute("insert into blocked select unnest(?)", [[key for (key,) in blocked]])
    units = Unit.objects.filter(path__startswith=trial.unit.path).values_list("pk")
    columns.executemany("insert into unit values (?)", list(units))


COUNTS = range(1, 7)  # readings that columns hold; with more, a point has no sum and is not tried


def _bounds_of_shapes(
    trial: RuleTrial,
) -> Iterator[tuple[int, dict[int, SumBounds | None], dict[int, SumBounds | None]]]:
    change = Change(trial.limit_factor, trial.interval_factor)
    shapes = PointShape.objects.select_related("model", "scheme_version")
    if trial.standard:
        shapes = shapes.filter(
            scheme_version__standard=trial.standard, scheme_version__edition=trial.edition
        )
    for shape in shapes:
        tried = (trial.tried_standard, trial.tried_edition) if trial.tried_standard else None
        yield shape.pk, _bounds(shape, None, Change()), _bounds(shape, tried, change)


def _bounds(
    shape: PointShape, edition: tuple[str, str] | None, change: Change
) -> dict[int, SumBounds | None]:
    seen = Observation("basic_error", shape.direction, shape.phases, shape.load_point, shape.factor)
    try:
        judge = record_judge_of(shape.model, shape.scheme_version, edition)
        rule = change.apply(judge.rule_at(seen)[0])
    except (MetrologyError, BadInput):
        return dict.fromkeys(COUNTS)
    takes_extra = judge.scheme.takes_extra
    return {count: sum_bounds(rule, count, takes_extra=takes_extra) for count in COUNTS}


def _row(bounds: SumBounds | None) -> tuple[Any, ...]:
    if bounds is None:
        return _NO_RULE
    return (
        True,
        bounds.first_count,
        bounds.needed,
        bounds.first_through,
        bounds.band_from,
        bounds.band_to,
        bounds.all_through,
    )


def _keep(trial: RuleTrial, records: list[tuple[int, int, int, int]]) -> None:
    if not records:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            insert into {TrialRecord._meta.db_table}
                   (trial_id, record_id, before, after, point_count)
            select %s, s.record, s.before, s.after, s.points
              from unnest(%s::bigint[], %s::smallint[], %s::smallint[], %s::int[])
                   as s (record, before, after, points)
            """,
            [trial.pk, *(list(each) for each in zip(*records, strict=True))],
        )


def _said(trial: RuleTrial) -> dict[str, Any]:
    count = trial.records.count()
    text = _("%(points)s points tried; in %(records)s records a conclusion changes.")
    return {"text": text % {"points": trial.point_count, "records": count}}


def _named(text: str) -> tuple[str, str]:
    """Standard and edition of a name such as `JJG 596-2012`."""
    if not text:
        return "", ""
    standard, _dash, edition = text.rpartition("-")
    try:
        found = rule_set(standard, edition)
    except MetrologyError as error:
        raise BadInput(
            _("There is no such rule set."),
            [{"field": "rule_set_tried", "code": error.code, "text": why(error)}],
        ) from error
    return found.standard, found.edition
