"""docs/how-to/make-a-process, followed word by word in both languages: its files are taken out of the page."""

import re
from pathlib import Path

import pytest

from dianheng.identity.models import Person
from dianheng.identity.services import actor_for_person, system_actor
from dianheng.identity.tests.factories import metering_centre
from dianheng.workflow import services
from dianheng.workflow.models import FormEntry
from dianheng.workflow.packs import check, read_pack

from .factories import holder

pytestmark = pytest.mark.django_db
PAGES = Path(__file__).parents[4] / "docs" / "how-to"
NAMED = re.compile(r"(?:`([^`]+)`:\n\n)?```(?:xml|toml|json)\n(.*?)```", re.S)
INSIDE = re.compile(r"^(?:<!-- |# )(instrument-repair/[\w./-]+)", re.M)


@pytest.fixture(params=["make-a-process.md", "make-a-process.zh.md"])
def folder(tmp_path, request):
    """The folder of the page, written as its reader would."""
    for name, block in NAMED.findall((PAGES / request.param).read_text("utf-8")):
        found = name or INSIDE.search(block)[1]
        path = tmp_path / found
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block, encoding="utf-8")  # as it is copied from the page
    return tmp_path / "instrument-repair"


def test_a_folder_becomes_a_business_without_python(folder, client):
    assert check(read_pack(folder), {}) == []
    services.pack_load(folder=folder, actor=system_actor())
    keeper = actor_for_person(holder("zhou", "周敏", "KEEPER", metering_centre()))
    officer = actor_for_person(holder("sun", "孙丽", "TECHNICAL", metering_centre()))
    one = services.instance_start(
        code="instrument-repair", unit=metering_centre(), title="标准表维修", actor=keeper
    )
    parts = [{"name": "接线端子", "price": "12.50"}, {"name": "显示屏", "price": "180"}]
    asked = {"device": "4130001", "fault": "显示不全", "parts": parts}
    steps = (
        (keeper, asked), (officer, {"opinion": "agree"}),
        (keeper, {"done_on": "2026-12-01", "result": "mended"}),
    )  # fmt: skip
    for actor, data in steps:
        client.force_login(Person.objects.get(pk=actor.person_id))
        assert "标准表维修" in client.get(f"/processes/{one.number}/").content.decode()
        services.task_complete(task=one.tasks.latest("pk"), data=data, actor=actor)
    one.refresh_from_db()
    assert one.state == "done" and one.number.startswith("WX")
    assert FormEntry.objects.get(task__task="ask").data["total"] == "192.50"
