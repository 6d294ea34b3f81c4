"""Pages of verification: each shows, says what may not be done and why, and calls its service."""

import json
import re

import pytest
from django.urls import reverse

from dianheng.assets.tests.factories import box, meters, single_phase_model
from dianheng.identity.services import actor_for_person, system_actor, unit_make
from dianheng.identity.tests.factories import (
    PASSWORD,
    city_company,
    metering_centre,
    person_with,
)
from dianheng.metrology.rule_sets import rule_set
from dianheng.verification.models import (
    Approval,
    BenchLoad,
    Review,
    RuleSetSignature,
    TestRecord,
    TestScheme,
    Upload,
    VerificationTask,
)
from dianheng.verification.services import load_make, scheme_propose, upload_receive

from .factories import envelope_of, laboratory, load_with, send, sign_rules, task_with
from .test_decision import Story, signer

pytestmark = pytest.mark.django_db


def log_in(client, person):
    client.force_login(person, backend="dianheng.identity.backends.PersonBackend")
    return person


@pytest.fixture
def planner(client):
    return log_in(client, person_with("*", login="planner", name="林计划"))


def page(client, name, *args, status=200, **query):
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


# -- every page shows ---------------------------------------------------------------------------


@pytest.fixture
def whole(client):
    """A task with records of all kinds, and somebody who may see everything."""
    story = Story(4, faults={0: "error", 1: "outside_band"})
    log_in(client, person_with("*", login="planner", name="林计划"))
    return story


