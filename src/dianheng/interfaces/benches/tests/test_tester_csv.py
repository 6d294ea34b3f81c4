"""Tables of transformer testers, as testers write them and with what people get wrong."""

import csv
import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dianheng.common.errors import BadInput
from dianheng.identity.services import system_actor, write_batch
from dianheng.identity.tests.factories import person_with
from dianheng.interfaces.benches import inbox
from dianheng.interfaces.benches.tester_csv import envelope_from_tester_csv
from dianheng.verification.models import TestRecord, TestResult, Upload
from dianheng.verification.selectors.tester_places import points_of_load
from dianheng.verification.tests.test_views import log_in
from dianheng.verification.tests.transformers import CVT, TransformerRoom, transformer_model

from .test_inbox import drop
from .test_transformers import outcomes

pytestmark = pytest.mark.django_db

ITEMS = {
    "外观": "合格", "绝缘电阻(MΩ)": "2500", "绝缘": "合格", "工频耐压(kV)": "3", "耐压时间(s)": "60",
    "击穿": "无", "极性": "减极性",
}  # fmt: skip
BURDENS = {"RATED": "额定", "LOWER": "下限"}


@pytest.fixture
def room(settings, tmp_path):
    settings.DATA = tmp_path
    inbox.memory = inbox.Memory()
    return TransformerRoom()


@pytest.fixture
def load(room):
    return room.load(room.task(2))


def heads_of(room, device):
    """What a tester says of a device once."""
    return {
        "检定时间": device["header"]["finished_at"][:19].replace("T", " "), "温度(℃)": "21.5",
        "湿度(%)": "48", "检定员": room.verifier.name, **ITEMS,
    }  # fmt: skip


def readings_of(device):
    """Point, symbol, run and text of each reading that a tester measured."""
    for point in device["points"]:
        if point["item"] not in ("RATIO_ERROR", "PHASE_DISPLACEMENT"):
            continue
        symbol = "f" if point["item"] == "RATIO_ERROR" else "δ"
        for run, text in zip("↑↓", point["samples"], strict=False):
            yield point, symbol, run, text


def long_rows(room, envelope):
    """A line for each reading point, rising and falling one below the other."""
    rows = {}
    for device in envelope["devices"]:
        for point, symbol, run, text in readings_of(device):
            key = (
                device["header"]["asset_no"],
                point["burden"],
                float(point["percent_rated"]),
                run,
            )
            row = rows.setdefault(key, {
                "条码": key[0], "变比": point["ratio"], "二次负荷": BURDENS[point["burden"]],
                "电流百分数(%)": point["percent_rated"], "升降": {"↑": "上升", "↓": "下降"}[run],
            })  # fmt: skip
            row["比差(%)" if symbol == "f" else "角差(′)"] = text
            row |= heads_of(room, device)
    return list(rows.values())


def wide_rows(room, envelope):
    """A line for each device and burden, a column for each error, percent and run."""
    rows = {}
    for device in envelope["devices"]:
        for point, symbol, run, text in readings_of(device):
            key = (device["header"]["asset_no"], point["burden"])
            row = rows.setdefault(key, {"条码": key[0], "负荷": BURDENS[key[1]]})
            unit = "%" if symbol == "f" else "分"
            row[f"{symbol}{point['percent_rated']}%{run}({unit})"] = text
            row |= heads_of(room, device)
    return list(rows.values())


def table(rows, encoding="utf-8-sig", mark=","):
    out = io.StringIO(newline="")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, columns, restval="", delimiter=mark)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def stored():
    return sorted(
        (r.record.device.barcode, r.item, r.direction, r.factor, r.load_point, tuple(r.samples))
        for r in TestResult.objects.filter(is_derived=False, item__in=("ratio_error", "phase_displacement"))
        .select_related("record__device")
    )  # fmt: skip


def faults_of(room, body):
    with pytest.raises(BadInput) as refused:
        envelope_from_tester_csv(body, room.bench.barcode)
    return [(each["row"], each["code"]) for each in refused.value.refusal.errors], refused.value


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
@pytest.mark.parametrize("layout", [long_rows, wide_rows], ids=["by point", "by burden"])
def test_a_table_gives_the_records_that_the_upload_format_gives(room, load, layout, encoding):
    envelope = room.envelope(load)
    folder = inbox.root() / room.bench.barcode
    folder.mkdir(parents=True)
    drop(folder, "export.csv", table(layout(room, envelope), encoding))
    inbox.collect()
    assert outcomes() == ["passed"] * 2, Upload.objects.get().answer
    measured = {
        (d["header"]["asset_no"], p["item"].lower(), p["part"], p["burden"].lower(), p["percent_rated"],
         tuple(map(Decimal, p["samples"])))
        for d in envelope["devices"] for p in d["points"] if p["item"] in ("RATIO_ERROR", "PHASE_DISPLACEMENT")
    }  # fmt: skip
    assert set(stored()) == measured


