"""Pieces of the archive are found by words through an index, however short the words are.

As in `test_lists`, the planner is told to avoid reading whole tables: a word that no index
answers would be left with one, and at 10⁶ pieces take seconds.
"""

import pytest
from django.db import connection

from dianheng.office.models import ArchivePiece
from dianheng.office.selectors import in_entry, search_pieces, with_keyword
from dianheng.office.views.archives import PIECES

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("words", "index"),
    [("检定", "archive_pairs"), ("检定装置", "archive_text"), ("检定 装置更换", "archive_text"), ("JL2026-000123", "archive_text")],
    ids=["two signs", "more signs", "two words", "a number"],
)  # fmt: skip
def test_words_are_looked_up_in_an_index(words: str, index: str):
    rows = search_pieces(ArchivePiece.objects.all(), words)
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        plan = rows.order_by().explain()
        cursor.execute("reset enable_seqscan")
    assert f"Index Scan on {index}" in plan and "Seq Scan" not in plan, plan


@pytest.mark.parametrize(
    ("number", "index"), [("[2026] 3 号", "archive_text"), ("计量", "archive_pairs")], ids=["long", "two signs"]
)  # fmt: skip
def test_a_part_of_a_file_number_is_looked_up_in_an_index(number: str, index: str):
    rows = ArchivePiece.objects.filter(in_entry("doc_no", number))
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off; set local enable_indexscan = off")
        plan = rows.order_by().explain()
        cursor.execute("reset enable_seqscan; reset enable_indexscan")
    assert f"Index Scan on {index}" in plan, plan


def test_what_was_filed_in_a_month_comes_in_its_order_from_one_index():
    filed = {"filed_at__gte": "2012-08-01T00:00+08:00", "filed_at__lt": "2012-08-29T00:00+08:00"}
    sort, descending = PIECES.order_of(PIECES.default_order)
    assert (sort, descending) == ("filed_at", True)
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off; set local enable_sort = off")
        plan = ArchivePiece.objects.filter(**filed).order_by("-filed_at", "-pk")[:50].explain()
        cursor.execute("reset enable_seqscan; reset enable_sort")
    assert "Index Scan Backward using piece_filed" in plan and "Sort" not in plan, plan


@pytest.mark.parametrize(("word", "is_looked_up"), [("周期检定", True), ("计划", False)])
def test_a_long_keyword_is_looked_for_among_the_words_too(word: str, is_looked_up: bool):
    plan = ArchivePiece.objects.filter(with_keyword(word)).explain()
    assert ("office_archivesearch" in plan) == is_looked_up, plan
