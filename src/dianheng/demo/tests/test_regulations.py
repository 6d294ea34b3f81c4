"""Regulations of the story: every tie leads somewhere, one new edition waits to be looked at."""

import pytest
from django.utils.translation import override

from dianheng.demo import company, regulations
from dianheng.identity.services import system_actor
from dianheng.office.models import ClauseControl, Regulation
from dianheng.office.selectors import (
    controls_to_settle,
    controls_with_standing,
    revisions_of,
)
from dianheng.workflow.packs.shipped import shipped_folders
from dianheng.workflow.services import pack_load

pytestmark = pytest.mark.django_db


def test_every_tie_of_the_story_holds_and_a_coming_edition_leaves_two_to_settle():
    with override("zh-hans"):
        company.found_company("Dianheng-2026-story")
        for folder in shipped_folders():
            pack_load(folder=folder, actor=system_actor("command"))
        regulations.the_regulations()
    standings = list(controls_with_standing().values_list("standing", flat=True))
    assert "broken" not in standings and standings.count("changed") == 2
    left = controls_to_settle([company.unit("3540001").path])
    assert [(one.clause.number, one.name) for one in left] == [
        ("第二条", "封印领用单（纸质）"), ("第四条", "资产报废审批"),
    ]  # fmt: skip
    kinds = set(ClauseControl.objects.values_list("kind", flat=True))
    assert kinds >= {"setting", "form", "limit", "process", "page", "paper", "words"}
    (revision,) = revisions_of(Regulation.objects.get(code=regulations.SEALS))
    assert (revision.have_read, revision.waiting) == (2, ["李娜", "周敏"])