def test_tabs_two_lines_of_heads_and_what_stands_above(room, load):
    envelope = room.envelope(load)
    rows = wide_rows(room, envelope)
    names = [name for name in rows[0] if name.startswith(("f", "δ"))]
    names.sort(key=lambda name: (float(name[1:].partition("%")[0]), "↓" in name, name[0] == "δ"))
    percents = ["" if name.startswith("δ") else name[1:].partition("%")[0] + "%" for name in names]
    lines = [
        ["检定日期：", heads_of(room, envelope["devices"][0])["检定时间"], "检定员：", room.verifier.name],
        ["条码", "负荷", *percents, "外观", "绝缘电阻(MΩ)", "绝缘", "工频耐压(kV)", "耐压时间(s)", "击穿", "极性"],
        ["", "", *(f"{name[0]}{'↓' if '↓' in name else '↑'}({'%' if name[0] == 'f' else '′'})" for name in names)],
        *([row["条码"], row["负荷"], *(row.get(name, "/") for name in names), *ITEMS.values()] for row in rows),
    ]  # fmt: skip
    body = "\n".join("\t".join(line) for line in lines).encode("gb18030")
    read = envelope_from_tester_csv(body, room.bench.barcode)
    wanted = [sum(1 for p in device["points"]) for device in envelope["devices"]]
    assert [len(device["points"]) for device in read["devices"]] == wanted
    assert read["devices"][0]["header"]["operators"] == [
        {"person_no": room.verifier.name, "role": "VERIFIER"}
    ]


def test_a_displacement_in_hundredths_of_a_radian_is_kept_in_minutes(room, load):
    rows = [
        {"δ(crad)" if name == "角差(′)" else name: "0.10" if name == "角差(′)" else text
         for name, text in row.items()}
        for row in long_rows(room, room.envelope(load))
    ]  # fmt: skip
    read = envelope_from_tester_csv(table(rows), room.bench.barcode)
    found = {s for d in read["devices"] for p in d["points"] if p["item"] == "PHASE_DISPLACEMENT" for s in p["samples"]}  # fmt: skip
    assert found == {"+3.438"}


def test_the_burden_in_volt_amperes_is_that_of_the_scheme(room, load):
    burdens = {point.burden: point.burden_va for point in points_of_load(load)}
    rows = []
    for row in long_rows(room, room.envelope(load)):
        burden = row.pop("二次负荷")
        va = burdens["RATED" if burden == "额定" else "LOWER"]
        rows.append(row | {"二次负荷(VA)": va, "cosφ": "1.0"})
    read = envelope_from_tester_csv(table(rows), room.bench.barcode)
    assert {p["burden"] for p in read["devices"][0]["points"] if "burden" in p} == {
        "RATED",
        "LOWER",
    }
    rows[0]["二次负荷(VA)"], rows[1]["cosφ"] = "7", "0.8"
    codes, refused = faults_of(room, table(rows))
    assert {(2, "burden"), (3, "factor")} <= set(codes)
    assert "5 VA" in refused.refusal.errors[0]["text"]


BAD = {
    "no unit": ({"角差(′)": "角差"}, {}, [(1, "unit")]),
    "another unit": ({"角差(′)": "角差(°)"}, {}, [(1, "unit")]),
    "per mille": ({"比差(%)": "比差(‰)"}, {}, [(1, "unit")]),
    "burden in ohm": ({"二次负荷": "二次负荷(Ω)"}, {}, [(1, "unit")]),
    "no number": ({}, {"比差(%)": "0,12x"}, [(2, "number")]),
    "another percent": ({}, {"电流百分数(%)": "50"}, [(2, "percent")]),
    "a fraction for a percent": ({}, {"电流百分数(%)": "0.05"}, [(2, "percent")]),
    "another ratio": ({}, {"变比": "400/5"}, [(2, "ratio")]),
    "no burden": ({}, {"二次负荷": ""}, [(2, "burden_missing")]),
    "no percent": ({}, {"电流百分数(%)": ""}, [(2, "percent_missing")]),
    "an unknown device": ({}, {"条码": "HG99900001"}, [(2, "unknown")]),
    "a bar code that a spreadsheet has cut": ({}, {"条码": "3.54E+21"}, [(2, "cut")]),
    "no device": ({}, {"条码": ""}, [(2, "code")]),
    "another task": ({}, {"任务号": "JD9-2026-000009"}, [(2, "other_task")]),
    "two words for one device": ({}, {"极性": "加极性"}, [(3, "contradiction")]),
    "an unknown word": ({}, {"升降": "侧向"}, [(2, "run")]),
}


