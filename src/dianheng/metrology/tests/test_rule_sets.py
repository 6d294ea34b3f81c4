"""Rule sets: complete, sourced, and signed by their exact content."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from dianheng.metrology import rule_sets as module
from dianheng.metrology.errors import NoRule
from dianheng.metrology.rule_sets import (
    Certainty,
    Figure,
    RuleSet,
    TableRow,
    rule_set,
    rule_set_on,
    rule_sets,
    weakest,
)

FOLDER = Path(module.__file__).parent / "tables"
PAGES = Path(__file__).parents[4] / "docs" / "sources"
ALL = pytest.mark.parametrize("rules", rule_sets(), ids=lambda rules: rules.name)


@ALL
def test_every_figure_has_a_source_and_a_certainty(rules: RuleSet) -> None:
    rows: list[Figure | TableRow] = [*rules.figures.values()]
    rows.extend(row for table in rules.tables.values() for row in table)
    assert rows
    for row in rows:
        assert row.source.strip()
        assert row.certainty in Certainty


@ALL
def test_every_unconfirmed_figure_is_listed_for_the_signature(rules: RuleSet) -> None:
    listed = {each.row for each in rules.unconfirmed}
    figures = {
        row for row, each in rules.figures.items() if each.certainty is not Certainty.CONFIRMED
    }
    tables = {
        name
        for name, rows in rules.tables.items()
        if any(row.certainty is not Certainty.CONFIRMED for row in rows)
    }
    assert listed - {"valid_from"} == figures | tables
    assert rules.is_confirmed == (not listed)


@ALL
def test_the_rule_set_is_found_by_its_name(rules: RuleSet) -> None:
    assert rule_set(rules.standard, rules.edition) is rules


@ALL
def test_rows_of_a_table_have_names_of_their_own(rules: RuleSet) -> None:
    for table in rules.tables.values():
        names = [row.row for row in table]
        assert len(set(names)) == len(names)
        assert all(None not in row.cells and None not in row.cells.values() for row in table)


@ALL
def test_the_standard_has_its_page_of_sources(rules: RuleSet) -> None:
    page = PAGES / f"{rules.page}.md"
    if not PAGES.is_dir():
        pytest.skip("the documentation is not beside the package")
    text = page.read_text(encoding="utf-8")
    assert rules.standard in text and rules.edition in text and rules.title_zh in text


def test_every_file_belongs_to_a_rule_set() -> None:
    stems = {re.sub(r"[^a-z0-9]+", "_", each.name.lower()) for each in rule_sets()}
    assert {path.stem for path in FOLDER.glob("*.toml")} == stems
    for rules in rule_sets():
        stem = re.sub(r"[^a-z0-9]+", "_", rules.name.lower())
        assert {path.stem for path in (FOLDER / stem).glob("*")} == set(rules.tables)


def test_the_digest_covers_every_byte_of_figures_and_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = rule_set("JJG 596", "2012").digest
    shutil.copytree(FOLDER, tmp_path / "tables")
    monkeypatch.setattr(module, "_FOLDER", tmp_path / "tables")
    load = module._load.__wrapped__
    assert load("jjg_596_2012").digest == signed
    limits = tmp_path / "tables" / "jjg_596_2012" / "limits.csv"
    text = limits.read_text()
    limits.write_text(text.replace("\n", "\r\n"), newline="")
    assert load("jjg_596_2012").digest == signed, "line ends of a checkout change nothing"
    limits.write_text(text.replace("0.1,Imax,yes,no,1.0", "0.1,Imax,yes,no,1.1", 1))
    changed = load("jjg_596_2012")
    assert changed.digest != signed
    limits.write_text(text)
    figures = tmp_path / "tables" / "jjg_596_2012.toml"
    figures.write_text(figures.read_text().replace("factor = 1.2", "factor = 1.4"))
    assert load("jjg_596_2012").digest not in (signed, changed.digest)


def test_editions_are_chosen_by_day_and_never_mixed() -> None:
    assert rule_set_on("DL/T 448", date(2017, 4, 30)).edition == "2000"
    assert rule_set_on("DL/T 448", date(2017, 5, 1)).edition == "2016"
    with pytest.raises(NoRule) as refusal:
        rule_set_on("JJG 596", date(2013, 4, 7))
    assert refusal.value.code == "no_edition"


def test_an_unknown_edition_is_refused() -> None:
    with pytest.raises(NoRule) as refusal:
        rule_set("JJG 596", "../2012")
    assert refusal.value.code == "no_rule_set"


def test_the_weakest_figure_decides_the_certainty() -> None:
    rules = rule_set("JJG 596", "2012")
    confirmed = rules.figure("start_time/factor")
    doubtful = rules.figure("demand/slope")
    assert rules.ref(confirmed, doubtful).certainty is Certainty.DOUBTFUL
    assert rules.ref(confirmed, doubtful).row == "start_time/factor + demand/slope"
    assert weakest([]) is Certainty.CONFIRMED
