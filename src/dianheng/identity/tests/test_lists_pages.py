"""A list on the site: what one may see, fragments, export, saved views, acting on many."""

import io
import re

import pytest
from django.conf import settings
from python_calamine import CalamineWorkbook

from dianheng.common.models import Job, SavedView
from dianheng.identity.services import person_make, system_actor, unit_make

from . import list_urls
from .factories import PASSWORD, city_company, metering_centre, person_with

pytestmark = [pytest.mark.django_db, pytest.mark.urls("dianheng.identity.tests.list_urls")]
URL = "/test-list/"


@pytest.fixture
def people():
    """Seven people of the centre and one of a county, which is none of the centre's."""
    centre = metering_centre()
    county = unit_make(
        code="COUNTY", name="县公司", kind="county", actor=system_actor(), parent=city_company()
    )
    names = ["甲一", "乙二", "丙三", "丁四", "=1+1", "戊五", "己六"]
    made = [
        person_make(
            login=f"p{n}",
            person_no=f"{n}",
            name=name,
            unit=centre,
            password=PASSWORD,
            actor=system_actor(),
        )
        for n, name in enumerate(names)
    ]
    person_make(
        login="far",
        person_no="9",
        name="远方",
        unit=county,
        password=PASSWORD,
        actor=system_actor(),
    )
    list_urls.done.clear()
    return made


@pytest.fixture
def visitor(client, people):
    """Somebody who sees and changes the centre, in English."""
    client.force_login(person_with("identity.view", "identity.organise", login="zz"))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


def numbers(response):
    return [row.name for row in response.context["list"].rows]


def test_the_page_shows_its_rows_and_where_more_are(visitor):
    response = visitor.get(URL)
    shown = response.context["list"]
    assert numbers(response) == ["0", "1", "2"]
    assert visitor.get(shown.count_url).content.decode() == "8 rows"  # seven and the visitor
    assert 'href="/people/0/"' in response.content.decode()
    follow = visitor.get(shown.more_url, headers={"HX-Request": "true"})
    assert re.findall(r'href="/people/(\w+)/"', follow.content.decode()) == ["3", "4", "5"]
    assert "HX-Request" in follow["Vary"]
    assert "<html" not in follow.content.decode()
    assert "<table" not in follow.content.decode()


def test_without_htmx_more_is_a_page(visitor):
    follow = visitor.get(visitor.get(URL).context["list"].more_url)
    assert numbers(follow) == ["3", "4", "5"]
    assert "<html" in follow.content.decode()


def test_a_filter_answers_with_the_list_alone(visitor):
    answer = visitor.get(URL + "?name=乙", headers={"HX-Request": "true"}).content.decode()
    assert answer.lstrip().startswith('<section id="list"')
    assert "<html" not in answer
    assert "乙二" in answer
    assert "甲一" not in answer


def test_back_in_the_browser_gets_the_whole_page(visitor):
    answer = visitor.get(URL, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in answer.content.decode()


def test_only_units_of_the_right_are_shown(visitor):
    assert "远方" not in visitor.get(URL + "?q=远").content.decode()


def test_the_unit_at_the_top_narrows_the_list(client, people):
    client.force_login(person_with("identity.view", login="zz", unit=city_company()))
    assert len(client.get(URL + "?q=远").context["list"].rows) == 1
    client.post("/units/choose/", {"unit": "CENTRE", "next": URL})
    assert client.get(URL + "?q=远").context["list"].rows == []
    client.post("/units/choose/", {"unit": "", "next": URL})
    assert len(client.get(URL + "?q=远").context["list"].rows) == 1


def test_a_unit_that_is_not_mine_cannot_be_chosen(visitor):
    visitor.post("/units/choose/", {"unit": "COUNTY", "next": URL})
    assert visitor.session["unit_path"] == ""


def test_no_right_no_list(client):
    client.force_login(person_with("audit.view", login="other"))
    response = client.get(URL)
    assert response.status_code == 403
    assert "查看组织与人员" in response.content.decode()


def test_an_empty_list_says_what_to_do(visitor):
    assert "Nothing fits these filters." in visitor.get(URL + "?name=nobody").content.decode()


def test_what_is_not_understood_shows_nothing_but_says_so(visitor):
    response = visitor.get(URL + "?language=xx")
    assert response.context["list"].rows == []
    assert "Language: xx" in response.content.decode()


def test_sorting_turns_round(visitor):
    response = visitor.get(URL + "?order=-no")
    assert numbers(response)[:2] == ["N-zz", "6"]
    head = response.context["list"].columns[0]
    assert (head["sorted"], head["url"]) == ("descending", f"{URL}?order=no")


def sheet(response):
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(response.streaming_content)))
    return book.get_sheet_by_index(0).to_python()


def test_what_is_filtered_is_exported_in_its_order(visitor):
    response = visitor.get(URL + "?q=1&order=-no&cols=no,name,login&export=xlsx")
    assert response["Content-Disposition"].endswith('filename="People.xlsx"')
    assert sheet(response) == [
        ["Number", "Name", "Login"],
        ["4", "=1+1", "p4"],
        ["1", "乙二", "p1"],
    ]


