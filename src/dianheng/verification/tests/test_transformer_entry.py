"""A transformer's record typed by hand: judged like any other, every fault at once, signs asked."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from dianheng.identity.services import system_actor
from dianheng.identity.tests.factories import person_with
from dianheng.verification.models import TestRecord
from dianheng.verification.services import bench_key_make

from .test_views import log_in, page
from .transformers import COMBINED, STANDARD_CT, TransformerRoom, transformer_model

pytestmark = pytest.mark.django_db
HEAD = {
    "started_at": "2026-11-20 09:00", "finished_at": "2026-11-20 10:00", "temperature_start": "21.0",
    "temperature_end": "21.5", "humidity_start": "４８", "humidity_end": "49",
    "i-appearance-is_passed": "yes", "i-insulation-is_passed": "yes", "i-insulation-resistance_mohm": "2500",
    "i-withstand-has_breakdown": "no", "i-withstand-voltage_kv": "3", "i-withstand-duration_s": "60",
    "i-polarity-sense": "subtractive", "i-mutual_influence-is_passed": "yes",
}  # fmt: skip


@pytest.fixture
def room():
    return TransformerRoom()


def typed(text, **changes):
    """What a verifier types: every cell a good reading."""
    data = dict(re.findall(r'name="([^"]+)"[^>]*? value="([^"]*)"', text))
    cells = re.findall(r'name="(p\d+-\w+-[\d_]+-[fd][ud])"', text)
    for cell in cells:
        data[cell] = "+0.012" if cell[-2] == "f" else "+0.60"
    return data | HEAD | {"next": ""} | changes


def send(client, load, data, position=1):
    return client.post(reverse("load_enter", args=[load.number, position]), data)


@pytest.mark.parametrize(
    ("model", "cells"),
    [(None, 18), (("JLSZV-10", COMBINED), 56), (("HL-66", STANDARD_CT), 48)],
    ids=["low-voltage CT", "combined", "standard CT, up and down"],
)
def test_a_typed_record_is_judged_like_any_other(client, room, model, cells):
    task = room.task(2, model=transformer_model(model[0], **model[1]) if model else None)
    load = room.load(task)
    log_in(client, room.verifier)
    text = page(client, "load_enter", load.number, 1)
    assert text.count("data-order=") == cells
    answer = send(client, load, typed(text))
    record = TestRecord.objects.get()
    assert answer.status_code == 302 and answer.url == reverse("record", args=[record.number])
    verdict = record.verdicts.get()
    assert (verdict.outcome, verdict.missing, record.upload.source) == ("passed", [], "hand")
    again = send(client, load, typed(text))
    assert again.status_code == 302 and TestRecord.objects.count() == 1  # the form sent twice


def test_the_next_position_follows(client, room):
    load = room.load(room.task(2))
    log_in(client, room.verifier)
    text = page(client, "load_enter", load.number, 1)
    answer = send(client, load, typed(text, next="1"))
    assert answer.url == reverse("load_enter", args=[load.number, 2])


def test_every_fault_is_told_at_once_beside_its_cell_and_nothing_is_lost(client, room):
    load = room.load(room.task(1))
    log_in(client, room.verifier)
    text = page(client, "load_enter", load.number, 1)
    wrong = {
        "p0-rated-5-fu": "0.3",  # read to 0.001
        "p0-rated-20-du": "1,5",
        "p0-lower-100-du": "",  # f without δ
        "humidity_end": "140",
        "finished_at": "gestern",
    }
    answer = send(client, load, typed(text, **wrong))
    shown = answer.content.decode()
    assert answer.status_code == 422 and not TestRecord.objects.exists()
    for cell in ("p0-rated-5-fu", "p0-rated-20-du", "p0-lower-100-du"):
        assert f'href="#{cell}"' in shown
        assert re.search(rf'id="{cell}"[^>]*aria-invalid="true"', shown)
    assert "+0.300" in shown and "header." not in shown
    for field, label in (("finished_at", "结束时间"), ("humidity_end", "湿度，结束")):
        assert f'<a href="#{field}">{label}</a>: ' in shown and f'id="{field}"' in shown
    assert 'value="1,5"' in shown and 'value="+0.012"' in shown


def test_mirrored_signs_are_asked_on_the_form_and_kept_as_typed_once_confirmed(client, room):
    first = room.load(room.task(3))
    room.send(room.envelope(first))
    load = room.load(room.task(1, first=40))
    log_in(client, room.verifier)
    text = page(client, "load_enter", load.number, 1)
    bend = {"1": "-8.00", "5": "-5.50", "20": "-4.00", "100": "-2.60", "120": "-2.50"}
    cells = re.findall(r'name="(p0-\w+-(\d+)-du)"', text)
    data = typed(text, **{name: bend[percent] for name, percent in cells})
    answer = send(client, load, data)
    shown = answer.content.decode()
    assert answer.status_code == 422 and 'name="signs_confirmed"' in shown
    assert '<a href="#signs_confirmed">' in shown and 'id="signs_confirmed"' in shown
    assert "header." not in shown
    answer = send(client, load, data | {"signs_confirmed": "yes"})
    assert answer.status_code == 302
    record = TestRecord.objects.get(upload__source="hand")
    kept = record.results.filter(item="phase_displacement").order_by("seq").first()
    assert str(kept.samples[0]) == "-8.00"
    assert [w["code"] for w in record.verdicts.get().warnings] == ["signs"]


def test_demagnetising_is_offered_before_a_second_test_only(client, room):
    task = room.task(1)
    load = room.load(task)
    log_in(client, room.verifier)
    assert "i-demagnetising-is_done" not in page(client, "load_enter", load.number, 1)
    code = task.devices.get().device.barcode
    room.send(room.envelope(load, {code: "over"}))
    again = room.load(task, code, reason="退磁后复测")
    text = page(client, "load_enter", again.number, 1)
    assert "i-demagnetising-is_done" in text and "退磁后复测" in text
    answer = send(client, again, typed(text, **{"i-demagnetising-is_done": "yes"}))
    assert answer.status_code == 302
    assert TestRecord.objects.filter(attempt=2).get().results.get(item="demagnetising").reason == "demagnetised"  # fmt: skip


def test_a_printed_minus_and_full_width_digits_are_read(client, room):
    load = room.load(room.task(2))
    log_in(client, room.verifier)
    text = page(client, "load_enter", load.number, 1)
    answer = send(client, load, typed(text, **{"p0-rated-5-fu": "\u22120.３44"}))
    assert answer.status_code == 302
    kept = TestRecord.objects.get().results.get(item="ratio_error", load_point="5", factor="rated")
    assert (str(kept.samples[0]), kept.rounded_text) == ("-0.344", "-0.34")


@pytest.mark.parametrize(
    "rules", ["JJG 313-2010", "JJG 314-2010", "JJG 1021-2007", "JJG 1189.3-2022"]
)
def test_the_figures_of_a_regulation_show(client, rules):
    log_in(client, person_with("*", login="planner", name="林计划"))
    text = page(client, "rule_set", rules)
    assert "检定项目" in text and "稳定性" in text


def test_who_may_not_test_does_not_type(client, room):
    load = room.load(room.task(1))
    log_in(client, person_with("verification.view", login="guest", name="客"))
    assert client.get(reverse("load_enter", args=[load.number, 1])).status_code == 403


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("model", [None, ("JLSZV-10", COMBINED)], ids=["CT", "combined"])
def test_every_page_shows_in_both_languages(client, room, language, model):
    task = room.task(2, model=transformer_model(model[0], **model[1]) if model else None)
    load = room.load(task)
    code = task.devices.order_by("seq").first().device.barcode
    room.send(room.envelope(load, {code: "over"}))
    again = room.load(task, code, reason="复测")
    log_in(client, person_with("*", login="planner", name="林计划"))
    client.cookies["django_language"] = language
    record = TestRecord.objects.order_by("pk").first()
    scheme = task.scheme_version.scheme.code
    for name, *args in (
        ("task", task.number), ("load", load.number), ("load_file", load.number), ("load_enter", again.number, 1),
        ("record", record.number), ("record_data", record.number), ("scheme", scheme), ("scheme_edit", scheme),
        ("task_review", task.number), ("task_new",), ("device", code),
    ):  # fmt: skip
        text = page(client, name, *args)
        assert "%(" not in text and "{{" not in text, name


def test_a_scheme_is_edited_into_a_new_version(client, room):
    task = room.task(1)
    found = task.scheme_version.scheme
    log_in(client, person_with("*", login="planner", name="林计划"))
    page(client, "scheme_edit", found.code)
    data = {
        "items": ["appearance", "polarity", "basic_error"],
        "points": "CT 200/5 rated 5 %\nCT 200/5 rated 100\nCT 200/5 lower 20 %",
        "reason": "经授权机构同意减少试验点",
    }
    answer = client.post(reverse("scheme_edit", args=[found.code]), data)
    assert answer.status_code == 302
    newest = found.versions.first()
    points = next(each["points"] for each in newest.content["items"] if each["points"])
    assert newest.version == 2 and len(points) == 3
    bad = data | {"points": "CT 200/5 rated 400 %\nXT 200/5 rated 5 %"}
    answer = client.post(reverse("scheme_edit", args=[found.code]), bad)
    assert found.versions.count() == 2 and "XT 200/5 rated 5 %" in answer.content.decode()


def today():
    """A record that was just measured."""
    now = timezone.localtime()
    return {"started_at": f"{now:%Y-%m-%d %H:%M}", "finished_at": f"{now:%Y-%m-%d %H:%M}"}


def shown(client, load, position):
    """What the form of a position begins with."""
    text = page(client, "load_enter", load.number, position)
    return dict(re.findall(r'name="([^"]+)"[^>]*? value="([^"]*)"', text))


def test_the_next_form_takes_over_room_standards_and_people(client, room):
    load = room.load(room.task(2))
    log_in(client, room.verifier)
    text = page(client, "load_enter", load.number, 1)
    assert 'name="temperature_start" inputmode="decimal" value=""' in text
    send(client, load, typed(text, **today(), next="1"))
    data = shown(client, load, 2)
    assert {name: data[name] for name in ("temperature_start", "temperature_end", "humidity_start")} == {
        "temperature_start": "21.0", "temperature_end": "21.5", "humidity_start": "48",
    }  # fmt: skip
    assert (data["standards"], data["verifiers"]) == (
        room.standard.barcode,
        room.verifier.person_no,
    )
    assert data["started_at"] == "" and data["p0-rated-5-fu"] == ""


def test_the_form_of_somebody_else_begins_with_their_own_staff_number(client, room):
    load = room.load(room.task(2))
    log_in(client, room.verifier)
    send(client, load, typed(page(client, "load_enter", load.number, 1), **today()))
    other = log_in(client, person_with("*", login="verifier2", name="吴检定"))
    assert shown(client, load, 2)["verifiers"] == other.person_no
    both = f"{other.person_no} {room.verifier.person_no}"
    send(
        client,
        load,
        typed(page(client, "load_enter", load.number, 2), verifiers=both, **today()),
        2,
    )
    assert shown(client, load, 2)["verifiers"] == both


def test_the_room_of_another_day_is_not_taken_over(client, room):
    load = room.load(room.task(2))
    log_in(client, room.verifier)
    send(client, load, typed(page(client, "load_enter", load.number, 1)))
    data = shown(client, load, 2)
    assert (data["temperature_start"], data["humidity_end"]) == ("", "")
    assert data["standards"] == room.standard.barcode


def test_what_is_typed_is_signed_by_no_bench(client, room):
    load = room.load(room.task(1))
    bench_key_make(bench=room.bench, actor=system_actor())
    log_in(client, room.verifier)
    answer = send(client, load, typed(page(client, "load_enter", load.number, 1)))
    assert answer.status_code == 302 and TestRecord.objects.get().upload.signature == "none"


def test_moments_are_read_as_people_write_them(client, room):
    load = room.load(room.task(1))
    log_in(client, room.verifier)
    text = page(client, "load_enter", load.number, 1)
    data = typed(text, started_at="2026/11/5 9:05", finished_at="2026年11月5日 10:00")
    assert send(client, load, data).status_code == 302
    record = TestRecord.objects.get()
    assert [f"{timezone.localtime(at):%Y-%m-%d %H:%M}" for at in (record.started_at, record.finished_at)] == [
        "2026-11-05 09:05", "2026-11-05 10:00",
    ]  # fmt: skip
