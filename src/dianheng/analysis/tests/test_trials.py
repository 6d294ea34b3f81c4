"""Another rule on past readings: the same verdicts as the rule gives, and only what changes."""

import os
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from dianheng.analysis.columns import GRACE_S, columns_write, folder, points_there
from dianheng.analysis.models import RuleTrial, TrialRecord
from dianheng.analysis.selectors import rule_sets_to_try
from dianheng.analysis.services import trial_run, trial_start
from dianheng.common.errors import BadInput, Refused
from dianheng.common.jobs import JobStopped
from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import actor_with, metering_centre, person_with
from dianheng.metrology.changes import AS_IT_IS, Change
from dianheng.metrology.environment import Environment
from dianheng.metrology.records import RecordVerdict
from dianheng.metrology.verdicts import Conclusion
from dianheng.verification.models import TestRecord, TestResult
from dianheng.verification.observed import observation_from
from dianheng.verification.rules import outcome_of
from dianheng.verification.selectors.judging import judge_of
from dianheng.verification.tests.factories import (
    envelope_of,
    laboratory,
    load_with,
    send,
    task_with,
)

from .factories import Run, meters_tested

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"


def started(**options) -> RuleTrial:
    options.setdefault("title", "内控限改为60%")
    options.setdefault("limit_factor", Decimal("0.6"))
    return trial_start(unit=metering_centre(), actor=system_actor(), **options)


def ran(**options) -> RuleTrial:
    trial = started(**options)
    trial_run(Run(trial.job))
    trial.refresh_from_db()
    return trial


def by_the_judge(
    limit: str = "1",
    interval: str = "1",
    edition: tuple[str, str] | None = None,
    records: Any = None,
) -> dict[int, tuple[RecordVerdict, RecordVerdict]]:
    """Every record as a whole through the judge of records: by its rule, and by the one tried."""
    change = Change(Decimal(limit), Decimal(interval))
    found = {}
    asked = TestRecord.objects.all() if records is None else records
    for record in asked.select_related("task__model", "task__scheme_version"):
        task = record.task
        is_transformer = task.scheme_version.content.get("of") == "transformer"
        seen = [
            observation_from(result, is_transformer=is_transformer)
            for result in record.results.filter(is_derived=False).order_by("seq")
        ]
        where = Environment(record.temperature_start_c, record.humidity_start_pct)
        found[record.pk] = tuple(
            judge_of(task.model, task.scheme_version, edition if tried else None, moved).judge(
                [each for each in seen if each is not None], where
            )
            for tried, moved in ((False, AS_IT_IS), (True, change))
        )
    return found  # type: ignore[return-value]


def conclusion(verdict: RecordVerdict) -> int:
    """A record's conclusion by the regulation and by what was ordered."""
    outcome, _would_be = outcome_of(
        is_blocked=False, is_signed=True, legal=verdict.legal.value, fitness=verdict.fitness.value,
        internal="", has_unjudged_failure=False,
    )  # fmt: skip
    return {"passed": 0, "incomplete": 1, "failed": 2, "unfit": 3}[outcome]


def expected(
    judged: dict[int, tuple[RecordVerdict, RecordVerdict]],
) -> dict[int, tuple[int, int, int, int, list[str]]]:
    """What a trial has to list: level, conclusions, points that change, their items."""
    rows = {}
    for key, (before, after) in judged.items():
        pairs = list(zip(before.verdicts, after.verdicts, strict=True))
        turned = [str(b.item) for b, a in pairs if b.conclusion is not a.conclusion]
        if not turned:
            continue
        ends = (conclusion(before), conclusion(after))
        level = 2 if ends[0] != ends[1] else int(worst(before) != worst(after))
        rows[key] = (level, *ends, len(turned), sorted(set(turned)))
    return rows