def all_pages(story):
    task, load = story.task, story.task.loads.get()
    record = TestRecord.objects.order_by("pk").first()
    rules = rule_set("JJG 596", "2012").name
    return [
        ("tasks",), ("task_new",), ("task", task.number), ("task_devices", task.number), ("task_scan", task.number),
        ("task_cancel", task.number), ("task_judge", task.number), ("load_new", task.number), ("loads_fill", task.number),
        ("task_review", task.number), ("task_approve", task.number), ("task_seal", task.number), ("to_decide",),
        ("loads",), ("load", load.number), ("load_cancel", load.number), ("load_file", load.number),
        ("load_enter", load.number, 1), ("uploads",), ("upload", Upload.objects.get().pk), ("records",),
        ("record", record.number), ("standard", "STD-0001"), ("installation", "BZ-01"), ("bench_key", "BZ-01"), ("rule_sets",), ("rule_set", rules), ("schemes",),
        ("scheme", task.scheme_version.scheme.code), ("scheme_edit", task.scheme_version.scheme.code),
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_shows_in_both_languages(client, whole, language):
    client.cookies["django_language"] = language
    for name, *args in all_pages(whole):
        text = page(client, name, *args)
        assert "%(" not in text and "{{" not in text, name


def test_who_may_see_nothing_sees_nothing(client, whole):
    log_in(client, person_with("assets.view", login="guest", name="客"))
    for name, *args in all_pages(whole):
        answer = client.get(reverse(name, args=args))
        assert answer.status_code in (403, 404), name


def test_another_laboratory_is_not_shown(client, whole):
    from dianheng.identity.services import unit_make

    other = unit_make(code="OTHER", name="别处", kind="county", actor=system_actor())
    log_in(client, person_with("*", login="stranger", name="外人", unit=other))
    for name, *args in (("task", whole.task.number), ("record", TestRecord.objects.first().number)):
        assert client.get(reverse(name, args=args)).status_code == 404
    assert whole.task.number not in page(client, "tasks")


# -- tasks ----------------------------------------------------------------------------------------


def test_a_task_is_made_for_scanned_devices(client, planner):
    model = single_phase_model()
    answer = client.post(
        reverse("task_new"),
        {
            "unit": metering_centre().pk,
            "kind": "initial",
            "model": model.pk,
            "planned_from": "t",
            "planned_through": "t+10",
        },
    )
    task = VerificationTask.objects.get()
    assert answer.status_code == 302 and answer.url == reverse("task_scan", args=[task.number])


def test_a_task_without_lot_and_model_says_so_and_keeps_what_was_typed(client, planner):
    answer = client.post(
        reverse("task_new"),
        {
            "unit": metering_centre().pk,
            "kind": "initial",
            "note": "加急",
            "planned_from": "t",
            "planned_through": "t",
        },
    )
    assert answer.status_code == 200 and "加急" in answer.content.decode()
    assert not VerificationTask.objects.exists()


def scan(client, name, number, *scans):
    answer = client.post(
        reverse(name, args=[number]),
        json.dumps({"session": number, "scans": list(scans)}),
        content_type="application/json",
    )
    assert answer.status_code == 200, answer.content.decode()
    return answer.json()["results"]


def test_scans_take_devices_in_and_a_box_all_of_its_own(client, planner):
    task = task_with(1)
    carton = box()
    inside = meters(3, place=carton, first=100)
    single = meters(1, first=200)[0]
    results = scan(
        client, "task_scanned", task.number,
        {"key": "k1", "code": f"]C1{single.barcode}"}, {"key": "k2", "code": carton.code},
        {"key": "k1", "code": single.barcode}, {"key": "k3", "code": "4711"},
    )  # fmt: skip
    assert [r["outcome"] for r in results] == ["good", "good", "repeat", "refused"]
    assert results[1]["count"] == 5 and task.devices.filter(device__in=inside).count() == 3
    undone = scan(client, "task_scanned", task.number, {"key": "u", "undo": "k2"})
    assert undone[0]["outcome"] == "undone" and undone[0]["count"] == 2
    again = scan(client, "task_scanned", task.number, {"key": "k4", "code": carton.code})
    assert again[0]["outcome"] == "good" and task.devices.filter(is_open=True).count() == 5


def test_a_closed_task_greys_its_actions_with_the_reason(client, planner):
    task = task_with(1)
    client.post(reverse("task_cancel", args=[task.number]), {"reason": "改期"})
    text = page(client, "task", task.number)
    assert text.count('aria-disabled="true"') >= 5 and 'btn-primary" href' not in text


# -- loads -----------------------------------------------------------------------------------------


def test_scans_load_a_bench_and_the_last_is_undone(client, planner):
    lab, task = laboratory(), task_with(3)
    client.post(reverse("load_new", args=[task.number]), {"bench": lab.bench.pk})
    load = BenchLoad.objects.get()
    codes = [row.device.barcode for row in task.devices.select_related("device").order_by("seq")]
    results = scan(
        client,
        "load_scanned",
        load.number,
        *[{"key": f"k{n}", "code": code} for n, code in enumerate(codes)],
    )
    assert [r["outcome"] for r in results] == ["good"] * 3
    assert list(load.positions.values_list("position", flat=True)) == [1, 2, 3]
    assert (
        scan(client, "load_scanned", load.number, {"key": "k0", "code": codes[0]})[0]["outcome"]
        == "repeat"
    )
    scan(client, "load_scanned", load.number, {"key": "u", "undo": "k2"})
    assert list(load.positions.values_list("position", flat=True)) == [1, 2]
    client.post(reverse("load_options", args=[load.number]), {"position": "６"})
    scan(client, "load_scanned", load.number, {"key": "k9", "code": codes[2]})
    assert list(load.positions.values_list("position", flat=True)) == [1, 2, 6]


def test_a_retest_is_scanned_with_its_reason(client, planner):
    lab, task = laboratory(), task_with(1)
    send(envelope_of(lab, load_with(task, lab.bench)))
    load = load_make(task=task, bench=lab.bench, actor=system_actor())
    code = task.devices.get().device.barcode
    refused = scan(client, "load_scanned", load.number, {"key": "a", "code": code})[0]
    assert refused["outcome"] == "refused" and not load.positions.exists()
    client.post(reverse("load_options", args=[load.number]), {"reason": "接线松动"})
    taken = scan(client, "load_scanned", load.number, {"key": "b", "code": code})[0]
    assert taken["outcome"] == "good" and load.positions.get().reason == "接线松动"


def test_the_file_for_the_bench_is_the_sheet(client, planner):
    lab, task = laboratory(), task_with(2)
    load = load_with(task, lab.bench)
    answer = client.get(reverse("load_file", args=[load.number]))
    assert json.loads(answer.content)["load_no"] == load.number
    load.refresh_from_db()
    assert load.state == "fetched"


# -- by hand ------------------------------------------------------------------------------------------


def typed(text, **changes):
    """What a tester types into the form of the page: two good readings a point, every item fine."""
    data = dict(re.findall(r'name="([^"]+)"[^>]*? value="([^"]*)"', text))
    names = re.findall(r'name="(r\d+-\d+-[a-z_0-9]+)"', text)
    values = {
        "is_passed": "yes", "voltage_kv": "4", "duration_s": "60", "has_breakdown": "no", "voltage_pct": "115",
        "elapsed_min": "31", "pulses": "0", "first_pulse_min": "8", "register_kwh": "0.10", "total_kwh": "0.30",
        "rates_kwh": "0.08 0.08 0.07 0.07", "key_state": "formal", "open_s": "1", "close_s": "1", "0": "+0.12", "1": "+0.14",
        "found": "price_preset=0.5460",
    }  # fmt: skip
    for name in names:
        data[name] = values.get(name.rsplit("-", 1)[1], "")
    rows = {name.rsplit("-", 1)[0] for name in names}
    for row in rows:
        if f"{row}-register_kwh" in data:
            data[f"{row}-pulses"] = "120"
        if f"{row}-4" in names:  # five readings: the clock
            data |= {f"{row}-{n}": "0.10" for n in range(5)}
        if f"{row}-first_pulse_min" in data:
            data[f"{row}-elapsed_min"] = ""
    return data | {
        "finished_at": "2026-11-20 10:00", "started_at": "2026-11-20 09:00", "temperature_start": "23.0",
        "temperature_end": "23.2", "humidity_start": "５５", "humidity_end": "54", "next": "",
    } | changes  # fmt: skip


def test_a_record_typed_by_hand_is_judged_like_any_other(client):
    lab, task = laboratory(), task_with(2)
    load = load_with(task, lab.bench)
    log_in(client, lab.verifier)
    text = page(client, "load_enter", load.number, 1)
    assert "data-grid" in text and text.count('data-limit="') == 10
    answer = client.post(reverse("load_enter", args=[load.number, 1]), typed(text))
    record = TestRecord.objects.get()
    assert answer.status_code == 302 and answer.url == reverse("record", args=[record.number])
    assert (record.upload.source, record.verifier_id) == ("hand", lab.verifier.pk)
    held = task.devices.get(pk=record.task_device_id)
    assert held.outcome == "passed", held.verdict.missing
    again = client.post(reverse("load_enter", args=[load.number, 1]), typed(text))
    assert again.status_code == 302 and TestRecord.objects.count() == 1  # the form sent twice


def test_who_typed_a_record_does_not_review_it(client):
    lab, task = laboratory(), task_with(1)
    load = load_with(task, lab.bench)
    typist = log_in(client, signer("checker", "typist", "周录入"))
    text = page(client, "load_enter", load.number, 1)
    client.post(
        reverse("load_enter", args=[load.number, 1]), typed(text, verifiers=lab.verifier.person_no)
    )
    assert TestRecord.objects.get().tester_ids == [lab.verifier.pk, typist.pk]
    text = page(client, "task_review", task.number)
    answer = client.post(reverse("task_review", args=[task.number]), {"stage": "confirm"})
    digest = re.search(r'name="digest" value="(\w+)"', answer.content.decode())[1]
    answer = client.post(
        reverse("task_review", args=[task.number]), {"stage": "sign", "digest": digest}
    )
    assert answer.status_code == 409 and not Review.objects.exists()


def test_a_form_without_readings_says_so_in_words(client):
    lab, task = laboratory(), task_with(1)
    load = load_with(task, lab.bench)
    log_in(client, lab.verifier)
    data = {"finished_at": "2026-11-20 10:00", "humidity_end": "x", "upload_id": "hand-2026-1"}
    answer = client.post(reverse("load_enter", args=[load.number, 1]), data)
    told = re.search(r'role="alert">.*?</ul>', answer.content.decode(), re.S)[0]
    assert answer.status_code == 422 and "points" not in told and "header" not in told
    assert "<li>读数: " in told and '<a href="#humidity_end">湿度，结束</a>: ' in told


@pytest.mark.parametrize("wrong", ["０．1x", "1,5"], ids=["letter", "decimal comma"])
def test_a_wrong_number_typed_is_said_and_nothing_is_lost(client, wrong):
    lab, task = laboratory(), task_with(1)
    load = load_with(task, lab.bench)
    log_in(client, lab.verifier)
    text = page(client, "load_enter", load.number, 1)
    first = re.search(r'data-limit=.*?name="(r\d+-\d+-0)"', text, re.S)[1]
    answer = client.post(
        reverse("load_enter", args=[load.number, 1]), typed(text, **{first: wrong})
    )
    shown = answer.content.decode()
    assert answer.status_code == 422 and f'value="{wrong}"' in shown and 'value="23.2"' in shown
    row = first.rpartition("-")[0]
    assert re.search(rf'<a href="#{row}">[^<]*Imax 1.0</a>: ', shown) and f'id="{row}"' in shown
    assert "points" not in re.search(r'role="alert">.*?</ul>', shown, re.S)[0]
    assert not TestRecord.objects.exists()


# -- review and approval ------------------------------------------------------------------------------


def decide(client, story, step, **data):
    url = reverse(f"task_{step}", args=[story.task.number])
    confirm = client.post(url, {"stage": "confirm", **data})
    assert confirm.status_code == 200
    fields = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', confirm.content.decode())
    )
    lists = {
        name: re.findall(rf'name="{name}" value="(\d+)"', confirm.content.decode())
        for name in ("out", "back")
    }
    return confirm.content.decode(), client.post(url, {**fields, **lists, **data, "stage": "sign"})


