"""Errors by bench, position, person: the same figures as by hand, and what stands out is named."""

from datetime import timedelta
from decimal import Decimal
from statistics import fmean
from urllib.parse import quote

import pytest
from django.utils import timezone

from dianheng.analysis.columns import columns_write
from dianheng.analysis.rules import Group, capability, compare, is_apart, turning_point
from dianheng.analysis.selectors import DIMENSIONS, Asked, error_groups
from dianheng.analysis.selectors.error_groups import step_key
from dianheng.assets.models import Device
from dianheng.common.errors import BadInput
from dianheng.identity.tests.factories import person_with
from dianheng.metrology.limits import limit_rows
from dianheng.metrology.plates import Connection
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.verdicts import error_verdict, point_rule
from dianheng.verification.models import TestRecord
from dianheng.verification.tests.factories import envelope_of, laboratory, load_with, send

from .factories import meters_tested

pytestmark = pytest.mark.django_db
ALL = ("/",)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"


def shares(record: TestRecord) -> list[float]:
    """Errors of a record in % of their limits, one point after the other."""
    return [
        float(r.value / r.limit_high * 100)
        for r in record.results.all()
        if r.item == "basic_error" and not r.is_derived
    ]


def test_groups_have_the_figures_that_one_works_out_by_hand():
    meters_tested(4)
    found = error_groups(Asked("bench", paths=ALL))
    (group,) = found.groups
    records = [shares(record) for record in TestRecord.objects.all()]
    points = [value for record in records for value in record]
    assert (group.group.count, group.points) == (len(records), len(points))
    assert group.name.startswith("BENCH-01")
    assert group.mean == pytest.approx(fmean(points))
    assert group.group.mean == pytest.approx(fmean(fmean(record) for record in records))
    assert (group.lowest, group.highest) == pytest.approx((min(points), max(points)))
    assert sum(found.steps.values()) == found.count == len(points)


def test_a_position_that_reads_too_much_is_named_first():
    lab = laboratory()
    for turn in range(6):  # the same positions again and again
        meters_tested(4, lab=lab, first=1 + 10 * turn, sticky_position=(3, 0.8))
    found = error_groups(Asked("position", paths=ALL))
    assert found.groups[0].name.endswith("3") and found.groups[0].is_apart
    assert [one.is_apart for one in found.groups].count(True) == 1
    assert found.comparison is not None and found.comparison.share > 0.5


def test_a_position_that_moves_over_months_is_named_with_its_slope(client):
    lab = laboratory()
    for turn in range(12):  # three weeks apart; position 3 gains a little each time
        meters_tested(
            4, lab=lab, first=1 + 10 * turn, sticky_position=(3, 0.1 * turn), seed=turn,
            started_at=timezone.now() - timedelta(days=21 * (12 - turn)),
        )  # fmt: skip
    found = error_groups(Asked("position", paths=ALL))
    (moving,) = [one for one in found.groups if one.drift]
    assert moving.name.endswith("3") and moving.drift.slope > 0
    assert (moving.drift.count, moving.drift.days) == (12, 21 * 11)
    client.force_login(person_with("*", login="looker"))
    page = client.get("/error-analysis/", {"by": "position"}).content.decode()
    assert "每月漂移" in page and moving.name in page


@pytest.mark.parametrize("by", sorted(DIMENSIONS))
def test_every_dimension_leads_to_its_records(by, client):
    meters_tested(3)
    client.force_login(person_with("*", login="looker"))
    page = client.get("/error-analysis/", {"by": by}).content.decode()
    for one in error_groups(Asked(by, paths=ALL)).groups:
        assert one.name in page
        answer = client.get(f"/error-analysis/{by}/{one.group.key}/")
        assert answer.status_code == 200
        assert answer.content.decode().count("<tr") >= one.group.count


def test_a_device_tested_twice_shows_its_change():
    lab = meters_tested(2)
    assert error_groups(Asked("bench", is_drift=True, paths=ALL)).count == 0
    task = TestRecord.objects.first().task
    load = load_with(task, lab.bench, reason="复检", skip=0)
    send(envelope_of(lab, load, retest_reason="复检", seed=9))
    columns_write()
    found = error_groups(Asked("bench", is_drift=True, paths=ALL))
    assert found.count > 0


