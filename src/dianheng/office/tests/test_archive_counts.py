"""The calendar counts by a summary that every statement on the pieces keeps."""

from collections import Counter
from datetime import date

import pytest

from dianheng.identity.tests.factories import actor_with, city_company
from dianheng.office import services
from dianheng.office.models import ArchiveCount, ArchivePiece
from dianheng.office.selectors import running_out

from .factories import entry, filed, keeper, open_volume
from .test_archive_destruction import due, walk, who  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 30)


def summary():
    """Counts as the summary has them, and as the pieces have them."""
    kept = ArchivePiece.objects.filter(state="kept").exclude(ends_on=None)
    counted = Counter(
        (one.fonds_id, one.ends_on, one.retention, one.secrecy == "business") for one in kept
    )
    rows = ArchiveCount.objects.filter(pieces__gt=0)
    columns = ("fonds_id", "ends_on", "retention", "is_secret")
    return {tuple(getattr(r, c) for c in columns): r.pieces for r in rows}, dict(counted)


def calendar(secret=()):
    paths = [city_company().path]
    lines = running_out(paths, paths if secret else [], TODAY)
    return [
        (str(line["ends_on"]), line["retention"], line["count"], line["is_due"]) for line in lines
    ]


def test_what_is_filed_corrected_and_destroyed_changes_the_counts(due):  # noqa: F811
    filed(retention="Y")
    volume = open_volume()
    inside = [filed(volume=volume) for _ in range(2)]
    secret = filed(secrecy="business", retention="D10", year=2010)
    assert calendar() == [
        ("2020-12-31", "D10", 1, True), ("2021-12-31", "D10", 1, True), ("2036-12-31", "D10", 2, False),
    ]  # fmt: skip
    assert calendar(secret=True)[0] == ("2020-12-31", "D10", 2, True)
    services.piece_correct(
        piece=inside[0], facts=entry(secrecy="public"), reason="公开", actor=keeper()
    )
    trusted = actor_with("archives.file", "archives.secret", login="qian", name="钱文")
    services.piece_correct(
        piece=secret, facts=entry(secrecy="internal"), reason="解密", actor=trusted
    )
    assert calendar()[0] == ("2020-12-31", "D10", 2, True)
    instance = services.destruction_apply(pieces=due, actor=who("OFFICE"))
    walk(instance)
    services.destruction_carry(instance=instance, actor=who("OFFICE"))
    assert calendar() == [("2020-12-31", "D10", 1, True), ("2036-12-31", "D10", 2, False)]
    kept, counted = summary()
    assert kept == counted


def test_a_calendar_shows_the_units_that_one_sees():
    filed()
    assert running_out([], [], TODAY) == []
    assert running_out(["/nowhere/"], [], TODAY) == []