def test_review_and_approval_by_page(client):
    story = Story(3)
    log_in(client, story.checker)
    text, answer = decide(client, story, "review", comment="无异常")
    assert story.digest(story.ids()) in text and answer.status_code == 302
    log_in(client, story.signatory)
    _text, answer = decide(client, story, "approve", password=PASSWORD)
    assert answer.status_code == 302 and story.states() == ["qualified"] * 3


def test_the_review_page_shows_the_worst_first_with_limits_and_differences(client):
    story = Story(8, faults={5: "error", 6: "outside_band"}, errs=frozenset({"rounding"}))
    log_in(client, story.checker)
    text = page(client, "task_review", story.task.number)
    table = text[text.index("data-decide") :]
    assert (
        table.index(story.barcodes[5])
        < table.index(story.barcodes[6])
        < table.index(story.barcodes[0])
    )
    chart = json.loads(re.search(r'type="application/json">(.*?)</script>', text)[1])
    assert chart["kind"] == "distribution" and sum(mark["value"] for mark in chart["marks"]) == 8
    assert {line["tone"] for line in chart["lines"]} == {"bad", "warn"}
    part = client.get(
        reverse("task_review", args=[story.task.number]),
        {"point": "Ib 1.0"},
        headers={"HX-Request": "true"},
    ).content.decode()
    assert part.lstrip().startswith('<section id="distribution"') and "Ib 1.0" in part


