"""Every paper composes from its sample and says what its data say."""

import hashlib
import json
import subprocess
import sys
import tomllib
from dataclasses import replace
from datetime import datetime

import pytest

from dianheng.documents.papers.compose import compose, paper_data
from dianheng.documents.papers.press import TEMPLATES
from dianheng.documents.papers.samples import (
    SAMPLES,
    certificate,
    failures,
    gateway_certificate,
    notice,
    record,
    sampling_form,
    stock_out,
)
from dianheng.documents.papers.schema import PAPERS, Opinion, PointGroup, SchemeLine, Signature
from dianheng.documents.papers.schema.reading import PaperDataError
from dianheng.documents.signing.canonical import plain

from .reading import attachments, pages, reader, text

PAGES = {
    "verification_certificate": 2,
    "result_notice": 2,
    "original_record": 2,
    "arrival_acceptance": 1,
    "sampling_form": 2,
    "sampling_report": 1,
    "verification_task": 1,
    "stock_in_note": 1,
    "stock_out_note": 1,
    "handover_note": 1,
    "failure_list": 2,
    "return_notice": 1,
    "lot_summary": 1,
    "approval_sheet": 1,
    "field_check_record": 1,
    "quality_record": 1,
    "doubt_notice": 1,
    "opening_record": 1,
    "archive_catalogue": 1,
    "volume_index": 1,
    "volume_spine": 1,
    "volume_remarks": 1,
}
TITLES = {
    "verification_certificate": "检定证书",
    "result_notice": "检定结果通知书",
    "original_record": "交流电能表检定原始记录",
    "arrival_acceptance": "到货验收单",
    "sampling_form": "抽样单",
    "sampling_report": "抽样检验报告",
    "verification_task": "检定任务单",
    "stock_in_note": "入库单",
    "stock_out_note": "出库单",
    "handover_note": "交接单",
    "failure_list": "不合格清单",
    "return_notice": "退货通知单",
    "lot_summary": "批次检定汇总表",
    "approval_sheet": "审批单",
    "field_check_record": "电能计量装置现场检验记录",
    "quality_record": "电能表质检记录",
    "doubt_notice": "电能计量装置检验结果通知书",
    "opening_record": "仲裁检定启封记录",
    "archive_catalogue": "归档文件目录",
    "volume_index": "卷内文件目录",
    "volume_spine": "案卷脊背",
    "volume_remarks": "卷内备考表",
}


@pytest.mark.parametrize("kind", PAPERS)
def test_a_paper_has_its_title_number_pages_and_the_bodys_name(kind):
    made = pages(compose(kind, SAMPLES[kind]))
    assert len(made) == PAGES[kind]
    assert TITLES[kind] in made[0]
    assert SAMPLES[kind].number in made[0]
    assert "江州市供电公司计量中心" in made[0]
    for number, page in enumerate(made, 1):
        assert f"第{number}页共{len(made)}页" in page


@pytest.mark.parametrize("kind", PAPERS)
def test_a_paper_in_english_has_no_chinese_but_that_of_its_data(kind):
    words = tomllib.loads((TEMPLATES / "texts/zh.toml").read_text(encoding="utf-8"))
    made = text(compose(kind, SAMPLES[kind], "en"))
    assert "Page1of" in made
    data = json.dumps(plain(SAMPLES[kind]), ensure_ascii=False)
    for section in ("label", "cover", "role", "section"):
        for word in words[section].values():
            if len(word) > 2 and word not in data:
                assert word not in made


@pytest.mark.parametrize(
    ("lang", "words"),
    [("zh", ("技术部门", "资产部门")), ("en", ("Technicaldepartment", "Assetdepartment"))],
)
def test_departments_that_have_not_signed_yet_are_named_in_words(lang, words):
    empty = tuple(
        Opinion(department=code, signature=Signature(role="approver"))
        for code in ("technical", "asset")
    )
    form = replace(SAMPLES["arrival_acceptance"], opinions=empty)
    made = text(compose("arrival_acceptance", form, lang))
    assert all(word in made for word in words)


def test_load_points_of_a_task_are_named_in_words():
    line = SchemeLine(
        item="basic_error",
        points=(
            PointGroup(factor="0.5L", load="phase_a", loads=("Imax", "Ib")),
            PointGroup(factor="1.0", direction="reactive_import", loads=("Ib",)),
        ),
    )
    made = text(compose("verification_task", replace(SAMPLES["verification_task"], lines=(line,))))
    assert "A相0.5L：Imax,Ib" in made
    assert "正向无功1.0：Ib" in made


