"""Another rule is tried on the readings of the past; only conclusions that change are kept."""

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
from django.db import connection
from django.utils.translation import gettext as _

from dianheng.common.actor import Actor
from dianheng.common.errors import BadInput
from dianheng.common.jobs import JobRun, job_start
from dianheng.common.texts import why
from dianheng.identity.models import Unit
from dianheng.identity.services import idempotent, remember, require, write_batch
from dianheng.metrology.changes import Change
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.rule_sets import rule_set

from ..choices import Judged, Level
from ..columns import engine, points_there
from ..models import RuleTrial, TrialRecord
from ..selectors import is_for_transformers, items_to_try, rule_sets_to_try
from .trial_rules import (
    ITEM,
    LEGAL,
    NO_LIMIT,
    OF_COMPANY,
    POINT,
    Rules,
    judge_statements,
    lay_rules,
)

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
# What counts in a file: of the units and days that are asked about, with a verdict.
_WHERE = """
    p.unit in (select id from unit)
    and not exists (select 1 from blocked b where b.record = p.record)
    and p.day >= coalesce(?, p.day) and p.day <= coalesce(?, p.day)
"""
_NEW_SAID = f"""
create or replace temp table new_said as
select distinct p.shape, p.said
  from read_parquet(?) p join form f on f.shape = p.shape and f.kind <> {NO_LIMIT}
 where p.said is not null and {_WHERE}
   and not exists (select 1 from said s where s.shape = p.shape and s.said = p.said)
"""
# A line without conclusion could not be tried.
_JUDGED = f"""
create or replace temp table judged as
select p.record, f.item, f.weight, f.kind,
       case when p.total is not null then {CONCLUSION.format(r="r")} end as before,
       case when p.total is not null then {CONCLUSION.format(r="t")} end as after
  from read_parquet(?) p
  join form f on f.shape = p.shape
  left join rule r on r.shape = p.shape and r.count = p.count
  left join tried t on t.shape = p.shape and t.count = p.count
 where p.said is null and {_WHERE}
union all
select p.record, f.item, f.weight, f.kind, s.before, s.after
  from read_parquet(?) p
  join form f on f.shape = p.shape
  left join said s on s.shape = p.shape and s.said = p.said
 where p.said is not null and {_WHERE}
"""
# Means as fractions: the sum that counts, and of how many readings it is.
_MEAN = """
    case when abs(p.first) between {r}.band_from and {r}.band_to then p.{all} else {first} end"""
