"""Tests of measuring standards: judged by JJF 1033, charted, and what the dossier still lacks."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.common.errors import BadInput, Refused
from dianheng.identity.services import qualification_grant, system_actor
from dianheng.identity.tests.factories import actor_with, person_with
from dianheng.metrology.periods import add_months
from dianheng.standards.choices import Finding
from dianheng.standards.models import StandardInstallation, StandardTest
from dianheng.standards.rules import months_earlier
from dianheng.standards.selectors.testing import (
    dossier,
    judged_again,
    last_known_good,
    limits_of,
    series_of,
)
from dianheng.standards.services import installation_record, paper_withdraw, test_record

from .factories import examined
from .test_pages import log_in, page

pytestmark = pytest.mark.django_db
record = test_record
del test_record  # a service, no test
TEN = [
    Decimal(x)
    for x in [
        "0.021",
        "0.023",
        "0.020",
        "0.022",
        "0.024",
        "0.021",
        "0.022",
        "0.020",
        "0.023",
        "0.024",
    ]
]


def day(number):
    return timezone.localdate() + timedelta(days=number)


def test_of(installation, kind="stability", on=0, shift="0", **facts):
    facts.setdefault("limit", Decimal("0.05"))
    facts.setdefault("actor", system_actor())
    facts.setdefault("readings", [x + Decimal(shift) for x in TEN])
    facts.setdefault("done_on", day(on))
    facts.setdefault("check_standard", "BZ0099 核查表")
    facts.setdefault("unit", "%")
    return record(installation=installation, kind=kind, point="220 V, 5 A, 1.0", **facts)


test_of.__test__ = False


def test_repeatability_is_held_against_the_uncertainty_budget():
    room = examined()
    made = test_of(room.installation, "repeatability", limit=Decimal("0.0015"))
    assert (made.finding, made.mean, made.edition) == ("kept", Decimal("0.022"), "2023")
    assert (
        test_of(room.installation, "repeatability", -1, limit=Decimal("0.0014")).finding
        == "exceeded"
    )
    few = test_of(room.installation, "repeatability", -2, readings=TEN[:5])
    assert (few.finding, few.found) == ("too_few", None)


def test_a_new_standard_needs_four_groups_and_an_examined_one_the_year_before():
    room = examined()
    assert test_of(room.installation, on=-365).finding == "too_few"
    later = test_of(room.installation, shift="0.06")
    assert (later.finding, later.found) == ("exceeded", Decimal("0.06"))
    new = installation_record(
        unit=room.unit,
        code="BZ-02",
        name="新建标准",
        kinds=["single_phase_meter"],
        actor=system_actor(),
    )
    first = months_earlier(day(0), 3)
    findings = [
        test_of(new, done_on=add_months(first, n), shift=f"0.00{n}").finding for n in range(4)
    ]
    assert findings == ["too_few", "too_few", "too_few", "kept"]
    series = series_of(StandardTest.objects.filter(installation=new).latest("done_on"))
    limits = limits_of(series)
    assert len(series) == 4 and limits.centre == Decimal("0.0235") and limits.lower < limits.centre


def test_a_comparison_stands_on_both_uncertainties():
    room = examined()
    facts = {"readings": [Decimal("0.06")], "limit": None, "u_ours": Decimal("0.03")}
    with pytest.raises(BadInput) as refused:
        test_of(room.installation, "comparison", **facts)
    assert [error["field"] for error in refused.value.refusal.errors] == ["reference"]
    made = test_of(
        room.installation,
        "comparison",
        reference=Decimal("0.01"),
        u_reference=Decimal("0.04"),
        **facts,
    )
    assert (made.finding, made.found, made.limit) == ("kept", Decimal("0.05"), Decimal("0.05"))


def test_every_fault_is_said_and_a_repeat_or_a_guest_changes_nothing():
    room = examined()
    with pytest.raises(BadInput) as refused:
        test_of(room.installation, on=1, limit=Decimal(0), readings=TEN[:1])
    assert [e["field"] for e in refused.value.refusal.errors] == ["done_on", "readings", "limit"]
    test_of(room.installation)
    with pytest.raises(Refused):
        test_of(room.installation)
    with pytest.raises(Refused):
        test_of(room.installation, on=-1, actor=actor_with("verification.view", login="guest"))
    assert StandardTest.objects.count() == 1


def test_the_dossier_says_what_is_missing():
    room = examined()
    person = person_with("*", login="verifier", name="陈检定")
    other = person_with("*", login="second", name="王检定")
    lines = {line.what: line.last_day for line in dossier(room.installation, day(0))}
    assert (lines["certificate"], lines["repeatability"], lines["people"]) == (day(400), None, None)
    for n, one in enumerate((person, other)):
        qualification_grant(
            person=one, kind="verifier", number=f"J-{n}", issuer="局", valid_from=day(-9),
            valid_through=day(100 + n), actor=system_actor(),
        )  # fmt: skip
    test_of(room.installation, "repeatability", -3, limit=Decimal("0.002"))
    lines = {line.what: line.last_day for line in dossier(room.installation, day(0))}
    assert lines["people"] == day(100) and lines["repeatability"] > day(350)
    assert day(400) - lines["review"] > timedelta(days=180)


def test_a_test_is_entered_by_page_and_charted(client):
    examined()
    log_in(client, person_with("*", login="engineer", name="林标准"))
    found = StandardInstallation.objects.get()
    test_of(found, "check", -200)
    url = reverse("test_new", args=["BZ-01"])
    form = page(client, "test_new", "BZ-01")
    assert 'value="BZ0099 核查表"' in form and 'value="220 V, 5 A, 1.0"' in form
    data = {
        "kind": "check", "done_on": "t", "check_standard": "BZ0099 核查表", "point": "220 V, 5 A, 1.0", "unit": "%",
        "limit": "0.05", "readings": "0.021 0,023",
    }  # fmt: skip
    answer = client.post(url, data)
    assert answer.status_code == 200 and "“0,023”不是数" in answer.content.decode()
    data["readings"] = "\n".join(map(str, TEN))
    assert client.post(url, data).status_code == 302
    made = found.tests.latest("done_on")
    text = page(client, "standard_test", made.pk)
    assert "平均值控制图" in text and "标准偏差控制图" in text and "符合要求" in text
    text = page(client, "installation", "BZ-01")
    assert "建标档案" in text and "期间核查" in text
    log_in(client, person_with("assets.view", login="guest", name="客"))
    for name, key in (("standard_test", made.pk), ("test_new", "BZ-01")):
        assert client.get(reverse(name, args=[key])).status_code in (403, 404)


def new_standard(room):
    return installation_record(
        unit=room.unit, code="BZ-02", name="新建标准", kinds=["single_phase_meter"],
        actor=system_actor(),
    )  # fmt: skip


def test_two_readings_on_four_days_prove_no_stability():
    new = new_standard(examined())
    few = [test_of(new, on=n - 4, readings=TEN[:2]).finding for n in range(4)]
    whole = [test_of(new, on=n - 9).finding for n in range(4)]
    assert few == whole == ["too_few"] * 4


def test_a_drift_a_quarter_at_a_time_is_found():
    room = examined()
    ends = months_earlier(day(0), 12)
    for kind in ("check", "stability"):
        found = [
            test_of(
                room.installation, kind, done_on=add_months(ends, 3 * n), shift=f"0.0{n}",
                limit=Decimal("0.03"),
            )
            for n in range(5)
        ]  # fmt: skip
        assert (found[-1].finding, found[-1].found) == ("exceeded", Decimal("0.04")), kind


def test_another_check_standard_or_unit_begins_a_series_of_its_own():
    room = examined()
    first = test_of(room.installation, on=-365)
    other = test_of(room.installation, shift="5", check_standard="BZ0100 核查表")
    scaled = test_of(room.installation, shift="200", unit="10⁻⁶")
    assert (other.finding, scaled.finding) == ("too_few", "too_few")
    assert test_of(room.installation, shift="0.001").finding == "kept"
    assert series_of(other) == [other] and series_of(first)[0] == first


def test_a_mistyped_test_is_corrected_with_a_reason_and_counts_no_more():
    room = examined()
    year_ago, mistyped = test_of(room.installation, on=-365), test_of(room.installation, shift="2")
    assert mistyped.finding == "exceeded"
    facts = {"replaces": mistyped, "shift": "0.002"}
    with pytest.raises(BadInput) as refused:
        test_of(room.installation, **facts)
    assert [error["field"] for error in refused.value.refusal.errors] == ["reason"]
    corrected = test_of(room.installation, reason="小数点错位", **facts)
    assert (corrected.finding, corrected.found) == ("kept", Decimal("0.002"))
    assert series_of(corrected) == [year_ago, corrected]
    assert StandardTest.objects.get(pk=mistyped.pk).mean == Decimal("2.022")  # it stays
    for again, code in (
        ({"replaces": mistyped, "reason": "再改", "on": -1}, "replaced"), ({}, "twice"),
        ({"replaces": year_ago, "reason": "日期错"}, "twice"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            test_of(room.installation, **again)
        assert refused.value.refusal.code == code
    assert StandardTest.objects.count() == 3
    # The day was wrong: on the mistyped day a test can be recorded anew.
    moved = test_of(room.installation, on=-30, replaces=corrected, reason="日期错", shift="0.002")
    assert series_of(test_of(room.installation))[-2:-1] == [moved]


def test_the_correction_is_entered_by_page(client):
    room = examined()
    made = test_of(room.installation, "check", -3, shift="2")
    log_in(client, person_with("verification.view", login="reader", name="读者"))
    assert client.get(reverse("test_correct", args=[made.pk])).status_code == 403
    log_in(client, person_with("*", login="engineer", name="林标准"))
    url = reverse("test_correct", args=[made.pk])
    assert f'href="{url}"' in page(client, "standard_test", made.pk)
    form = page(client, "test_correct", made.pk)
    assert "BZ0099 核查表" in form and "2.021" in form and "0.05" in form
    data = {
        "kind": "check", "done_on": str(day(-3)), "check_standard": "BZ0099 核查表",
        "point": "220 V, 5 A, 1.0", "unit": "%", "limit": "0.05", "readings": " ".join(map(str, TEN)),
    }  # fmt: skip
    answer = client.post(url, data)
    assert answer.status_code == 200 and list(answer.context["form"].errors) == ["reason"]
    assert client.post(url, data | {"reason": "小数点错位。"}).status_code == 302
    corrected = StandardTest.objects.get(replaces=made)
    text = page(client, "standard_test", made.pk)
    assert "小数点错位" in text and reverse("standard_test", args=[corrected.pk]) in text
    assert f'href="{url}"' not in text
    text = page(client, "installation", "BZ-01")
    assert reverse("standard_test", args=[corrected.pk]) in text
    assert reverse("standard_test", args=[made.pk]) not in text


def test_a_standard_was_last_known_good_at_its_certificate_or_a_check_within_the_limit():
    room = examined()
    certified = room.bench.certificates.latest("valid_from").valid_from
    assert last_known_good(room.bench, day(0)) == certified
    findings = [
        test_of(room.installation, "check", on, shift).finding
        for on, shift in ((-40, "0"), (-9, "0"), (-2, "9"))
    ]
    assert findings == ["too_few", "kept", "exceeded"]  # one check proves nothing
    assert {last_known_good(each, day(0)) for each in (room.bench, room.standard)} == {day(-9)}
    assert last_known_good(room.bench, day(-10)) == certified
    assert last_known_good(room.bench, certified - timedelta(days=1)) is None


def test_a_withdrawn_certificate_proves_nothing():
    room = examined()
    wrong = room.bench.certificates.get()
    paper_withdraw(paper=wrong, withdrawn_on=day(0), reason="登记错误", actor=system_actor())
    assert last_known_good(room.bench, day(0)) is None


def test_what_was_judged_by_a_mistyped_test_counts_no_more_until_it_is_corrected_too(client):
    room = examined()
    certified = room.bench.certificates.get().valid_from
    mistyped = test_of(room.installation, "check", -40, shift="2")
    later = test_of(room.installation, "check", -9, shift="2")
    assert later.finding == "kept" and last_known_good(room.bench, day(0)) == day(-9)
    assert judged_again(series_of(later)) == {}
    test_of(room.installation, "check", -40, replaces=mistyped, reason="小数点错位")
    # Evidence keeps its finding; by what counts now it is another, and nothing rests on it.
    later.refresh_from_db()
    assert later.finding == "kept"
    assert judged_again(series_of(later)) == {later.pk: "exceeded"}
    assert last_known_good(room.bench, day(0)) == certified
    assert {line.what: line.detail for line in dossier(room.installation, day(0))}["check"] == (
        Finding.EXCEEDED.label
    )
    log_in(client, person_with("*", login="engineer", name="林标准"))
    text = page(client, "standard_test", later.pk)
    assert "按现有数据，结论为“超出限值”" in text and "需重新判定" in text
    assert "需重新判定" in page(client, "installation", "BZ-01")
    again = test_of(
        room.installation, "check", -9, shift="2", replaces=later, reason="前一次已更正"
    )
    assert again.finding == "exceeded" and judged_again(series_of(again)) == {}


def test_a_test_entered_late_or_moved_away_is_judged_again_with_those_after_it():
    room = examined()
    first = test_of(room.installation, "check", -40)
    last = test_of(room.installation, "check", -9)
    between = test_of(room.installation, "check", -20, shift="1")
    assert judged_again(series_of(last)) == {last.pk: "exceeded"}
    # It was of another point: of both series those after it are judged by what counts now.
    moved = test_of(
        room.installation, "check", -20, shift="1", replaces=between, reason="核查标准填错",
        check_standard="BZ0100 核查表",
    )  # fmt: skip
    assert judged_again(series_of(last)) == {} and moved.finding == "too_few"
    # What proves nothing any more is no proof either.
    test_of(
        room.installation, "check", -40, replaces=first, reason="核查标准填错",
        check_standard="BZ0100 核查表",
    )  # fmt: skip
    assert judged_again(series_of(last)) == {last.pk: "too_few"}
    assert judged_again(series_of(moved)) == {moved.pk: "exceeded"}