def test_both_languages_have_the_same_words():
    tables = [
        tomllib.loads((TEMPLATES / f"texts/{lang}.toml").read_text(encoding="utf-8"))
        for lang in ("zh", "en")
    ]
    codes = [{s: sorted(table[s]) for s in sorted(table)} for table in tables]
    assert codes[0] == codes[1]


@pytest.mark.parametrize("kind", PAPERS)
def test_the_same_data_give_the_same_bytes(kind):
    assert compose(kind, SAMPLES[kind]) == compose(kind, plain(SAMPLES[kind]))


def test_the_same_bytes_come_from_another_process():
    script = (
        "import hashlib, sys; from dianheng.documents.papers.compose import compose;"
        "from dianheng.documents.papers.samples import certificate;"
        "sys.stdout.write(hashlib.sha256(compose('verification_certificate', certificate())).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    here = hashlib.sha256(compose("verification_certificate", certificate())).hexdigest()
    assert other.stdout == here


def test_a_paper_carries_title_number_language_and_date_for_the_archive():
    pdf = reader(compose("verification_certificate", certificate()))
    assert pdf.metadata.title == "检定证书 DN2026-0012347"
    assert pdf.metadata.author == "江州市供电公司计量中心"
    assert pdf.metadata.creation_date == datetime.fromisoformat("2026-11-20T16:05:12+08:00")
    assert pdf.trailer["/Root"]["/Lang"] == "zh-CN"
    assert b"<pdfaid:part>3</pdfaid:part>" in pdf.trailer["/Root"]["/Metadata"].get_data()


def test_what_is_attached_comes_back_as_it_was():
    pdf = compose("verification_certificate", certificate(), code="C", attached='{"甲":1}'.encode())
    assert attachments(pdf) == {
        "dianheng-data.json": '{"甲":1}'.encode(),
        "dianheng-code.txt": b"C",
    }


def test_a_certificate_names_device_rule_standards_people_and_last_day():
    cover, inner = pages(compose("verification_certificate", certificate()))
    for fact in (
        "4130001000000446529641", "0044652964", "DDZY866C-Z", "JJG596-2012", "江州市供电公司营销部",
        "合格（符合2级要求）", "沈国梁", "周敏", "陈立群", "2026年11月18日", "2034年11月17日",
        "（江）法计（2024）A0107号", "检定专用章", "密钥号7F3A91C2", "不证明签发人身份",
    ):  # fmt: skip
        assert fact in cover, fact
    for fact in (
        "DNBZ2026-00077", "2027-02-08", "[2023]江量标电证字第047号", "22.6～23.1°C", "52～54%",
        "日计时误差", "+0.12s/d", "JD2600418827", "以下空白", "2029-03-31",
    ):  # fmt: skip
        assert fact in inner, fact


def test_a_certificate_shows_every_rounded_error_beside_its_limit():
    inner = pages(compose("verification_certificate", certificate()))[1]
    for point in certificate().points:
        shown = point.rounded_pct.replace("-", "−")
        assert f"{shown}±{point.limit_pct}" in inner


def test_a_term_of_use_is_called_so():
    cover = pages(
        compose("verification_certificate", replace(certificate(), validity_mode="term"))
    )[0]
    assert "使用期限至2034年11月17日" in cover
    assert "有效期至2034" not in cover


def test_a_notice_has_no_last_day_and_lists_what_failed():
    cover, inner = pages(compose("result_notice", notice()))[:2]
    assert "不合格（起动试验、基本误差）" in cover
    assert "有效期至20" not in cover
    failed = [p for p in notice().points if p.conclusion == "fail"]
    assert failed
    for point in failed:
        assert f"{point.rounded_pct}*" in inner
        assert f"正向有功,平衡负载,{point.current},{point.power_factor}±{point.limit_pct}%" in inner


def test_a_certificate_that_replaces_another_names_it_with_the_reason():
    cover = pages(compose("verification_certificate", gateway_certificate()))[0]
    assert "本件替代2026-11-20签发的DN2026-0012388。原因：型号误写" in cover


def test_a_delegated_signature_shows_both_names():
    cover = pages(compose("verification_certificate", gateway_certificate()))[0]
    assert "许文澜（代沈国梁）" in cover


def test_a_provisional_result_says_so_on_every_page():
    made = pages(compose("verification_certificate", replace(certificate(), is_provisional=True)))
    assert all("暂行结果" in page for page in made)


def test_a_copy_says_so_on_every_page():
    made = pages(compose("verification_certificate", certificate(), marking="copy"))
    assert all("副本" in page for page in made)


def test_an_original_record_shows_every_reading_mean_and_both_conclusions():
    made = text(compose("original_record", record()))
    for point in record().points:
        for figure in (*point.readings_pct, point.mean_pct):
            assert figure.replace("-", "−") in made
    for fact in ("内控结论合格", "装置自带结论合格", "表位17", "2026-11-1813:05", record().digest):
        assert fact in made
    assert "+0.12;+0.11;+0.13;+0.12;+0.12" in made


def test_an_original_record_takes_many_readings():
    sample = record()
    many = tuple(replace(point, readings_pct=("+0.0100", "-0.0200") * 5) for point in sample.points)
    made = text(compose("original_record", replace(sample, points=many)))
    assert made.count("+0.0100") == 5 * len(many)


def test_a_draw_can_be_repeated_from_its_paper():
    made = text(compose("sampling_form", sampling_form()))
    draw = sampling_form().draw
    for fact in (draw.algorithm, draw.seed, draw.seed_digest, draw.list_digest):
        assert fact in made
    for row in sampling_form().sample:
        assert row.bar_code in made


def test_a_draw_before_its_seed_is_published_keeps_it_back():
    sample = sampling_form()
    hidden = replace(sample, draw=replace(sample.draw, seed="", seed_at=None))
    assert "种子抽样后公布" in text(compose("sampling_form", hidden))


def test_a_long_list_repeats_its_head_on_every_page():
    made = pages(compose("failure_list", failures(300)))
    assert len(made) > 5
    assert all("出厂编号不合格项目实测要求" in page for page in made)
    assert sum(page.count("4130001") for page in made) == 300


def test_an_open_signature_line_stays_free():
    made = text(compose("stock_out_note", stock_out()))
    assert "签收人" in made
    assert any(s == Signature(role="receiver") for s in stock_out().signatures)


def test_paper_data_is_complete_whatever_was_left_out():
    data = plain(certificate())
    del data["remark"], data["device"]["wiring"]
    assert paper_data("verification_certificate", data)["device"]["wiring"] == ""


@pytest.mark.parametrize(
    ("change", "place"),
    [
        pytest.param({"valid_through": None}, "valid_through", id="no last day"),
        pytest.param({"points": "many"}, "points", id="text for a list"),
        pytest.param({"number": 7}, "number", id="number for text"),
        pytest.param({"verified_on": "yesterday"}, "verified_on", id="no date"),
        pytest.param({"created_at": "2026-11-20T16:05:12"}, "created_at", id="no zone"),
        pytest.param({"surprise": 1}, "surprise", id="unknown field"),
        pytest.param({"device": {"kind_name": "x"}}, "device.bar_code", id="part left out"),
    ],
)
def test_data_that_do_not_fit_are_refused_by_name(change, place):
    data = {**plain(certificate()), **change}
    with pytest.raises(PaperDataError, match=place):
        compose("verification_certificate", data)


def test_a_paper_is_not_made_from_the_data_of_another():
    with pytest.raises(PaperDataError, match="ResultNotice"):
        compose("result_notice", certificate())


def test_an_unknown_kind_or_language_is_refused():
    with pytest.raises(PaperDataError, match="kind"):
        compose("diploma", certificate())
    with pytest.raises(PaperDataError, match="language"):
        compose("verification_certificate", certificate(), "fr")


def test_the_folder_of_a_process_that_died_is_cleared_away(tmp_path, monkeypatch):
    from dianheng.documents.papers import press

    monkeypatch.setattr(press, "_MEMORY", tmp_path)
    dead = tmp_path / "dianheng-papers-dead"
    dead.mkdir()
    (dead / "job.json").write_text("{}")
    first = press._own_folder()
    second = press._own_folder()
    assert not dead.exists()
    assert first.exists()
    assert second.exists()


@pytest.mark.parametrize("failed", [0, 3, 20, 25])
@pytest.mark.parametrize("tested", [5, 17, 24, 28, 40])
def test_the_conclusion_of_a_sampling_report_never_stands_alone(tested, failed):
    report = SAMPLES["sampling_report"]
    made = pages(
        compose(
            "sampling_report",
            replace(
                report, items=report.items[1:2] * tested, failures=report.failures[:1] * failed
            ),
        )
    )
    last = made[-1]
    assert "抽检合格" in last and "批准人" in last
    assert last.count(report.failures[0].bar_code) >= min(failed, 4)
    if not failed:
        assert "不合格样品" in last and last.count("基本误差") >= min(tested, 4)
    if (tested, failed) == (17, 0):
        assert len(made) == 1, "all items of a meter, none failed: one page"