def worst(verdict: RecordVerdict) -> dict[str, int]:
    """The conclusion on each item."""
    rank = [Conclusion.PASS, Conclusion.INCOMPLETE, Conclusion.FAIL]
    found: dict[str, int] = {}
    for each in verdict.verdicts:
        found[str(each.item)] = max(found.get(str(each.item), 0), rank.index(each.conclusion))
    return found


def listed(trial: RuleTrial) -> dict[int, tuple[int, int, int, int, list[str]]]:
    """What a trial lists."""
    return {
        row.record_id: (row.level, row.before, row.after, row.point_count, sorted(row.items))
        for row in trial.records.all()
    }


def test_only_records_whose_conclusion_changes_are_listed_and_they_are_those_of_the_rule():
    meters_tested(6)
    trial = ran(limit_factor=Decimal("0.2"))
    wanted = expected(by_the_judge("0.2"))
    assert wanted, "the story has records that change"
    assert listed(trial) == wanted
    assert (
        trial.point_count == TestResult.objects.filter(item="basic_error", is_derived=False).count()
    )
    assert trial.changed_count == sum(points for _l, _b, _a, points, _i in wanted.values())
    assert trial.untried_count == 0


def test_a_trial_that_changes_no_conclusion_lists_nothing():
    meters_tested(2)
    trial = ran(limit_factor=Decimal("1.01"))
    assert (trial.changed_count, trial.records.count()) == (0, 0)


def test_records_outside_the_days_and_units_are_not_tried():
    meters_tested(2)
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert ran(from_day=tomorrow).point_count == 0
    assert ran(through_day=tomorrow).point_count > 0


def test_stopped_half_way_nothing_is_kept():
    meters_tested(6)
    trial = started(limit_factor=Decimal("0.2"))
    with pytest.raises(JobStopped):
        trial_run(Run(trial.job, stops_at=1))
    trial.refresh_from_db()
    assert trial.finished_at is None
    assert not TrialRecord.objects.exists()
    trial_run(Run(trial.job))
    assert TrialRecord.objects.exists()


def test_a_repeat_of_the_job_adds_nothing():
    meters_tested(3)
    trial = started(limit_factor=Decimal("0.2"))
    first = trial_run(Run(trial.job))
    count = TrialRecord.objects.count()
    assert trial_run(Run(trial.job)) == first
    assert TrialRecord.objects.count() == count


def test_the_worker_writes_files_once_and_anew_when_records_come_in():
    lab = meters_tested(2)
    (file,) = points_there().files
    stamp = Path(file).stat().st_mtime_ns
    assert columns_write() == 0 and points_there().files == [file]
    assert Path(file).stat().st_mtime_ns == stamp
    meters_tested(1, lab=lab, first=50)
    (renewed,) = points_there().files
    assert renewed != file and points_there().missing == 0
    # A page that began before may still read the old one; later it is removed.
    assert Path(file).exists()
    for each in map(Path, (file, renewed)):
        long_ago = each.stat().st_mtime - 2 * GRACE_S
        os.utime(each, (long_ago, long_ago))
    columns_write()
    assert list(map(str, folder().glob("*.parquet"))) == [renewed]


def test_a_file_that_was_thrown_away_or_is_of_other_records_is_written_anew():
    meters_tested(2)
    (file,) = map(Path, points_there().files)
    file.unlink()
    assert points_there().missing == 2
    columns_write()
    assert points_there().files == [str(file)]
    other = file.with_name(file.name.replace(file.stem[-4:], "0000"))
    file.rename(other)  # the block of a backup that was restored: as many records, others
    columns_write()
    assert points_there().files == [str(file)]


def test_pages_and_trials_read_what_there_is_and_say_what_is_not_included(client):
    lab = meters_tested(2)
    points = ran(limit_factor=Decimal("0.9")).point_count
    task = task_with(1, first=60)
    send(envelope_of(lab, load_with(task, lab.bench)))
    trial = ran(limit_factor=Decimal("0.9"))
    assert (trial.point_count, trial.missing_count) == (points, 1)
    client.force_login(person_with("*", login="looker"))
    assert "1 条记录尚未纳入" in client.get("/error-analysis/").content.decode()
    assert points_there().missing == 1  # a page writes nothing
    columns_write()
    assert ran(limit_factor=Decimal("0.9")).missing_count == 0