def test_a_change_counts_where_the_last_test_was_made():
    lab = meters_tested(2, started_at=timezone.now() - timedelta(days=40))
    task = TestRecord.objects.first().task
    load = load_with(task, lab.bench, reason="复检", skip=0)
    send(envelope_of(lab, load, retest_reason="复检", seed=9))
    columns_write()
    (group,) = error_groups(Asked("month", is_drift=True, paths=ALL)).groups
    assert group.name == f"{timezone.localdate():%Y-%m}"


def test_a_step_of_the_distribution_leads_to_its_records(client):
    meters_tested(3)
    client.force_login(person_with("*", login="looker"))
    page = client.get("/error-analysis/").content.decode()
    found = error_groups(Asked(paths=ALL))
    for step in found.steps:
        address = f"/error-analysis/step/{step_key(Asked(), step)}/"
        assert quote(address, safe="/") in page or address in page
        shown = client.get(address).content.decode()
        for record in TestRecord.objects.all():
            is_in = any(step <= value < step + 5 for value in shares(record))
            assert (record.number in shown) is is_in, (step, record)
    assert client.get("/error-analysis/step/x/").status_code == 200


def test_a_difference_that_nobody_would_notice_does_not_stand_apart():
    groups = [Group(key, 100_000, mean, 10.0) for key, mean in (("a", 1.0), ("b", 2.0), ("c", 4.0))]
    assert not any(is_apart(group, compare(groups)) for group in groups)


@pytest.mark.parametrize(
    "address",
    ["bench/99999999999999999999999", "standard/99999999999999999999999", "position/1/99999999999",
     "month/9999-12", "month/0001-01", "step/5;;0001-01-01;;",
     f"step/{10**40};;;;", f"step/{'9' * 18};;;;"],
)  # fmt: skip
def test_a_key_that_no_database_holds_finds_nothing(address, client):
    meters_tested(1)
    client.force_login(person_with("*", login="looker"))
    assert client.get(f"/error-analysis/{address}/").status_code == 200


def test_units_that_one_may_not_see_are_left_out():
    meters_tested(2)
    assert error_groups(Asked("bench", paths=("/OTHER/",))).count == 0


def test_what_is_not_asked_for_is_told(client):
    meters_tested(1)
    with pytest.raises(BadInput):
        error_groups(Asked("colour", paths=ALL))
    client.force_login(person_with("*", login="looker"))
    assert "gestern" in client.get("/error-analysis/", {"from_day": "gestern"}).content.decode()
    assert client.get("/error-analysis/month/2026-99/").status_code == 200


def test_without_the_right_the_pages_are_closed(client):
    meters_tested(1)
    client.force_login(person_with("verification.view", login="other"))
    assert client.get("/error-analysis/").status_code == 403
    bench = Device.objects.get(barcode="BENCH-01").pk
    assert client.get(f"/error-analysis/bench/{bench}/").status_code == 403


def test_groups_without_spread_are_not_compared():
    assert compare([Group("a", 5, 1.0, 0.0)]) is None
    assert compare([Group("a", 5, 1.0, 0.0), Group("b", 5, 1.0, 0.0)]) is None
    found = compare([Group("a", 5, 1.0, 0.0), Group("b", 5, 2.0, 0.0)])
    assert found is not None and found.ratio is None and found.share == 1
    assert not is_apart(Group("a", 5, 1.0, 0.0), found)
    assert capability(1.0, 0.0, 2.0) is None


def test_the_turning_point_is_where_the_judge_of_errors_turns():
    rules = rule_set("JJG 596", "2012")
    for row in limit_rows(rules):
        if row.measure != "active" or row.loading != "balanced":
            continue
        rule = point_rule(
            rules, accuracy_class=row.accuracy_class, connection=Connection(row.connection),
            load=f"{row.from_ratio}{'Ib' if row.connection == 'direct' else 'In'}",
            factor=row.factor,
        )  # fmt: skip
        edge, little = turning_point(rule.limit_pct, rule.interval_pct), Decimal("0.000001")
        said = [
            error_verdict(rule, [edge + by], takes_extra=False).conclusion.value
            for by in (-little, little)
        ]
        assert said == ["pass", "fail"], row
