"""Another rule on past readings: the same verdicts as the rule gives, and only what changes."""

import os
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

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
from dianheng.metrology.observations import Observation
from dianheng.metrology.retrial import Change
from dianheng.metrology.verdicts import Conclusion, error_verdict
from dianheng.verification.models import TestRecord, TestResult
from dianheng.verification.selectors.judging import record_judge_of
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


def by_the_rule(limit: str, interval: str = "1") -> dict[int, list[tuple[Conclusion, Conclusion]]]:
    """Conclusions of every record, point by point, one reading after the other through the rule."""
    change = Change(Decimal(limit), Decimal(interval))
    found: dict[int, list[tuple[Conclusion, Conclusion]]] = {}
    for result in TestResult.objects.filter(item="basic_error", is_derived=False):
        task = result.record.task
        judge = record_judge_of(task.model, task.scheme_version)
        rule, _point, _text = judge.rule_at(
            Observation(
                "basic_error", result.direction, result.phases, result.load_point, result.factor
            )
        )
        samples = tuple(result.samples)
        pair = tuple(
            error_verdict(
                each,
                samples[: each.first_count],
                samples[each.first_count :],
                takes_extra=judge.scheme.takes_extra,
            ).conclusion
            for each in (rule, change.apply(rule))
        )
        found.setdefault(result.record_id, []).append(pair)  # type: ignore[arg-type]
    return found


def test_only_records_whose_conclusion_changes_are_listed_and_they_are_those_of_the_rule():
    meters_tested(6)
    trial = ran(limit_factor=Decimal("0.2"))
    expected = {
        key: sum(before is not after for before, after in pairs)
        for key, pairs in by_the_rule("0.2").items()
        if any(before is not after for before, after in pairs)
    }
    assert expected, "the story has records that change"
    assert dict(TrialRecord.objects.values_list("record_id", "point_count")) == expected
    assert (
        trial.point_count == TestResult.objects.filter(item="basic_error", is_derived=False).count()
    )
    assert trial.changed_count == sum(expected.values())
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


def test_only_limits_of_meters_are_offered_and_tried():
    assert rule_sets_to_try() == ["JJG 596-2012"]
    with pytest.raises(BadInput) as refused:
        started(rule_set_tried="JJG 1021-2007")
    assert [e["code"] for e in refused.value.refusals[0].errors] == ["no_limits"]


def test_a_trial_that_changes_nothing_is_refused():
    with pytest.raises(BadInput) as refused:
        started(limit_factor=Decimal(1))
    assert [e["code"] for e in refused.value.refusals[0].errors] == ["nothing"]


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
