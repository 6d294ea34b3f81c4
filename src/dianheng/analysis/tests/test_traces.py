"""A standard turns out bad: everything it touched, the risk of each, and the recall orders."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from urllib.parse import quote_plus

import pytest
from django.utils import timezone
from python_calamine import CalamineWorkbook

from dianheng.analysis.choices import Cause, Risk
from dianheng.analysis.models import Trace, TracedRecord
from dianheng.analysis.rules import site_margin, turning_point
from dianheng.analysis.selectors import tree_of
from dianheng.analysis.services import cause_of, trace_declare, trace_file, trace_recall, trace_run
from dianheng.assets.choices import PlaceKind
from dianheng.assets.models import Device, DeviceEvent, DeviceModel, Installation
from dianheng.assets.services.places import place_make
from dianheng.common.errors import BadInput, NotFound, Refused
from dianheng.common.jobs import JobStopped
from dianheng.customers.tests.factories import cement_works
from dianheng.documents.services import file_read
from dianheng.fieldwork.services import check_record
from dianheng.fieldwork.tests.factories import (
    CALIBRATOR,
    CONDITIONS,
    RIGHT,
    an_hour_ago,
    calibrator,
    field_task,
    point_with_meter,
)
from dianheng.identity.services import system_actor, unit_make, write_batch
from dianheng.identity.tests.factories import actor_with, metering_centre, person_with
from dianheng.metrology.rule_sets import rule_set
from dianheng.office.selectors import files_of
from dianheng.standards.models import StandardCertificate
from dianheng.standards.services import outside_standard_save
from dianheng.standards.tests.factories import equipment
from dianheng.verification.models import TestRecord, TestResult
from dianheng.verification.selectors.quality import batch_seen
from dianheng.verification.services import quality_judge
from dianheng.verification.tests.factories import (
    envelope_of,
    laboratory,
    load_with,
    send,
    task_with,
)
from dianheng.verification.tests.quality import (
    checking,
    quality_batch,
    run_through,
    verified_meters,
)
from dianheng.verification.tests.transformers import TransformerRoom
from dianheng.workflow.models import ProcessInstance
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.services import pack_load

from .factories import Run, meters_tested

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"


def declared(cause: str = Cause.STANDARD, code: str = "STD-0001", **options) -> Trace:
    key, text, unit = cause_of(cause=cause, code=code)
    now = timezone.now()
    options.setdefault("from_at", now - timedelta(days=30))
    options.setdefault("through_at", now)
    options.setdefault("reason", "期间核查发现误差+0.05%")
    options.setdefault("actor", system_actor())
    return trace_declare(unit=unit, cause=cause, key=key, text=text, **options)


def traced(**options) -> Trace:
    trace = declared(**options)
    trace_run(Run(trace.job))
    trace.refresh_from_db()
    return trace


def nearest(record: TestRecord) -> Decimal:
    """Smallest distance of a point to where it turns, worked out one point after the other."""
    return min(map(room, (r for r in record.results.all() if is_error(r))), key=abs)


def room(result: TestResult) -> Decimal:
    """Distance to the error that would be judged otherwise: classes 1 and 2 are rounded to 0.1 and 0.2."""
    interval = {"1": Decimal("0.1"), "2": Decimal("0.2")}[result.record.device.model.accuracy_class]
    within = result.limit_high // interval * interval
    return within + interval / 2 - abs(result.value)


def is_error(result: TestResult) -> bool:
    return result.item == "basic_error" and not result.is_derived and result.value is not None


def test_every_record_of_the_standard_is_found_with_its_margin():
    meters_tested(5)
    trace = traced(found_error_pct=Decimal("0.05"))
    found = dict(TracedRecord.objects.values_list("record_id", "margin_pct"))
    assert found == {record.pk: nearest(record) for record in TestRecord.objects.all()}
    assert sum(trace.counts.values()) == 5


def test_the_risk_is_high_within_the_error_that_was_found_and_medium_within_twice():
    meters_tested(6)
    margins = sorted(abs(nearest(record)) for record in TestRecord.objects.all())
    guard = margins[2] + Decimal("0.000001")  # three lie within it
    traced(found_error_pct=guard)
    risks = {
        each.record_id: each.risk for each in TracedRecord.objects.filter(margin_pct__isnull=False)
    }
    for record in TestRecord.objects.all():
        margin = abs(nearest(record))
        expected = Risk.HIGH if margin < guard else Risk.MEDIUM if margin < 2 * guard else Risk.LOW
        assert risks[record.pk] == expected


def test_without_an_error_the_share_of_the_limit_decides():
    meters_tested(3)
    trace = traced(found_error_pct=None)
    for each in TracedRecord.objects.all():
        shares = [abs(room(r)) / r.limit_high for r in each.record.results.all() if is_error(r)]
        share = min(shares)
        high, medium = Decimal("0.2"), Decimal("0.4")
        expected = Risk.HIGH if share < high else Risk.MEDIUM if share < medium else Risk.LOW
        assert each.risk == expected
    assert sum(trace.counts.values()) == 3


def test_a_small_error_is_held_against_where_the_rounded_value_turns_not_against_the_limit():
    lab = laboratory()
    sent = envelope_of(lab, load_with(task_with(1), lab.bench))
    points = [p for p in sent["devices"][0]["points"] if p["item"] == "BASIC_ERROR"]
    for point in points:
        point["samples"] = ["0.10", "0.10"]
    points[0]["samples"] = ["2.085", "2.085", "2.085", "2.085"]  # limit 2.0, rounded to 0.2: passes
    send(sent)
    result = TestResult.objects.get(value=Decimal("2.085"))
    assert (result.limit_high, result.conclusion) == (2, "pass")
    trace = traced(found_error_pct=Decimal("0.02"))
    (row,) = trace.records.all()
    assert (row.margin_pct, row.risk) == (Decimal("0.015"), Risk.HIGH)


class TestCertifiedWith:
    """The one above turns out bad: what was measured by those that were certified with it."""

    @pytest.fixture
    def above(self):
        meters_tested(2)
        return equipment("STD-UP", "standard_meter", "CL311")

    def certified(
        self, days: int, *, above, barcode="STD-0001", through=400, number="DC-UP", withdrawn=None
    ):
        """Both in days ago: the first day, and the day from which it is withdrawn."""
        today = timezone.localdate()
        with write_batch(actor=system_actor(), action="test.certify"):
            StandardCertificate.objects.create(
                device=Device.objects.get(barcode=barcode), number=number, issuer="计量中心",
                valid_from=today - timedelta(days=days), valid_through=today + timedelta(days=through),
                withdrawn_on=None if withdrawn is None else today - timedelta(days=withdrawn),
                higher_device=above,
            )  # fmt: skip

    def count(self, trace) -> int:
        return sum(trace.counts.values())

    def test_records_of_a_standard_certified_with_it_are_touched(self, above, client):
        self.certified(20, above=above)
        trace = traced(code="STD-UP")
        assert self.count(trace) == 2
        day = timezone.localdate() - timedelta(days=20)
        (line,) = trace.certified
        last = timezone.localdate() + timedelta(days=400)
        assert line == ["STD-0001", "DC-UP", "STD-UP", f"{day}", f"{last}"]
        client.force_login(person_with("*", login="engineer"))
        assert "DC-UP" in client.get(f"/traces/{trace.number}/").content.decode()

    def test_so_are_those_further_down(self, above):
        middle = equipment("STD-MID", "standard_meter", "CL311")
        self.certified(25, above=above, barcode="STD-MID", number="DC-1")
        self.certified(20, above=middle)
        trace = traced(code="STD-UP")
        assert self.count(trace) == 2
        assert [line[0] for line in trace.certified] == ["STD-MID", "STD-0001"]

    def test_after_it_was_found_bad_they_measured_on(self, above):
        self.certified(20, above=above)
        trace = traced(code="STD-UP", through_at=timezone.now() - timedelta(days=10))
        assert self.count(trace) == 2

    def test_a_certificate_of_before_is_not_in_doubt(self, above):
        self.certified(40, above=above)
        assert (self.count(traced(code="STD-UP")), traced(code="STD-UP").certified) == (0, [])

    def test_the_next_certificate_ends_the_doubt(self, above):
        self.certified(20, above=above)
        self.certified(10, above=None, number="DC-NEXT")
        assert self.count(traced(code="STD-UP")) == 0

    @pytest.mark.parametrize(
        "first,withdrawn,count",
        [(10, 9, 2), (10, 10, 2), (10, 11, 2), (10, -1, 0)],
        ids=["a day later", "from its first day", "from a day before it", "after the records"],
    )
    def test_a_next_certificate_ends_the_doubt_until_it_is_withdrawn(
        self, above, first, withdrawn, count
    ):
        self.certified(20, above=above)
        self.certified(first, above=None, number="DC-WRONG", withdrawn=withdrawn)
        assert self.count(traced(code="STD-UP")) == count

    def test_a_certificate_counts_again_though_the_one_above_is_mended_by_then(self, above):
        """What was certified in the days of doubt stays in doubt, also after a mistaken follower."""
        self.certified(20, above=above)
        self.certified(10, above=None, number="DC-WRONG", withdrawn=9)
        mended = timezone.now() - timedelta(days=15)
        assert self.count(traced(code="STD-UP", through_at=mended)) == 2

    @pytest.mark.parametrize("withdrawn", [20, 5], ids=["from its first day", "later"])
    def test_withdrawing_the_doubtful_certificate_takes_no_record_out(self, above, withdrawn):
        self.certified(20, above=above, withdrawn=withdrawn)
        trace = traced(code="STD-UP")
        assert self.count(trace) == 2
        assert [line[1] for line in trace.certified] == ["DC-UP"]

    def test_what_took_the_place_of_a_withdrawn_one_from_its_first_day_ends_the_doubt(self, above):
        self.certified(20, above=above, withdrawn=20)
        self.certified(20, above=None, number="DC-RIGHT")
        assert self.count(traced(code="STD-UP")) == 0

    def test_a_standard_of_another_body_is_a_cause_too(self, above):
        national = outside_standard_save(body="国家院", name="基准", actor=system_actor())
        province = outside_standard_save(
            body="省院", name="省级标准", higher=national, actor=system_actor()
        )
        with pytest.raises(NotFound):
            cause_of(cause=Cause.OUTSIDE, code="基准")
        self.certified(25, above=None, barcode="STD-UP", number="DC-1")
        with write_batch(actor=system_actor(), action="test.certify"):
            StandardCertificate.objects.filter(number="DC-1").update(higher_outside=province)
        self.certified(20, above=above)
        for code in ("基准", "省级标准 · 省院"):
            trace = traced(cause=Cause.OUTSIDE, code=code)
            assert (trace.unit, self.count(trace)) == (metering_centre(), 2)
            assert [line[:3] for line in trace.certified] == [
                ["STD-UP", "DC-1", "省级标准"], ["STD-0001", "DC-UP", "STD-UP"],
            ]  # fmt: skip
        outside_standard_save(body="市院", name="省级标准", actor=system_actor())
        with pytest.raises(BadInput):
            cause_of(cause=Cause.OUTSIDE, code="省级标准")

    def test_checks_on_site_by_a_calibrator_certified_with_it_are_touched(self, above):
        check, _meter, _point = TestOnSite().checked()
        self.certified(20, above=above, barcode=CALIBRATOR)
        trace = traced(code="STD-UP", through_at=timezone.now())
        assert [row.field_check for row in trace.records.all()] == [check]


@pytest.mark.parametrize(
    "cause,code", [(Cause.PERSON, "verifier"), (Cause.STANDARD, "BENCH-01"), (Cause.LABORATORY, "")]
)
def test_persons_benches_and_laboratories_are_traced_as_well(cause, code):
    meters_tested(2)
    trace = traced(cause=cause, code=code or metering_centre().code)
    assert sum(trace.counts.values()) == 2


def test_a_version_of_a_scheme_is_traced():
    meters_tested(2)
    version = TestRecord.objects.first().task.scheme_version
    trace = traced(cause=Cause.SCHEME, code=f"{version.scheme.code}/{version.version}")
    assert sum(trace.counts.values()) == 2


def test_part_by_part_the_same_is_found_as_at_once(monkeypatch):
    meters_tested(7)
    whole = traced()
    monkeypatch.setattr("dianheng.analysis.services.trace.FIRST", 2)
    monkeypatch.setattr("dianheng.analysis.services.trace.PART", 3)
    parts = traced()
    columns = ("record_id", "device_id", "margin_pct", "risk")
    found = [list(trace.records.order_by("pk").values_list(*columns)) for trace in (whole, parts)]
    assert found[0] == found[1]
    newest_first = TestRecord.objects.order_by("-pk").values_list("pk", flat=True)
    assert [row[0] for row in found[0]] == list(newest_first)
    assert (whole.counts, whole.branches) == (parts.counts, parts.branches)


def test_the_first_records_are_seen_while_the_search_goes_on_and_a_new_run_ends_it(
    client, monkeypatch
):
    meters_tested(5)
    monkeypatch.setattr("dianheng.analysis.services.trace.FIRST", 2)
    trace = declared()
    client.force_login(person_with("*", login="engineer"))
    address = f"/traces/{trace.number}/"
    assert client.get(f"{address}?first").headers.get("HX-Refresh") is None
    with pytest.raises(JobStopped):
        trace_run(Run(trace.job, stops_at=2))  # after the first part
    page = client.get(address).content.decode()
    shown = [record for record in TestRecord.objects.order_by("-pk") if record.number in page]
    assert shown == list(TestRecord.objects.order_by("-pk")[:2])
    assert client.get(f"{address}?first").headers["HX-Refresh"] == "true"
    trace_run(Run(trace.job))
    trace.refresh_from_db()
    assert sum(trace.counts.values()) == TracedRecord.objects.count() == 5


def test_every_branch_of_the_tree_opens_the_records_that_it_counts(client):
    """One task over two benches and by hand, its meters held by units of like names."""
    lab = laboratory()
    other = replace(lab, bench=equipment("BENCH-02", "bench", "CL3000"))
    task = task_with(7)
    for each, count, skip, bench in (
        (lab, 4, 0, {}),
        (other, 2, 4, {}),
        (lab, 1, 6, {"bench_no": ""}),
    ):
        send(envelope_of(each, load_with(task, each.bench, count, skip=skip)) | bench)
    held = list(task.devices.order_by("seq").values_list("device", flat=True))
    names = {"COUNTY": "某县供电公司（清河）", "STATION": "某县供电公司（清河）城关所"}
    county, station = (
        unit_make(
            code=code, name=name, kind="county", actor=system_actor(),
            parent=metering_centre().parent,
        )
        for code, name in names.items()
    )  # fmt: skip
    with write_batch(actor=system_actor(), action="test.move"):
        Device.objects.filter(pk__in=held[2:5]).update(unit=county)
        Device.objects.filter(pk__in=held[:2] + held[6:]).update(unit=station)
    trace = traced()
    client.force_login(person_with("*", login="engineer"))
    numbers = {record.number for record in TestRecord.objects.all()}
    waiting, opened = [tree_of(trace)], {}
    while waiting:
        branch = waiting.pop()
        waiting += branch.parts
        page = client.get(f"/traces/{trace.number}/?{branch.query}").content.decode()
        assert len([n for n in numbers if n in page]) == branch.total, branch.asked
        opened[branch.name] = branch.total
    assert [opened[name] for name in ("BENCH-01", "BENCH-02", "手工录入")] == [4, 2, 1]


class TestOnSite:
    """A field calibrator turns out bad: the checks made with it, the customers whom they concern."""

    def checked(self, error: str = "0.42"):
        device = calibrator()
        point, meter = point_with_meter()
        readings = {**RIGHT, **CONDITIONS, "error_1": error, "error_2": error}
        done = check_record(
            task=field_task(point), raw=readings, done_at=an_hour_ago(), source="page",
            calibrator_no=device.barcode, actor=actor_with("*", login="recorder"),
        )  # fmt: skip
        return done.check, meter, point

    def trace_of(self, **options):
        return traced(code=CALIBRATOR, through_at=timezone.now(), **options)

    def test_its_checks_are_touched_with_device_customer_and_margin(self):
        check, meter, point = self.checked()
        trace = self.trace_of(found_error_pct=Decimal("0.1"))
        (row,) = trace.records.all()
        assert (row.field_check, row.device, row.usage_point) == (check, meter, point)
        # Limit 0.5, rounded to 0.05: it turns at 0.525.
        assert (row.margin_pct, row.risk) == (Decimal("0.105"), Risk.MEDIUM)
        assert (trace.point_count, trace.customer_count) == (1, 1)

    @pytest.mark.parametrize(
        "found,risk",
        [("0.06", Risk.MEDIUM), ("0.05", Risk.LOW), ("0.11", Risk.HIGH), (None, Risk.MEDIUM)],
        ids=[
            "within twice the error",
            "further away",
            "within the error",
            "within twice the share",
        ],
    )
    def test_the_risk_follows_the_rule_of_bench_records(self, found, risk):
        self.checked()
        trace = self.trace_of(found_error_pct=found and Decimal(found))
        assert [row.risk for row in trace.records.all()] == [risk]

    def test_who_checked_it_is_traced_as_well(self):
        self.checked()
        for login in ("machao", "hejie"):
            assert sum(traced(cause=Cause.PERSON, code=login).counts.values()) == 1

    def test_page_file_and_tree_name_check_point_and_customer(self, client):
        check, meter, point = self.checked()
        trace = self.trace_of()
        client.force_login(person_with("*", login="engineer"))
        page = client.get(f"/traces/{trace.number}/").content.decode()
        for text in (f"/field/checks/{check.number}/", point.customer_name, CALIBRATOR):
            assert text in page
        (_heads, line) = b"".join(trace_file(trace=trace, seen=["/"])).decode().splitlines()
        for text in (check.number, meter.barcode, point.number, point.customer_name):
            assert text in line
        assert [branch[:2] for branch in trace.branches] == [[CALIBRATOR, check.task.number]]

    def test_customers_are_told_to_those_who_may_see_them_only(self, client):
        check, _meter, point = self.checked()
        trace = self.trace_of()
        client.force_login(person_with("analysis.view", login="analyst"))
        page = client.get(f"/traces/{trace.number}/").content.decode()
        assert check.number in page
        assert point.customer_name not in page and point.number not in page
        found = client.get(f"/traces/{trace.number}/?customer={point.customer_name[:2]}")
        assert check.number not in found.content.decode()
        answer = client.get(f"/traces/{trace.number}/records.csv")
        lines = b"".join(answer.streaming_content).decode()
        assert check.number in lines and point.customer_name not in lines

    def test_the_tree_leads_to_the_records_of_a_branch(self, client):
        check, meter, _point = self.checked()
        client.force_login(person_with("*", login="engineer"))
        address = f"/traces/{self.trace_of().number}/"
        asked = (
            f"?bench={CALIBRATOR}&amp;task={check.task.number}"
            f"&amp;unit={quote_plus(meter.unit.name)}&amp;state={meter.state}"
        )
        assert f'href="{asked}"' in client.get(address).content.decode()
        found = client.get(address + asked.replace("&amp;", "&")).content.decode()
        assert f"/field/checks/{check.number}/" in found
        found = client.get(f"{address}?state=scrapped").content.decode()
        assert f"/field/checks/{check.number}/" not in found

    def test_its_task_finds_a_check_in_the_list(self, client):
        check, _meter, _point = self.checked()
        client.force_login(person_with("*", login="engineer"))
        address = f"/traces/{self.trace_of().number}/?task="
        assert check.number in client.get(address + check.task.number).content.decode()
        assert check.number not in client.get(address + "XC0").content.decode()

    def test_the_recall_takes_the_meter_on_site(self):
        check, meter, point = self.checked()
        folder = next(path for path in shipped_folders() if path.name == "recall")
        pack_load(folder=folder, actor=system_actor())
        (one,) = trace_recall(trace=self.trace_of(), risks=list(Risk), actor=system_actor())
        (file,) = files_of(one)
        table = CalamineWorkbook.from_filelike(BytesIO(file_read(file.file))).get_sheet_by_index(0)
        row = table.to_python()[1]
        assert (row[0], row[2], row[14], row[15]) == (
            check.number, meter.barcode, point.number, point.customer_name,
        )  # fmt: skip


def test_the_customer_at_whom_a_tested_meter_hung_is_named():
    meters_tested(2)
    record = TestRecord.objects.select_related("device").first()
    point = cement_works()
    with write_batch(actor=system_actor(), action="test.hang"):
        Installation.objects.create(
            device=record.device, usage_point=point, role="meter",
            installed_at=record.finished_at + timedelta(hours=1), installed_by=person_with(login="fitter"),
        )  # fmt: skip
    traced()
    points = dict(TracedRecord.objects.values_list("record_id", "usage_point_id"))
    other = TestRecord.objects.exclude(pk=record.pk).get()
    assert points == {record.pk: point.pk, other.pk: None}


class TestRoom:
    """The environment of a room failed: what was tested on benches that stood there then."""

    @pytest.fixture
    def room(self):
        meters_tested(2)
        return place_make(
            code="LAB-A", name="一号检定室", kind=PlaceKind.LABORATORY, unit_id=metering_centre().pk,
            actor=system_actor(),
        )  # fmt: skip

    def move(self, place, at):
        bench = Device.objects.get(barcode="BENCH-01")
        with write_batch(actor=system_actor(), action="test.move"):
            DeviceEvent.objects.create(
                device=bench, verb="move", to_state=bench.state, from_place=bench.place,
                to_place=place, occurred_at=at, actor=person_with(login="keeper"),
            )  # fmt: skip

    def count(self):
        return sum(traced(cause=Cause.ROOM, code="LAB-A").counts.values())

    def test_a_bench_that_stood_elsewhere_is_not_touched(self, room):
        assert self.count() == 0

    def test_a_bench_that_was_moved_in_before_the_tests_is_touched(self, room):
        self.move(room, timezone.now() - timedelta(days=60))
        assert self.count() == 2

    def test_a_bench_that_was_moved_in_after_the_tests_is_not_touched(self, room):
        self.move(Device.objects.get(barcode="BENCH-01").place, timezone.now() - timedelta(days=90))
        self.move(room, timezone.now())
        assert self.count() == 0


def test_tests_before_its_last_good_check_are_not_touched():
    meters_tested(2)
    later = timezone.now() - timedelta(minutes=1)
    assert traced(from_at=later).counts == {}


def test_a_repeat_of_the_job_changes_nothing():
    meters_tested(2)
    trace = declared()
    first = trace_run(Run(trace.job))
    assert trace_run(Run(trace.job)) == first
    assert TracedRecord.objects.count() == 2


def test_the_file_holds_every_record():
    meters_tested(3)
    trace = traced()
    lines = b"".join(trace_file(trace=trace, seen=["/"])).decode().splitlines()
    assert len(lines) == 4  # with the heads
    for record in TestRecord.objects.select_related("device"):
        assert any(
            line.startswith(f"{record.number},") and record.device.barcode in line for line in lines
        )


def test_a_table_program_opens_the_file_with_local_moments_and_without_formulas():
    meters_tested(1)
    record = TestRecord.objects.select_related("device__model").get()
    with write_batch(actor=system_actor(), action="test.rename"):
        DeviceModel.objects.filter(pk=record.device.model_id).update(name="=1+1")
    (_heads, line) = b"".join(trace_file(trace=traced(), seen=[])).decode().splitlines()
    moment = timezone.localtime(record.finished_at)
    assert line.startswith(f"{record.number},{moment:%Y-%m-%d %H:%M:%S},")
    assert ",'=1+1," in line


def test_what_a_standard_did_in_another_laboratory_is_touched_too():
    meters_tested(2)
    county = unit_make(
        code="COUNTY", name="清河县供电公司", kind="county", actor=system_actor(),
        parent=metering_centre().parent,
    )  # fmt: skip
    with write_batch(actor=system_actor(), action="test.hand_over"):
        Device.objects.filter(barcode="STD-0001").update(unit=county)
    trace = traced()
    assert (trace.unit, sum(trace.counts.values())) == (county, 2)


class TestTransformers:
    """The errors of a transformer are two: f in % and δ in minutes, each with its limit."""

    def near(self, found):
        rows = [
            {"item": "ratio_error", "value": "0.08", "limit": "±0.2"},
            {"item": "phase_displacement", "value": "9.9", "limit": "±10"},
            {"item": "vt_drop", "value": "0.2", "limit": "±0.2"},
        ]
        near = site_margin(rows, found)
        return near.room, near.margin_pct

    def test_without_an_error_the_phase_displacement_may_decide(self):
        assert self.near(None) == (Decimal("0.1"), None)

    def test_an_error_in_percent_is_held_against_errors_in_percent(self):
        assert self.near(Decimal("0.05")) == (Decimal("0.12"), Decimal("0.12"))

    def shares(self, item):
        for row in TestResult.objects.filter(item=item):
            accuracy = row.record.device.model.accuracy_class
            unit = "pct" if item == "ratio_error" else "min"
            figures = rule_set("JJG 1021", "2007")
            interval = figures.figure(f"rounding_interval_{unit}/{accuracy}").value
            yield abs(turning_point(row.limit_high, interval) - abs(row.value)) / row.limit_high

    def test_so_it_is_in_the_records_of_a_bench(self):
        room = TransformerRoom()
        task = room.task(1)
        room.send(room.envelope(room.load(task, task.devices.get().device.barcode), {}))
        shares = {item: min(self.shares(item)) for item in ("ratio_error", "phase_displacement")}
        (row,) = traced(code=room.bench.barcode, found_error_pct=None).records.all()
        share = min(shares.values())
        expected = (
            Risk.HIGH
            if share < Decimal("0.2")
            else Risk.MEDIUM
            if share < Decimal("0.4")
            else Risk.LOW
        )
        decides = shares["phase_displacement"] < shares["ratio_error"]
        assert (row.risk, row.margin_pct is None) == (expected, decides)
        (row,) = traced(code=room.bench.barcode, found_error_pct=Decimal("0.05")).records.all()
        assert row.margin_pct is not None


def test_an_error_below_what_can_be_told_is_refused():
    meters_tested(1)
    with pytest.raises(BadInput):
        declared(found_error_pct=Decimal("0.0000001"))


class TestRecall:
    @pytest.fixture(autouse=True)
    def packs(self):
        folder = next(path for path in shipped_folders() if path.name == "recall")
        pack_load(folder=folder, actor=system_actor())

    def test_one_order_for_each_unit_and_none_twice(self):
        meters_tested(4)
        trace = traced()
        made = trace_recall(trace=trace, risks=list(Risk), actor=system_actor())
        assert [one.unit for one in made] == [metering_centre()]
        assert set(TracedRecord.objects.values_list("recall", flat=True)) == {made[0].number}
        with pytest.raises(Refused) as refused:
            trace_recall(trace=trace, risks=list(Risk), actor=system_actor())
        assert refused.value.refusals[0].code == "nothing"
        assert ProcessInstance.objects.count() == 1

    def test_the_laboratory_recalls_what_other_units_hold(self):
        meters_tested(2)
        county = unit_make(
            code="COUNTY", name="清河县供电公司", kind="county", actor=system_actor(),
            parent=metering_centre().parent,
        )  # fmt: skip
        with write_batch(actor=system_actor(), action="test.move"):
            Device.objects.filter(pk__in=TestRecord.objects.values("device")).update(unit=county)
        engineer = actor_with("analysis.view", "analysis.trace", "workflow.view", login="tracer")
        (one,) = trace_recall(trace=traced(), risks=list(Risk), actor=engineer)
        assert (one.unit, len(files_of(one))) == (county, 1)
        with pytest.raises(Refused):
            trace_recall(trace=traced(), risks=list(Risk), actor=actor_with("analysis.view"))

    def test_the_order_carries_its_list_as_a_workbook(self):
        meters_tested(3)
        (one,) = trace_recall(trace=traced(), risks=list(Risk), actor=system_actor())
        (file,) = files_of(one)
        table = CalamineWorkbook.from_filelike(BytesIO(file_read(file.file))).get_sheet_by_index(0)
        rows = table.to_python()
        codes = {record.device.barcode for record in TestRecord.objects.select_related("device")}
        assert {row[2] for row in rows[1:]} == codes

    def test_only_the_chosen_risks_are_recalled(self):
        meters_tested(4)
        trace = traced()
        chosen = TracedRecord.objects.first().risk
        (one,) = trace_recall(trace=trace, risks=[chosen], actor=system_actor())
        for each in TracedRecord.objects.all():
            assert each.recall == (one.number if each.risk == chosen else "")

    def test_before_the_search_has_ended_nothing_is_ordered(self):
        meters_tested(1)
        with pytest.raises(Refused):
            trace_recall(trace=declared(), risks=[Risk.LOW], actor=system_actor())

    def test_on_rows_that_were_changed_since_nothing_is_ordered(self):
        meters_tested(2)
        margin = min(abs(nearest(record)) for record in TestRecord.objects.all())
        trace = traced(found_error_pct=margin + Decimal("0.000001"))  # one lies within it
        row, other = trace.records.order_by("-risk")
        assert row.risk == Risk.HIGH != other.risk
        TracedRecord.objects.filter(pk=row.pk).update(margin_pct=row.margin_pct + 1)
        with pytest.raises(Refused) as refused:
            trace_recall(trace=trace, risks=list(Risk), actor=system_actor())
        assert refused.value.refusals[0].code == "rows_changed"
        TracedRecord.objects.filter(pk=row.pk).update(margin_pct=row.margin_pct)
        trace_recall(trace=trace, risks=[row.risk], actor=system_actor())
        (one,) = trace_recall(trace=trace, risks=[other.risk], actor=system_actor())
        other.refresh_from_db()
        assert other.recall == one.number

    def test_a_search_that_was_cut_off_says_so(self, client):
        meters_tested(1)
        trace = declared()
        type(trace.job).objects.filter(pk=trace.job_id).update(state="stopped")
        client.force_login(person_with("*", login="engineer"))
        page = client.get(f"/traces/{trace.number}/").content.decode()
        assert "查找已中断" in page and "?first" not in page
        with pytest.raises(Refused) as refused:
            trace_recall(trace=trace, risks=[Risk.LOW], actor=system_actor())
        assert "查找已中断" in str(refused.value.refusals[0].text)

    def test_no_risk_chosen_is_told(self):
        meters_tested(1)
        with pytest.raises(BadInput):
            trace_recall(trace=traced(), risks=[], actor=system_actor())

    def test_the_search_begins_where_the_standard_was_last_found_good(self, client):
        meters_tested(1)
        client.force_login(person_with("*", login="engineer"))
        certificate = StandardCertificate.objects.filter(device__barcode="STD-0001").get()
        page = client.get("/traces/add/?code=STD-0001").content.decode()
        assert f'value="{certificate.valid_from} 00:00"' in page
        county = unit_make(
            code="COUNTY", name="清河县供电公司", kind="county", actor=system_actor(),
            parent=metering_centre().parent,
        )  # fmt: skip
        client.force_login(person_with("*", login="guest", unit=county))
        page = client.get("/traces/add/?code=STD-0001").content.decode()
        assert f"{certificate.valid_from} 00:00" not in page

    def test_by_page(self, client):
        meters_tested(2)
        client.force_login(person_with("*", login="engineer"))
        now = timezone.localtime()
        answer = client.post(
            "/traces/add/",
            {
                "cause": "standard",
                "code": "STD-0001",
                "from_at": f"{now - timedelta(days=9):%Y-%m-%d %H:%M}",
                "through_at": f"{now:%Y-%m-%d %H:%M}",
                "found_error_pct": "0.03",
                "reason": "期间核查超差",
            },
        )
        trace = Trace.objects.get()
        assert answer.headers["Location"] == f"/traces/{trace.number}/"
        trace_run(Run(trace.job))
        page = client.get(f"/traces/{trace.number}/").content.decode()
        for record in TestRecord.objects.all():
            assert record.number in page
        risks = list(TracedRecord.objects.values_list("risk", flat=True).distinct())
        client.post(f"/traces/{trace.number}/recall/", {"risk": risks})
        instance = ProcessInstance.objects.get()
        page = client.get(f"/traces/{trace.number}/").content.decode()
        assert instance.number in page
        assert trace.number in client.get("/traces/").content.decode()


def test_every_fault_of_a_declaration_is_told_at_once():
    meters_tested(1)
    now = timezone.now()
    with pytest.raises(BadInput) as refused:
        declared(
            from_at=now, through_at=now + timedelta(days=1), reason=" ", found_error_pct=Decimal(0)
        )
    assert {e["field"] for e in refused.value.refusals[0].errors} == {
        "through_at",
        "reason",
        "found_error_pct",
    }


@pytest.mark.parametrize("cause", Cause.values)
def test_a_code_that_is_not_there_is_told(cause):
    with pytest.raises(NotFound):
        cause_of(cause=cause, code="NIX/9")


def test_who_may_not_declare_does_not(client):
    meters_tested(1)
    with pytest.raises(Refused):
        declared(actor=actor_with("analysis.view", login="looker"))
    trace = traced()
    client.force_login(person_with("verification.view", login="other"))
    for path in ("", "add/", f"{trace.number}/", f"{trace.number}/records.csv"):
        assert client.get(f"/traces/{path}").status_code == 403, path
    assert client.post(f"/traces/{trace.number}/recall/", {"risk": 0}).status_code == 403


def hung(device, point, since, until=None):
    """A device that hung at a point from when until when."""
    with write_batch(actor=system_actor(), action="test.hang"):
        Installation.objects.create(
            device=device, usage_point=point, role="meter", installed_at=since, removed_at=until,
            installed_by=person_with(login="fitter"),
        )  # fmt: skip


class TestCustomers:
    """A meter hung at one customer after the other since its test: all of them are named."""

    @pytest.fixture
    def trace(self):
        meters_tested(1)
        record = TestRecord.objects.select_related("device").get()
        self.first, self.second = cement_works(), cement_works("YH-2", customer_name="新城小区")
        self.third = cement_works("YH-3", customer_name="更早的用户")
        at = record.finished_at
        hung(record.device, self.third, at - timedelta(days=90), at - timedelta(days=80))
        hung(record.device, self.first, at + timedelta(hours=1), at + timedelta(hours=3))
        hung(record.device, self.second, at + timedelta(hours=4))
        return traced()

    def test_page_tree_and_file_name_every_one_of_them_from_when_until_when(self, trace, client):
        record = TestRecord.objects.get()
        day = timezone.localdate(record.finished_at + timedelta(hours=1))
        assert (trace.point_count, trace.customer_count) == (2, 2)
        client.force_login(person_with("*", login="engineer"))
        page = client.get(f"/traces/{trace.number}/").content.decode()
        for text in (f"{self.first.customer_name} {day} – ", "新城小区 "):
            assert text in page
        assert "更早的用户" not in page
        tree = client.get(f"/traces/{trace.number}/?customers").content.decode()
        for point in (self.first, self.second):
            assert f"/usage-points/{point.number}/" in tree and point.customer_name in tree
        assert self.third.number not in tree
        (_heads, line) = b"".join(trace_file(trace=trace, seen=["/"])).decode().splitlines()
        assert f"{self.first.number} {self.first.customer_name} {day} – " in line
        assert f"; {self.second.number} 新城小区 " in line and self.third.number not in line

    def test_a_customer_who_was_supplied_for_a_while_finds_the_record(self, trace, client):
        client.force_login(person_with("*", login="engineer"))
        number = TestRecord.objects.get().number
        for name, is_found in ((self.first.customer_name, True), ("更早的用户", False)):
            page = client.get(f"/traces/{trace.number}/?customer={name}").content.decode()
            assert (number in page) is is_found, name

    def test_who_may_not_see_customers_is_told_none(self, trace, client):
        client.force_login(person_with("analysis.view", login="analyst"))
        for path in ("", "?customers"):
            page = client.get(f"/traces/{trace.number}/{path}").content.decode()
            assert "新城小区" not in page and "YH-2" not in page

    def test_the_recall_order_names_them(self, trace):
        folder = next(path for path in shipped_folders() if path.name == "recall")
        pack_load(folder=folder, actor=system_actor())
        (one,) = trace_recall(trace=trace, risks=list(Risk), actor=system_actor())
        (file,) = files_of(one)
        table = CalamineWorkbook.from_filelike(BytesIO(file_read(file.file))).get_sheet_by_index(0)
        assert "新城小区" in table.to_python()[1][16] and "; " in table.to_python()[1][16]


class TestQuality:
    """The reference meter of a register run turns out bad: its runs are touched."""

    @pytest.fixture
    def batch(self):
        batch = quality_batch()
        run_through(batch, verified_meters(3), ["10.00", "10.01", "9.99"])
        return batch

    def judged(self, batch):
        seen = batch_seen(batch)
        quality_judge(batch=batch, seen_digest=seen.digest, actor=checking())
        return {row.device_id: row for row in batch.results.all()}, batch.verdict.reference_kwh

    def of(self, batch, **options):
        return traced(code=options.pop("code", batch.reference.barcode), **options)

    def test_its_meters_are_touched_with_the_distance_to_the_limit_in_percent(self, batch):
        results, kwh = self.judged(batch)
        trace = self.of(batch, found_error_pct=Decimal("0.05"))
        rows = {row.device_id: row for row in trace.records.all()}
        assert set(rows) == set(results)
        for key, row in rows.items():
            margin = 100 * (results[key].limit_kwh - abs(results[key].difference_kwh)) / kwh
            assert abs(row.margin_pct - margin) < Decimal("1e-9")
            room = abs(margin)
            risk = (
                Risk.HIGH
                if room < Decimal("0.05")
                else Risk.MEDIUM
                if room < Decimal("0.1")
                else Risk.LOW
            )
            assert row.risk == risk
        assert [branch[:2] for branch in trace.branches] == [[batch.bench.barcode, batch.number]]

    def test_before_it_is_judged_the_risk_is_not_known(self, batch):
        assert {row.risk for row in self.of(batch).records.all()} == {Risk.UNKNOWN}

    def test_bench_reader_and_laboratory_are_traced_as_well(self, batch):
        for cause, code in (
            (Cause.STANDARD, batch.bench.barcode), (Cause.PERSON, "reader"),
            (Cause.LABORATORY, batch.unit.code),
        ):  # fmt: skip
            assert sum(traced(cause=cause, code=code).counts.values()) == 3, cause

    def test_a_run_that_ended_before_its_last_good_check_is_not_touched(self, batch):
        assert self.of(batch, from_at=timezone.now()).counts == {}

    def test_page_and_file_lead_to_the_batch(self, batch, client):
        self.judged(batch)
        trace = self.of(batch)
        client.force_login(person_with("*", login="engineer"))
        page = client.get(f"/traces/{trace.number}/").content.decode()
        assert f'href="/quality/{batch.number}/"' in page and f"{batch.number}/1" in page
        lines = b"".join(trace_file(trace=trace, seen=["/"])).decode().splitlines()
        assert len(lines) == 4 and all(batch.number in line for line in lines[1:])


class TestTyped:
    """Records entered without a bench are placed where their standards stood."""

    @pytest.fixture
    def room(self):
        lab = meters_tested(1)
        self.standard = lab.standard
        envelope = envelope_of(lab, load_with(task_with(1, first=2), lab.bench))
        send(envelope | {"bench_no": ""})
        self.typed = TestRecord.objects.get(bench__isnull=True)
        return place_make(
            code="LAB-A", name="一号检定室", kind=PlaceKind.LABORATORY, unit_id=metering_centre().pk,
            actor=system_actor(),
        )  # fmt: skip

    def placed(self, device, place, at):
        with write_batch(actor=system_actor(), action="test.move"):
            DeviceEvent.objects.create(
                device=device, verb="move", to_state=device.state, from_place=device.place,
                to_place=place, occurred_at=at, actor=person_with(login="keeper"),
            )  # fmt: skip

    def test_a_record_whose_standard_stood_in_the_room_is_touched(self, room):
        self.placed(self.standard, room, timezone.now() - timedelta(days=60))
        trace = traced(cause=Cause.ROOM, code="LAB-A")
        assert [row.record_id for row in trace.records.all()] == [self.typed.pk]
        assert trace.unplaced_count == 0

    def test_one_whose_standard_stood_in_no_room_is_named_on_the_page(self, room, client):
        trace = traced(cause=Cause.ROOM, code="LAB-A")
        assert (trace.counts, trace.unplaced) == ({}, [self.typed.number])
        client.force_login(person_with("*", login="engineer"))
        page = client.get(f"/traces/{trace.number}/").content.decode()
        assert "无法确定房间的记录" in page and f"/records/{self.typed.number}/" in page

    def test_where_a_thing_stood_before_its_first_move_is_where_that_took_it_from(self, room):
        bench = Device.objects.get(barcode="BENCH-01")
        with write_batch(actor=system_actor(), action="test.place"):
            Device.objects.filter(pk=bench.pk).update(place=room)
        bench.refresh_from_db()
        self.placed(bench, self.standard.place, timezone.now())
        trace = traced(cause=Cause.ROOM, code="LAB-A")
        assert [row.record_id for row in trace.records.all()] == [
            TestRecord.objects.exclude(pk=self.typed.pk).get().pk
        ]


def test_the_same_declaration_sent_twice_is_one_trace(client):
    meters_tested(1)
    client.force_login(person_with("*", login="engineer"))
    now = timezone.localtime()
    sent = {
        "cause": "standard", "code": "STD-0001", "reason": "期间核查超差", "request_key": "declared-once",
        "from_at": f"{now - timedelta(days=9):%Y-%m-%d %H:%M}", "through_at": f"{now:%Y-%m-%d %H:%M}",
    }  # fmt: skip
    first, again = (client.post("/traces/add/", sent) for _turn in range(2))
    assert first.headers["Location"] == again.headers["Location"]
    assert Trace.objects.count() == 1


def test_a_moment_before_there_were_records_was_mistyped():
    meters_tested(1)
    with pytest.raises(BadInput) as refused:
        declared(from_at=datetime(26, 11, 1, tzinfo=UTC))
    assert [error["code"] for error in refused.value.refusals[0].errors] == ["long_ago"]


def test_a_person_without_a_unit_is_not_found():
    person = person_with(login="guest")
    with write_batch(actor=system_actor(), action="test.leave"):
        type(person).objects.filter(pk=person.pk).update(unit=None)
    with pytest.raises(NotFound):
        cause_of(cause=Cause.PERSON, code="guest")
