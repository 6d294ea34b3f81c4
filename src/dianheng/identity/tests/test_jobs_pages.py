"""Jobs: left and found again, seen by their person, stopped, their errors and files taken."""

import io

import pytest
from django.conf import settings
from python_calamine import CalamineWorkbook

from dianheng.common.models import Job

from .factories import person_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(client):
    person = person_with("identity.view", login="me")
    client.force_login(person)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return Job.objects.create(
        kind="test",
        title="Import",
        actor=person,
        state="running",
        done=30,
        total=120,
        text="30 / 120",
    )


def test_progress_is_shown_and_asked_for_again(client, mine):
    page = client.get(f"/jobs/{mine.pk}/").content.decode()
    assert 'aria-valuenow="25"' in page
    assert f'hx-get="/jobs/{mine.pk}/" hx-trigger="every 1s"' in page
    part = client.get(f"/jobs/{mine.pk}/", headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith("<section")
    assert "HX-Request" in part["Vary"]


def test_a_finished_job_asks_no_more_and_leads_on(client, mine):
    Job.objects.filter(pk=mine.pk).update(
        state="done",
        result={
            "text": "taken",
            "links": [{"label": "The lot", "url": "/lots/1/"}],
            "facts": {"Rows": 120},
        },
    )
    page = client.get(f"/jobs/{mine.pk}/").content.decode()
    assert "every 1s" not in page
    assert '<a class="btn btn-primary" href="/lots/1/">The lot</a>' in page
    bar = client.get(f"/jobs/{mine.pk}/?part=bar", headers={"HX-Request": "true"})
    assert bar["HX-Refresh"] == "true"
    assert "every 1s" not in bar.content.decode()


def test_anothers_job_is_not_mine(client, mine):
    client.force_login(person_with("identity.view", login="other"))
    assert client.get(f"/jobs/{mine.pk}/").status_code == 404
    assert client.post(f"/jobs/{mine.pk}/stop/").status_code == 404
    assert client.get("/jobs/").context["list"].rows == []
    client.force_login(person_with("jobs.view_all", login="admin"))
    assert client.get(f"/jobs/{mine.pk}/").status_code == 200
    assert [row.key for row in client.get("/jobs/").context["list"].rows] == [mine.pk]


def test_all_errors_can_be_taken(client, mine):
    errors = [
        {"row": 2, "code": "double", "text": "=twice"},
        {"row": 3, "text": "foreign", "device": "413"},
    ]
    Job.objects.filter(pk=mine.pk).update(state="failed", errors=errors)
    assert "=twice" in client.get(f"/jobs/{mine.pk}/").content.decode()
    answer = client.get(f"/jobs/{mine.pk}/errors.xlsx")
    sheet = CalamineWorkbook.from_filelike(
        io.BytesIO(b"".join(answer.streaming_content))
    ).get_sheet_by_index(0)
    assert sheet.to_python() == [
        ["row", "code", "text", "device"],
        [2, "double", "=twice", ""],
        [3, "", "foreign", "413"],
    ]


def test_only_files_that_the_result_names_are_given(client, mine, tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path)
    folder = tmp_path / "jobs" / str(mine.pk)
    folder.mkdir(parents=True)
    (folder / "a.xlsx").write_bytes(b"a")
    (folder / "b.xlsx").write_bytes(b"b")
    Job.objects.filter(pk=mine.pk).update(
        state="done",
        result={
            "files": [{"name": "清单.xlsx", "path": "a.xlsx"}, {"name": "gone", "path": "c.xlsx"}]
        },
    )
    assert b"".join(client.get(f"/jobs/{mine.pk}/files/a.xlsx").streaming_content) == b"a"
    for name in ("b.xlsx", "c.xlsx", "..%2Fa.xlsx"):
        assert client.get(f"/jobs/{mine.pk}/files/{name}").status_code == 404


def test_the_bar_at_the_top_counts_what_runs(client, mine):
    assert client.get("/shell/status/").json() == {"todo": 0, "jobs": 1}


@pytest.mark.django_db(transaction=True)
def test_a_job_is_asked_to_stop(client):
    person = person_with("identity.view", login="me")
    client.force_login(person)
    job = Job.objects.create(kind="test", title="Import", actor=person, state="running")
    client.post(f"/jobs/{job.pk}/stop/")
    job.refresh_from_db()
    assert job.stop_requested_at is not None
    waiting = Job.objects.create(kind="test", title="Import", actor=person)
    client.post(f"/jobs/{waiting.pk}/stop/")
    waiting.refresh_from_db()
    assert waiting.state == "stopped"