def test_devices_are_taken_out_and_sent_back_by_key(client):
    story = Story(4)
    log_in(client, story.checker)
    out, back = story.ids(0)[0], story.ids(1)[0]
    _text, answer = decide(
        client, story, "review", out=str(out), back=str(back), reason="复测 0.1Ib"
    )
    assert answer.status_code == 302
    steps = dict(story.task.devices.values_list("pk", "step"))
    assert steps[out] == "tested" and steps[back] == "waiting"
    assert sorted(steps.values()) == ["reviewed", "reviewed", "tested", "waiting"]


def test_a_wrong_password_is_said_and_nothing_is_signed(client):
    story = Story(2)
    story.review()
    log_in(client, story.signatory)
    _text, answer = decide(client, story, "approve", password="guess", comment="同意")
    assert answer.status_code == 409 and "同意" in answer.content.decode()
    assert not Approval.objects.exists()


def test_what_changed_between_looking_and_signing_is_shown_again(client):
    story = Story(2)
    log_in(client, story.checker)
    url = reverse("task_review", args=[story.task.number])
    answer = client.post(url, {"stage": "sign", "digest": "0" * 64})
    assert answer.status_code == 409 and story.digest(story.ids()) in answer.content.decode()


def test_the_list_of_what_waits_leads_there(client):
    story = Story(2)
    log_in(client, story.checker)
    assert reverse("task_review", args=[story.task.number]) in page(client, "to_decide")


def test_seals_are_scanned_meter_by_meter(client):
    story = Story(2, is_sealed=False)
    story.review()
    story.approve()
    log_in(client, story.lab.verifier)
    results = scan(
        client, "task_sealed", story.task.number,
        {"key": "1", "code": "JF26000001"}, {"key": "2", "code": story.barcodes[0]}, {"key": "3", "code": "JF26000001"},
        {"key": "4", "code": "JF26000002"}, {"key": "5", "code": story.barcodes[1]}, {"key": "6", "code": "JF26000002"},
    )  # fmt: skip
    assert [r["outcome"] for r in results] == ["refused", "good", "good", "good", "good", "refused"]
    assert story.states() == ["qualified", "in_verification"]


