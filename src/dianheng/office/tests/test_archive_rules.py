"""Numbers, terms, secrecy marks of the archive."""

from datetime import date

import pytest

from dianheng.office import rules
from dianheng.office.tests.factories import entry

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("year", "retention", "ends_on"),
    [(2026, "Y", None), (2026, "D30", date(2056, 12, 31)), (2020, "D10", date(2030, 12, 31))],
    ids=["permanent", "30 years", "10 years"],
)
def test_the_term_begins_with_the_year_after_that_of_the_record(year, retention, ends_on):
    assert rules.retention_ends_on(year, retention) == ends_on


@pytest.mark.parametrize(
    ("text", "mark"),
    [("机密★1年", "机密★"), ("秘 密 ★", "秘密★"), ("绝密☆", "绝密☆"), ("商业秘密★3年", ""),
     ("核心商密★", ""), ("保密工作机密文件管理办法", "")],
    ids=["as GB/T 9704", "spaced", "hollow star", "business secret", "core business secret", "only the word"],
)  # fmt: skip
def test_a_mark_of_state_secrecy_is_told_from_that_of_a_business_secret(text, mark):
    assert rules.state_mark(rules.searchable(text)) == mark


def test_a_state_secret_is_refused_with_the_reason_and_the_way_out():
    refusal = rules.guard_secrecy("state", [])
    assert refusal.code == "state_secret" and "非涉密" in str(refusal.text)
    marked = rules.guard_secrecy("internal", ["附件", "机密★"])
    assert marked.facts == {"mark": "机密★"} and marked.errors[0]["field"] == "secrecy"
    assert rules.guard_secrecy("business", ["商业秘密★"]) is None


def test_all_that_is_wrong_with_an_entry_is_said_at_once():
    faults = rules.piece_faults(
        entry(title=" ", responsible="", dated_on=date(2027, 1, 1), sheets=0), TODAY
    )
    assert [(f["field"], f["code"]) for f in faults] == [
        ("title", "missing"), ("responsible", "missing"), ("dated_on", "date_future"), ("sheets", "range"),
    ]  # fmt: skip
    assert [f["code"] for year in (1948, 2027, 0) for f in rules.year_faults(year, TODAY)] == [
        "year"
    ] * 3
    assert rules.year_faults(2026, TODAY) == []


def test_a_text_is_compared_in_plain_form():
    assert rules.searchable("检 定\n证书　ＪＪＧ 596 e.g.") == "检定证书JJG 596 E.G."
    assert rules.searchable("a\0b  c") == "A B C"
    assert rules.pairs_of("检定检定") == ["定检", "检定"] and rules.pairs_of("检") == []


def test_only_another_person_checks_and_only_the_newest_version_is_replaced():
    assert rules.guard_check(7, 7).code == "same_person" and rules.guard_check(7, 8) is None
    assert rules.guard_version(False, "更正").code == "not_current"
    assert rules.guard_version(True, " ").errors[0]["field"] == "reason"
    assert rules.guard_version(True, "更正") is None