def test_a_large_export_is_a_job_that_asks_for_the_rights_again(visitor, monkeypatch, tmp_path):
    monkeypatch.setattr("dianheng.common.lists.page.EXPORTED_AT_ONCE", 2)
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path)
    response = visitor.get(URL + "?language=zh-hans&export=xlsx")
    job = Job.objects.get()
    assert response["Location"] == f"/jobs/{job.pk}/"
    assert job.params == {
        "list": "test-people",
        "query": "language=zh-hans",
        "given": {},
        "unit_path": "",
    }

    from dianheng.common.lists.export import export_job

    class Run:
        params, actor = job.params, list_actor(job)

        def progress(self, *parts):
            pass

    Run.job = job
    result = export_job(Run())
    assert [entry["path"] for entry in result["files"]] == ["export.xlsx"]
    book = CalamineWorkbook.from_path(tmp_path / "jobs" / str(job.pk) / "export.xlsx")
    assert len(book.get_sheet_by_index(0).to_python()) == 1 + 8


def list_actor(job):
    from dianheng.common.actor import Actor

    return Actor(job.actor_id, job.actor.name, via="job")


# -- saved views ---------------------------------------------------------------------------------


def test_a_view_keeps_filters_and_order_not_the_place(visitor):
    response = visitor.post(URL + "?name=乙&order=-no&after=xx", {"view": "save", "name": "乙方"})
    view = SavedView.objects.get()
    assert (view.name, view.query, view.shared_unit) == ("乙方", "name=%E4%B9%99&order=-no", None)
    shown = visitor.get(response["Location"]).context["list"].views
    assert [(one["view"].name, one["is_chosen"]) for one in shown] == [("乙方", True)]


def test_a_view_for_the_team_is_seen_by_the_unit_only(visitor, client):
    visitor.post(URL + "?name=乙", {"view": "save", "name": "shared", "shared": "1"})
    visitor.post(URL + "?name=甲", {"view": "save", "name": "mine"})
    client.force_login(person_with("identity.view", login="mate"))
    assert [one["view"].name for one in client.get(URL).context["list"].views] == ["shared"]
    client.force_login(person_with("identity.view", login="boss", unit=city_company()))
    assert client.get(URL).context["list"].views == []


def test_nobody_removes_anothers_view(visitor, client):
    visitor.post(URL, {"view": "save", "name": "shared", "shared": "1"})
    view = SavedView.objects.get()
    client.force_login(person_with("identity.view", login="mate"))
    client.post(URL, {"view": "remove", "id": view.pk})
    assert SavedView.objects.filter(pk=view.pk).exists()


def test_the_choice_of_columns_is_remembered(visitor):
    visitor.post(URL, {"view": "columns", "cols": ["login", "no"]})
    assert [c.key for c in visitor.get(URL).context["list"].query.columns] == ["no", "login"]
    assert visitor.get(URL).context["list"].views == []


# -- acting on many ------------------------------------------------------------------------------


def test_an_action_is_previewed_then_done_once_confirmed(visitor, people):
    ids = [people[0].pk, people[1].pk]
    preview = visitor.post(URL, {"bulk": "mark", "ids": ids})
    page = preview.content.decode()
    assert (preview.context["preview"].possible, "甲 stays" in page) == (1, True)
    assert list_urls.done == []
    fields = {
        "bulk": "mark", "step": "confirm", "ids": preview.context["ids"],
        "digest": preview.context["digest"], "request_key": preview.context["request_key"],
    }  # fmt: skip
    again = visitor.post(URL, fields)  # the note is missing
    assert again.context["form"].errors and list_urls.done == []
    result = visitor.post(URL, fields | {"note": "ok"})
    assert "all done" in result.content.decode()
    assert list_urls.done == [(sorted(ids), {"note": "ok"}, preview.context["request_key"])]


def test_all_that_is_filtered_can_be_chosen(visitor, people):
    preview = visitor.post(
        URL + "?language=zh-hans", {"bulk": "mark", "all": "1", "ids": [people[0].pk]}
    )
    assert len(preview.context["selection"]) == 8


def test_rows_that_changed_meanwhile_are_shown_once_more(visitor, people):
    preview = visitor.post(URL, {"bulk": "mark", "all": "1"})
    person_make(
        login="late",
        person_no="late",
        name="新人",
        unit=metering_centre(),
        password=PASSWORD,
        actor=system_actor(),
    )
    answer = visitor.post(
        URL,
        {
            "bulk": "mark",
            "step": "confirm",
            "all": "1",
            "digest": preview.context["digest"],
            "note": "x",
        },
    )
    assert answer.context["has_changed"] is True
    assert list_urls.done == []


def test_rows_of_another_unit_are_left_out(visitor, people):
    from dianheng.identity.models import Person

    far = Person.objects.get(login="far")
    preview = visitor.post(URL, {"bulk": "mark", "ids": [far.pk, people[1].pk]})
    assert preview.context["selection"].ids == (people[1].pk,)


def test_an_action_without_the_right_is_greyed_and_refused(visitor, people):
    page = visitor.get(URL).content.decode()
    assert 'aria-disabled="true" title="Your posts do not include “Read the audit trail”' in page
    assert visitor.post(URL, {"bulk": "forbidden", "ids": [people[1].pk]}).status_code == 403
    assert list_urls.done == []


@pytest.mark.parametrize(
    "fields", [{"bulk": "nothing"}, {"bulk": "mark", "ids": "x"}], ids=["action", "key"]
)
def test_a_form_nobody_offered_is_refused_in_words(visitor, fields):
    assert visitor.post(URL, fields).status_code == 422


def test_choosing_nothing_leads_back(visitor):
    assert visitor.post(URL + "?name=x", {"bulk": "mark"})["Location"] == f"{URL}?name=x"


def test_a_page_does_not_wait_for_the_number_of_rows(visitor):
    """One statement reads the page's rows; counting is asked for apart."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        visitor.get(URL)
    assert not [q["sql"] for q in queries if "LIMIT 10001" in q["sql"]]
    assert len(queries) <= 12