# -- uploads and records ---------------------------------------------------------------------------------


def test_the_inbox_shows_what_was_refused_and_why(client, planner):
    lab, task = laboratory(), task_with(2)
    envelope = envelope_of(lab, load_with(task, lab.bench))
    envelope["devices"][0]["header"]["overall"] = "OK"
    received = send(envelope)
    with pytest.raises(Exception, match="JSON"):
        upload_receive(body=b"<junk>", actor=lab.tester)
    text = page(client, "uploads")
    assert text.count("state-warn") == 1 and text.count("state-bad") == 1
    text = page(client, "upload", received.upload.pk)
    assert "header.overall" in text and received.answer["devices"][1]["record_no"] in text
    body = client.get(reverse("upload_body", args=[received.upload.pk]))
    assert body.content == bytes(received.upload.body)


def test_a_record_explains_each_verdict(client, planner):
    lab, task = laboratory(), task_with(1)
    send(envelope_of(lab, load_with(task, lab.bench)))
    text = page(client, "record", TestRecord.objects.get().number)
    for words in ("修约", "限", "Imax 1.0", "DNB-STD-0001"):
        assert words in text, words
    assert text.count('<details class="how">') >= 10


def test_a_blocked_record_says_why(client, planner):
    lab, task = laboratory(), task_with(1)
    envelope = envelope_of(lab, load_with(task, lab.bench))
    envelope["devices"][0]["header"]["standards"] = [{"asset_no": "STD-9999"}]
    send(envelope)
    text = page(client, "record", TestRecord.objects.get().number)
    assert "STD-9999" in text and "state-bad" in text


# -- keys, rules and schemes -------------------------------------------------------------------------


def test_a_bench_gets_its_key_by_page(client, planner):
    laboratory()
    assert "BZ-01" in page(client, "installation", "BZ-01")
    key = client.post(reverse("bench_key", args=["BZ-01"])).content.decode()
    assert re.search(r'<p class="code">[0-9a-f]{64}</p>', key)


def test_the_metrologist_signs_exactly_what_is_shown(client, planner):
    rules = rule_set("JJG 596", "2012")
    url = reverse("rule_set", args=[rules.name])
    assert rules.digest in client.get(url).content.decode()
    unit = metering_centre().pk
    wrong = client.post(url, {"unit": unit, "digest": "0" * 64, "statement": "核对", "act": "sign"})
    assert wrong.status_code == 200 and not RuleSetSignature.objects.exists()
    answer = client.post(
        url, {"unit": unit, "digest": rules.digest, "statement": "与原文核对一致", "act": "sign"}
    )
    assert answer.status_code == 302 and RuleSetSignature.objects.get().signed_by == planner
    assert "林计划" in client.get(url).content.decode()
    client.post(url, {"unit": unit, "digest": rules.digest, "statement": "有错行", "act": "unsign"})
    assert RuleSetSignature.objects.count() == 2


def test_a_scheme_is_edited_into_a_new_version(client, planner):
    version = scheme_propose(
        model=single_phase_model(),
        stage="first",
        purpose="every",
        unit=metering_centre(),
        actor=actor_for_person(planner),
    )
    url = reverse("scheme_edit", args=[version.scheme.code])
    text = client.get(url).content.decode()
    assert "0.5Imax 0.5L" in text
    items = [each["item"] for each in version.content["items"]]
    wrong = client.post(
        url, {"items": items, "points": "Imax 1.0\n5A 1.0", "reason": "x", "takes_extra": "on"}
    )
    assert wrong.status_code == 200 and TestScheme.objects.get().versions.count() == 1
    answer = client.post(
        url,
        {
            "items": items[:-1],
            "points": "Imax 1.0\nIb 0.5L",
            "reason": "经同意",
            "takes_extra": "on",
        },
    )
    assert answer.status_code == 302 and TestScheme.objects.get().versions.count() == 2


# -- the shell ------------------------------------------------------------------------------------------------


def test_home_tells_each_what_waits(client):
    story = Story(2)
    log_in(client, story.checker)
    assert story.task.number in page(client, "home")
    story.review()
    log_in(client, story.signatory)
    assert reverse("task_approve", args=[story.task.number]) in page(client, "home")


