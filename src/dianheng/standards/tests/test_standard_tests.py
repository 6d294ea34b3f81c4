"""Tests of measuring standards: judged by JJF 1033, charted, and what the dossier still lacks."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.common.errors import BadInput, Refused
from dianheng.identity.services import qualification_grant, system_actor
from dianheng.identity.tests.factories import actor_with, person_with
from dianheng.standards.models import StandardInstallation, StandardTest
from dianheng.standards.selectors.testing import dossier, limits_of, series_of
from dianheng.standards.services import installation_record, test_record

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
    return record(
        installation=installation, kind=kind, done_on=day(on), check_standard="BZ0099 核查表",
        point="220 V, 5 A, 1.0", unit="%", **facts,
    )  # fmt: skip


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
    findings = [test_of(new, on=30 * n - 120, shift=f"0.00{n}").finding for n in range(4)]
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
    data = {
        "kind": "check", "done_on": "t", "check_standard": "BZ0099", "point": "220 V, 5 A, 1.0", "unit": "%",
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