@pytest.mark.parametrize("heads, cells, wanted", BAD.values(), ids=BAD)
def test_what_is_wrong_is_told_with_its_line_and_nothing_is_kept(room, load, heads, cells, wanted):
    rows = long_rows(room, room.envelope(load))
    rows[0] |= cells
    rows = [{heads.get(name, name): text for name, text in row.items()} for row in rows]
    codes, refused = faults_of(room, table(rows))
    for one in wanted:
        assert one in codes
    # What follows from a fault is not told as faults of its own.
    if wanted[0][1] in ("unit", "number"):
        assert codes == wanted
    assert all(f"第 {each['row']} 行" in each["text"] for each in refused.refusal.errors)
    assert not TestRecord.objects.exists()


def test_the_serial_number_tells_the_device_where_the_bar_code_is_cut(room, load):
    serials = dict(load.positions.values_list("task_device__device__barcode", "task_device__device__serial_no"))  # fmt: skip
    rows = [row | {"条码": "3.54E+21", "出厂编号": serials[row["条码"]]} for row in long_rows(room, room.envelope(load))]  # fmt: skip
    read = envelope_from_tester_csv(table(rows), room.bench.barcode)
    assert {d["header"]["asset_no"] for d in read["devices"]} == set(serials)


def test_all_faults_are_told_at_once(room, load):
    rows = long_rows(room, room.envelope(load))
    rows[0]["比差(%)"], rows[3]["变比"], rows[5]["条码"] = "x", "1/1", "?"
    codes, _refused = faults_of(room, table(rows))
    assert {(2, "number"), (5, "ratio"), (7, "unknown")} <= set(codes)


def test_a_reading_that_stands_twice_and_one_that_is_missing(room, load):
    rows = long_rows(room, room.envelope(load))
    rows[1] |= {name: rows[0][name] for name in ("条码", "二次负荷", "电流百分数(%)", "升降")}
    del rows[4]["角差(′)"]
    codes, _refused = faults_of(room, table(rows))
    assert (3, "twice") in codes and "missing" in {code for _row, code in codes}


def test_signs_that_lie_mirrored_are_asked_and_confirmed_in_the_table(room, load):
    room.send(room.envelope(load))
    codes = [put.task_device.device.barcode for put in load.positions.all()]
    again = room.load(load.task, *codes, reason="复测")
    turned = room.envelope(again, dict.fromkeys(codes, "turned"), retest_reason="复测")
    for device in turned["devices"]:
        device["points"] = [p for p in device["points"] if p["item"] != "DEMAGNETISING"]
    rows = long_rows(room, turned)
    asked = _send(room, table(rows))
    assert {e["code"] for d in asked["devices"] for e in d["errors"]} == {"signs"}
    taken = _send(room, table([row | {"符号确认": "是"} for row in rows]))
    assert taken["taken"] == 2


def _send(room, body):
    folder = inbox.root() / room.bench.barcode
    folder.mkdir(parents=True, exist_ok=True)
    drop(folder, f"t{len(body)}.csv", body)
    inbox.collect()
    return Upload.objects.order_by("-pk").first().answer


def test_the_template_of_a_load_is_filled_in_and_sent_from_the_page(client, room, load):
    log_in(client, room.verifier)
    page = client.get(reverse("load", args=[load.number])).content.decode()
    address = reverse("tester_template", args=[load.number])
    assert address in page and f"{address}?wide=1" in page
    envelope = room.envelope(load)
    values = {
        (d["header"]["asset_no"], p["burden"], p["percent_rated"], symbol, run): text
        for d in envelope["devices"] for p, symbol, run, text in readings_of(d)
    }  # fmt: skip
    once = {
        "Tested at": heads_of(room, envelope["devices"][0])["检定时间"], "Verifier": room.verifier.name,
        "Temperature(°C)": "21.5", "Humidity(%)": "48", "Appearance": "合格", "Insulation": "合格",
        "Insulation resistance(MΩ)": "2500", "Polarity": "减极性", "Withstand(kV)": "3",
        "Withstand time(s)": "60", "Breakdown": "no",
    }  # fmt: skip
    text = client.get(address, headers={"accept-language": "en"}).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    seen = set()
    burdens = sorted({float(row["Burden(VA)"]) for row in rows})
    for row in rows:
        row |= {
            name: value
            for name, value in once.items()
            if name in row and row["Bar code"] not in seen
        }
        seen.add(row["Bar code"])
        burden = "RATED" if float(row["Burden(VA)"]) == burdens[-1] else "LOWER"
        for head in [name for name in row if name[0] in "fδ"]:
            run = "↓" if "↓" in head else "↑"
            row[head] = values.get((row["Bar code"], burden, row["Percent(%)"], head[0], run), "")
    files = {"bench": room.bench.pk, "file": SimpleUploadedFile("t.csv", table(rows))}
    answer = client.post(reverse("upload_file"), files)
    assert answer.status_code == 302, answer.content.decode()
    assert outcomes() == ["passed"] * 2
    again = client.post(
        reverse("upload_file"), files | {"file": SimpleUploadedFile("t.csv", table(rows))}
    )
    assert again.status_code == 302 and TestRecord.objects.count() == 2