def test_home_asks_the_metrologist_to_sign_the_rules_before_the_first_task(client):
    log_in(client, person_with("*", login="metrologist", name="周计量"))
    text = page(client, "home")
    for name in ("JJG 596-2012", "Q_GDW 1206-2013", "Utility practice-2013"):
        assert reverse("rule_set", args=[name]) in text
    log_in(client, person_with("verification.view", login="viewer"))
    assert reverse("rule_set", args=["JJG 596-2012"]) not in page(client, "home")


def test_a_new_system_tells_its_administrator_that_a_metrologist_has_to_sign(client):
    log_in(client, person_with("identity.organise", "identity.view", login="administrator"))
    assert reverse("posts") in page(client, "home").split("<main")[1]
    sign_rules(metering_centre())
    assert reverse("posts") not in page(client, "home").split("<main")[1]


def test_the_page_of_a_record_gives_it_as_pdf_and_as_data(client):
    story = Story(1)
    record = story.task.devices.get().record
    log_in(client, story.checker)
    text = page(client, "record", record.number)
    for name in ("record_paper", "record_data"):
        assert reverse(name, args=[record.number]) in text
    data = client.get(reverse("record_data", args=[record.number]))
    assert data.json()["record_no"] == record.number and data.json()["verdict"]["digest"]
    log_in(client, person_with("assets.view", login="viewer"))
    assert client.get(reverse("record_data", args=[record.number])).status_code == 404


def test_the_review_page_puts_what_stands_out_first_and_tells_the_sample_apart(client):
    story = Story(6, kind="sampling", errs=frozenset({"limits"}))
    log_in(client, story.checker)
    text = page(client, "task_review", story.task.number)
    assert (
        text.index('id="sample-items"') < text.index('id="differing"') < text.index("data-decide")
    )
    sample = text[text.index('id="sample-items"') : text.index('id="differing"')]
    assert sample.count("0.6 %") == 1 and sample.count("0.7 %") == 1


def test_the_search_finds_tasks_and_records(client, planner):
    lab, task = laboratory(), task_with(1)
    send(envelope_of(lab, load_with(task, lab.bench)))
    record = TestRecord.objects.get()
    text = page(client, "find", q=task.number[:-1])
    assert (
        reverse("task", args=[task.number]) in text
        and reverse("record", args=[record.number]) in text
    )
    for code, name in (
        (task.number, "task"),
        (record.number, "record"),
        (task.loads.get().number, "load"),
    ):
        answer = client.get(reverse("find_code"), {"code": code})
        assert answer.status_code == 302 and answer.url == reverse(name, args=[code])


def test_the_page_of_a_device_shows_its_records(client, planner):
    lab, task = laboratory(), task_with(1)
    send(envelope_of(lab, load_with(task, lab.bench)))
    record = TestRecord.objects.select_related("device").get()
    text = page(client, "device", record.device.barcode)
    assert (
        reverse("record", args=[record.number]) in text
        and reverse("task", args=[task.number]) in text
    )


def test_what_other_laboratories_received_is_neither_listed_nor_shown(client):
    lab, task = laboratory(), task_with(1)
    send(envelope_of(lab, load_with(task, lab.bench)))
    with pytest.raises(Exception, match="JSON"):
        upload_receive(body=b"<junk>", actor=lab.tester)
    with pytest.raises(Exception, match="JSON"):
        upload_receive(body=b"<junk>", actor=system_actor(), bench_no=lab.bench.barcode)
    with pytest.raises(Exception, match="JSON"):
        upload_receive(body=b"<nobody's>", actor=system_actor())
    elsewhere = unit_make(
        code="OTHER", name="别处", kind="county", actor=system_actor(), parent=city_company()
    )
    keys = list(Upload.objects.order_by("pk").values_list("pk", flat=True))
    log_in(client, person_with("verification.view", login="far", name="别处人", unit=elsewhere))
    assert re.search(r"/uploads/\d+/", page(client, "uploads")) is None
    for key in keys:
        page(client, "upload", key, status=404)
        assert client.get(reverse("upload_body", args=[key])).status_code == 404
    log_in(client, person_with("verification.view", login="near", name="本室人", unit=lab.unit))
    assert [client.get(reverse("upload", args=[key])).status_code for key in keys] == [
        200, 200, 200, 404,
    ]  # fmt: skip
    assert page(client, "uploads").count("state-bad") == 2