@pytest.mark.parametrize(
    "samples", [["0.12345678", "0.1"], ["0.1"] * 7], ids=["digits", "readings"]
)
def test_points_that_columns_cannot_hold_are_counted_apart(samples):
    lab = laboratory()
    task = task_with(1)
    sent = envelope_of(lab, load_with(task, lab.bench))
    point = next(p for p in sent["devices"][0]["points"] if p["item"] == "BASIC_ERROR")
    point["samples"] = samples
    send(sent)
    columns_write()
    trial = ran(limit_factor=Decimal("0.9"))
    errors = TestResult.objects.filter(item="basic_error", is_derived=False).count()
    assert (trial.untried_count, trial.point_count) == (1, errors - 1)


def test_every_fault_of_a_trial_is_told_at_once():
    with pytest.raises(BadInput) as refused:
        started(
            title=" ",
            limit_factor=Decimal(0),
            from_day=timezone.localdate(),
            through_day=timezone.localdate() - timedelta(days=1),
        )
    assert {e["field"] for e in refused.value.refusals[0].errors} == {
        "title",
        "limit_factor",
        "through_day",
    }


def test_only_rule_sets_with_limits_of_errors_are_offered_and_tried():
    assert rule_sets_to_try() == [
        "JJG 1021-2007", "JJG 1189.3-2022", "JJG 313-2010", "JJG 314-2010", "JJG 596-2012",
    ]  # fmt: skip
    with pytest.raises(BadInput) as refused:
        started(rule_set_tried="DL/T 448-2016")
    assert [e["code"] for e in refused.value.refusals[0].errors] == ["no_limits"]


def test_a_rule_of_transformers_is_not_tried_on_what_was_judged_by_one_of_meters():
    with pytest.raises(BadInput) as refused:
        started(rule_set_now="JJG 596-2012", rule_set_tried="JJG 1021-2007")
    assert [e["code"] for e in refused.value.refusals[0].errors] == ["other_devices"]


def test_a_trial_that_changes_nothing_is_refused():
    with pytest.raises(BadInput) as refused:
        started(limit_factor=Decimal(1))
    assert [e["code"] for e in refused.value.refusals[0].errors] == ["nothing"]


def test_the_same_trial_sent_twice_is_one():
    assert started(request_key="tried-once") == started(request_key="tried-once")
    assert RuleTrial.objects.count() == 1


def test_who_may_not_try_does_not():
    with pytest.raises(Refused):
        trial_start(
            unit=metering_centre(),
            title="x",
            limit_factor=Decimal("0.5"),
            actor=actor_with("verification.view", login="looker"),
        )
    assert not RuleTrial.objects.exists()


class TestPages:
    def test_a_trial_is_begun_by_page_and_its_records_are_listed(self, client):
        meters_tested(6)
        client.force_login(person_with("*", login="judge"))
        answer = client.post(
            "/trials/add/",
            {
                "title": "限值减到五分之一",
                "unit": metering_centre().pk,
                "limit_factor": "0.2",
                "interval_factor": "1",
            },
        )
        trial = RuleTrial.objects.get()
        assert answer.headers["Location"] == f"/trials/{trial.pk}/"
        trial_run(Run(trial.job))
        page = client.get(f"/trials/{trial.pk}/").content.decode()
        for record in TestRecord.objects.filter(pk__in=TrialRecord.objects.values("record_id")):
            assert record.number in page
        assert "限值减到五分之一" in client.get("/trials/").content.decode()

    def test_without_the_right_the_pages_are_closed(self, client):
        meters_tested(1)
        trial = started()
        client.force_login(person_with("verification.view", login="looker"))
        for path in ("/trials/", "/trials/add/", f"/trials/{trial.pk}/"):
            assert client.get(path).status_code == 403, path