_DIFFERENCES = f"""
insert into judged
with mean as (
    select p.record, p.shape, b.is_single, b.direction, b.item, b.weight,
           {_MEAN.format(r="r", all="total", first="p.first")} as sum_before,
           {_MEAN.format(r="r", all="count", first="r.first_count")} as count_before,
           {_MEAN.format(r="t", all="total", first="p.first")} as sum_after,
           {_MEAN.format(r="t", all="count", first="t.first_count")} as count_after
      from read_parquet(?) p
      join base b on b.shape = p.shape
      join rule r on r.shape = p.shape and r.count = p.count
      join tried t on t.shape = p.shape and t.count = p.count
     where p.total is not null and r.is_known and t.is_known and p.count >= r.first_count
       and p.count >= t.first_count and {_WHERE}),
pair as (
    select s.record, s.shape, s.item, s.weight,
           abs(s.sum_before * b.count_before - b.sum_before * s.count_before) as before,
           s.count_before * b.count_before as product_before,
           abs(s.sum_after * b.count_after - b.sum_after * s.count_after) as after,
           s.count_after * b.count_after as product_after
      from mean s join mean b on b.record = s.record and b.direction = s.direction
                             and s.is_single and not b.is_single)
select p.record, p.item, p.weight, {ITEM}::tinyint,
       case when l.shape is not null and h.shape is not null then
            (case when p.before <= l.before then 0 else 2 end)::tinyint end,
       case when l.shape is not null and h.shape is not null then
            (case when p.after <= h.after then 0 else 2 end)::tinyint end
  from pair p
  left join difference l on l.shape = p.shape and l.product = p.product_before
  left join difference h on h.shape = p.shape and h.product = p.product_after
 where p.shape in (select shape from difference)
"""
# Records with a change, item by item.
_PARTS = f"""
create or replace temp table part as
select record, item, max(weight) as weight, coalesce(max(before), 0) as before,
       coalesce(max(after), 0) as after, bool_or(before is null) as has_untried,
       count(*) filter (before <> after) as points
  from judged
 where kind <> {NO_LIMIT} and record in (select record from judged where before <> after)
 group by record, item
"""
# What its verdict found wrong or missing and the trial cannot move keeps a record where it is.
_RECORDS = f"""
with rest as (
    select o.record, max(o.code) filter (o.weight = {LEGAL}) as legal,
           max(o.code) filter (o.weight = {OF_COMPANY}) as company
      from open_item o
     where o.record in (select record from part)
       and (o.is_for_all
            or not exists (select 1 from part p where p.record = o.record and p.item = o.item
                              and p.before >= o.code and not p.has_untried))
     group by o.record),
joined as (
    select p.record,
           greatest(max(p.before) filter (p.weight = {LEGAL}), any_value(r.legal)) as legal_before,
           greatest(max(p.after) filter (p.weight = {LEGAL}), any_value(r.legal)) as legal_after,
           greatest(max(p.before) filter (p.weight = {OF_COMPANY}), any_value(r.company)) as own_before,
           greatest(max(p.after) filter (p.weight = {OF_COMPANY}), any_value(r.company)) as own_after,
           bool_or(p.before <> p.after) as is_item, sum(p.points)::int as points,
           list(p.item order by p.item) filter (p.points > 0) as items
      from part p left join rest r on r.record = p.record
     group by p.record),
concluded as (
    select record, is_item, points, items,
           {{before}} as before,
           {{after}} as after
      from joined)
select record, case when before <> after then {Level.RECORD.value}
                    when is_item then {Level.ITEM.value} else {Level.POINT.value} end,
       before, after, points, items
  from concluded order by record
"""
_OUTCOME = f"""
    case when legal_{{when}} = {Judged.FAIL.value} then {Judged.FAIL.value}
         when legal_{{when}} = {Judged.INCOMPLETE.value} or own_{{when}} = {Judged.INCOMPLETE.value}
         then {Judged.INCOMPLETE.value}
         when own_{{when}} = {Judged.FAIL.value} then {Judged.UNFIT.value}
         else {Judged.PASS.value} end"""
_RECORDS = _RECORDS.format(
    before=_OUTCOME.format(when="before"), after=_OUTCOME.format(when="after")
)


