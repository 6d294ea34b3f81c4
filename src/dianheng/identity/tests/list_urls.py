"""Addresses of the tests of lists: the site's own, and a list of people that can be acted on."""

from django import forms
from django.urls import path

from dianheng.common.lists import (
    BulkAction,
    Choice,
    Column,
    Contains,
    ListPage,
    NotThis,
    Outcome,
    Preview,
)
from dianheng.config.urls import urlpatterns as site
from dianheng.identity.models import Person

done = []


class Note(forms.Form):
    note = forms.CharField()


def _preview(request, selection):
    late = Person.objects.filter(pk__in=selection.ids, name__contains="甲")
    return Preview(len(selection) - len(late), [NotThis(p.name, "甲 stays") for p in late])


def _perform(request, selection, data, request_key):
    done.append((sorted(selection.ids), data, request_key))
    return Outcome(len(selection), text="all done")


LIST = ListPage(
    key="test-people",
    title="People",
    rows=lambda scope: Person.objects.filter(is_system=False).select_related("unit"),
    right="identity.view",
    unit_field="unit",
    columns=[
        Column("no", "Number", "person_no", sort="person_no"),
        Column("name", "Name", sort="sort_key"),
        Column("login", "Login", hidden=True),
    ],
    filters=[
        Contains("name", "Name"),
        Choice("language", "Language", options=[("zh-hans", "中文"), ("en", "English")]),
    ],
    default_order="no",
    search=("name", "person_no"),
    row_url=lambda person: f"/people/{person.person_no}/",
    page_size=3,
    bulk_actions=[
        BulkAction("mark", "Mark", _preview, _perform, right="identity.organise", form=Note),
        BulkAction("forbidden", "Forbidden", _preview, _perform, right="audit.view"),
    ],
    empty_text="Nobody yet: add the first person.",
)
urlpatterns = [path("test-list/", lambda request: LIST.answer(request)), *site]