def test_the_template_by_burden_has_a_line_for_each_burden(client, room, load):
    log_in(client, room.verifier)
    text = client.get(reverse("tester_template", args=[load.number]) + "?wide=1").content.decode(
        "utf-8-sig"
    )
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 1 + 2 * 2
    assert {len(row) for row in rows} == {len(rows[0])}


def test_the_faults_of_a_table_stand_on_the_page_with_their_lines(client, room, load):
    log_in(client, room.verifier)
    rows = long_rows(room, room.envelope(load))
    rows[2]["比差(%)"] = "x"
    files = {"bench": room.bench.pk, "file": SimpleUploadedFile("t.csv", table(rows))}
    page = client.post(reverse("upload_file"), files).content.decode()
    assert "Line 4" in page or "第 4 行" in page
    assert Upload.objects.get().state == "refused"


def test_who_may_not_see_the_load_gets_no_template(client, room, load):
    log_in(client, person_with("warehouse.view", login="guest", name="客"))
    assert client.get(reverse("tester_template", args=[load.number])).status_code in (403, 404)


def test_a_voltage_transformer_has_its_own_part(room):
    made = room.load(room.task(1, model=transformer_model("TYD-110", **CVT)))
    envelope = room.envelope(made)
    rows = [
        {name.replace("电流", "电压"): text for name, text in row.items()}
        for row in long_rows(room, envelope)
    ]
    read = envelope_from_tester_csv(table(rows), room.bench.barcode)
    assert {p["part"] for p in read["devices"][0]["points"] if "part" in p} == {"VT"}


def test_a_table_of_no_known_layout_is_refused_and_kept(room):
    folder = inbox.root() / room.bench.barcode
    folder.mkdir(parents=True)
    drop(folder, "x.csv", b"a,b\n1,2\n")
    inbox.collect()
    assert Upload.objects.get().state == "refused"


def test_the_folder_may_carry_the_asset_number_of_the_tester(room, load):
    with write_batch(actor=system_actor(), action="test.number"):
        type(room.bench).objects.filter(pk=room.bench.pk).update(asset_no="互感器台-01")
    folder = inbox.root() / "互感器台-01"
    folder.mkdir(parents=True)
    drop(folder, "export.csv", table(wide_rows(room, room.envelope(load))))
    inbox.collect()
    assert outcomes() == ["passed"] * 2, Upload.objects.get().answer


@pytest.mark.parametrize("written", ["2026/11/5 9:05", "2026年11月5日 9:05", "2026-11-5 09:05:00"])
def test_moments_are_read_as_spreadsheets_leave_them(room, load, written):
    rows = [row | {"检定时间": written} for row in wide_rows(room, room.envelope(load))]
    read = envelope_from_tester_csv(table(rows), room.bench.barcode)
    assert read["devices"][0]["header"]["finished_at"] == "2026-11-05T09:05:00+08:00"


def test_a_file_that_is_too_large_is_refused_before_it_is_read(client, room, monkeypatch):
    for module in ("interfaces.benches.views", "verification.services.upload"):
        monkeypatch.setattr(f"dianheng.{module}.MOST_BYTES", 100)
    log_in(client, person_with("*", login="sender", name="林送"))
    files = {"bench": room.bench.pk, "file": SimpleUploadedFile("t.csv", b"x" * 200)}
    answer = client.post(reverse("upload_file"), files)
    assert "上传有 200 字节" in answer.content.decode()
    kept = Upload.objects.get()
    assert (kept.state, kept.bench_no, kept.unit_id) == (
        "refused",
        room.bench.barcode,
        room.unit.pk,
    )