def trial_start(
    *,
    unit: Unit,
    title: str,
    actor: Actor,
    from_day: date | None = None,
    through_day: date | None = None,
    rule_set_now: str = "",
    rule_set_tried: str = "",
    item: str = "",
    limit_factor: Decimal = Decimal(1),
    interval_factor: Decimal = Decimal(1),
    request_key: str = "",
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
        item: only this item, or `errors` for the errors at the points; empty: all with a limit.
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
        text = _("%(name)s has no limits of errors.") % {"name": rule_set_tried}
        errors.append({"field": "rule_set_tried", "code": "no_limits", "text": text})
    elif (
        rule_set_tried
        and rule_set_now in rule_sets_to_try()
        and is_for_transformers(*now) is not is_for_transformers(*tried)
    ):
        text = _("%(tried)s is not for what %(now)s judges: choose one for the same devices.")
        text %= {"tried": rule_set_tried, "now": rule_set_now}
        errors.append({"field": "rule_set_tried", "code": "other_devices", "text": text})
    if change == Change() and (not rule_set_tried or rule_set_tried == rule_set_now):
        text = _("Nothing is changed: choose another rule set, limit or rounding.")
        errors.append({"field": "rule_set_tried", "code": "nothing", "text": text})
    if item not in ("", *items_to_try()):
        text = _("There is no such item with a limit.")
        errors.append({"field": "item", "code": "no_item", "text": text})
    if not title.strip():
        errors.append({"field": "title", "code": "missing", "text": _("Say what is asked.")})
    if errors:
        raise BadInput(_("The trial cannot begin."), errors)
    with write_batch(actor=actor, action="trial.start") as batch:
        if (earlier := idempotent(request_key, "trial.start")) is not None:
            return RuleTrial.objects.get(pk=earlier["trial"])
        trial = RuleTrial.objects.create(
            unit=unit,
            title=title.strip(),
            from_day=from_day,
            through_day=through_day,
            standard=now[0],
            edition=now[1],
            tried_standard=tried[0],
            tried_edition=tried[1],
            item=item,
            limit_factor=limit_factor,
            interval_factor=interval_factor,
            made_by_id=actor.person_id,
            made_at=batch.at,
        )
        trial.job = job_start(kind=KIND, params={"trial": trial.pk}, actor=actor, title=title)
        trial.save(update_fields=["job"])
        remember(request_key, "trial.start", {"trial": trial.pk})
    return trial


def trial_run(run: JobRun) -> dict[str, Any]:
    """Judge everything by its rule and by the change; keep the records in which something turns.

    All in one transaction: stopped half way, nothing is kept. A repeat begins anew.
    """
    trial = RuleTrial.objects.select_related("unit").get(pk=run.params["trial"])
    there = points_there()
    with write_batch(actor=run.actor, action="trial.end") as batch:
        found = RuleTrial.objects.select_for_update().get(pk=trial.pk)
        if found.finished_at is not None:
            return _said(found)
        counts: Counter[tuple[int, bool]] = Counter()
        turns: Counter[tuple[int, int, str]] = Counter()
        with engine() as columns:
            rules = lay_rules(columns, trial, there.files)
            for done, path in enumerate(there.files):
                run.progress(done, len(there.files), _("Judging"))
                given = [path, trial.from_day, trial.through_day]
                columns.execute(_NEW_SAID, given)
                for _done in judge_statements(columns, rules):
                    run.progress(done, len(there.files), _("Judging"))
                columns.execute(_JUDGED, [*given, *given])
                if rules.has_differences:
                    columns.execute(_DIFFERENCES, given)
                counts.update(_counts(columns))
                turned = _turns(columns, rules)
                turns.update(turned)
                if turned:
                    columns.execute(_PARTS)
                    _keep(trial, columns.execute(_RECORDS).fetchall(), rules)
        found.turns = [[b, a, count, item] for (b, a, item), count in turns.most_common()]
        found.point_count, found.item_count = counts[POINT, True], counts[ITEM, True]
        found.untried_count = counts[POINT, False] + counts[ITEM, False]
        found.unlimited_count = counts[NO_LIMIT, False]
        found.missing_count = there.missing
        found.changed_count = sum(turns.values())
        found.finished_at = batch.at
        found.save()
    return _said(found)


def _counts(columns: duckdb.DuckDBPyConnection) -> dict[tuple[int, bool], int]:
    """Points, items and items without limit: how many were tried, how many could not be."""
    rows = columns.execute(
        "select kind, before is not null, count(*) from judged group by 1, 2"
    ).fetchall()
    return {(kind, is_tried): count for kind, is_tried, count in rows}


def _turns(columns: duckdb.DuckDBPyConnection, rules: Rules) -> dict[tuple[int, int, str], int]:
    """How often which item went from one conclusion to another."""
    rows = columns.execute(
        "select before, after, item, count(*) from judged where before <> after group by 1, 2, 3"
    ).fetchall()
    return {(before, after, rules.items[item]): count for before, after, item, count in rows}


def _keep(trial: RuleTrial, records: list[tuple[Any, ...]], rules: Rules) -> None:
    keys, levels, before, after, points, items = zip(*records, strict=True)
    named = [" ".join(rules.items[item] for item in each) for each in items]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            insert into {TrialRecord._meta.db_table}
                   (trial_id, record_id, level, before, after, point_count, items)
            select %s, s.record, s.level, s.before, s.after, s.points, string_to_array(s.items, ' ')
              from unnest(%s::bigint[], %s::smallint[], %s::smallint[], %s::smallint[], %s::int[],
                          %s::text[])
                   as s (record, level, before, after, points, items)
            """,
            [trial.pk, *map(list, (keys, levels, before, after, points, named))],
        )


def _said(trial: RuleTrial) -> dict[str, Any]:
    count = trial.records.filter(level=Level.RECORD).count()
    text = _(
        "%(points)s points and %(items)s other items tried; %(records)s records come out otherwise."
    )
    facts = {"points": trial.point_count, "items": trial.item_count, "records": count}
    return {"text": text % facts}


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
