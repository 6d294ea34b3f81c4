"""Addresses of the tests of lists: the site's own, and a list of people that can be acted on."""

import json
from decimal import Decimal

from django import forms
from django.http import HttpResponse, JsonResponse
from django.template import engines
from django.urls import path

from dianheng.common.charts import Line, distribution
from dianheng.common.errors import Refusal, Refused
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
SCAN = """{% extends "common/base.html" %}{% block breadcrumbs %}{% crumb "Scan" %}{% endblock %}
{% block heading %}Scan{% endblock %}
{% block content %}{% include "common/scan_field.html" with endpoint="/test-scan/in/" session="S1" expected=3 %}{% endblock %}
{% block scripts %}<script defer src="{% static 'common/scan.js' %}"></script>{% endblock %}"""


def scan(request):
    return HttpResponse(engines["django"].from_string(SCAN).render({}, request))


PARTS = """{% extends "common/base.html" %}{% block breadcrumbs %}{% crumb "Parts" %}{% endblock %}
{% block heading %}Parts{% endblock %}
{% block content %}<div class="sheet">{% chart chart %}<input id="typed" aria-label="Typed">
<button class="btn" hx-post="/test-refuse/" hx-target="#typed">Refuse</button></div>{% endblock %}"""


def parts(request):
    values = [Decimal(n) / 100 for n in range(-40, 60, 3)]
    chart = distribution(
        values,
        Decimal("0.1"),
        title="Errors",
        lines=[Line(Decimal("-1"), "lower limit"), Line(Decimal("1"), "upper limit")],
        x_label="%",
        y_label="meters",
        summary="All inside the limits.",
        url="/test-list/?name={from_}",
    )
    return HttpResponse(engines["django"].from_string(PARTS).render({"chart": chart}, request))


def refuse(request):
    raise Refused(
        Refusal("closed", "The lot is closed. Open a new one.", errors=[{"row": 3, "text": "late"}])
    )


class Inbox:
    """A server of scans as the pages build them: answers a repeated key as before."""

    def __init__(self):
        self.clear()

    def clear(self):
        self.codes, self.answers, self.requests, self.refusal = [], {}, [], None

    def __call__(self, request):
        data = json.loads(request.body)
        self.requests.append([scan["key"] for scan in data["scans"]])
        if self.refusal:
            return JsonResponse(
                {"code": "closed", "text": self.refusal, "facts": {}, "errors": []}, status=409
            )
        for scan in data["scans"]:
            if scan["key"] not in self.answers:
                self.answers[scan["key"]] = self.answer(scan)
        results = [self.answers[scan["key"]] for scan in data["scans"]]
        return JsonResponse({"results": results, "total": len(self.codes)})

    def answer(self, scan):
        key = scan["key"]
        if "undo" in scan:
            self.codes.remove(self.answers[scan["undo"]]["title"])
            return {"key": key, "outcome": "undone", "title": "", "text": ""}
        code = scan["code"]
        if code.startswith("X"):
            return {
                "key": key,
                "outcome": "refused",
                "title": code,
                "text": "belongs to another lot",
                "next": [{"label": "Look", "url": "/x/"}],
            }
        outcome = "repeat" if code in self.codes else "good"
        if outcome == "good":
            self.codes.append(code)
        return {
            "key": key,
            "outcome": outcome,
            "title": code,
            "text": "",
            "count": len(self.codes),
            "expected": 3,
        }


inbox = Inbox()
urlpatterns = [
    path("test-scan/in/", lambda request: inbox(request)),
    path("test-list/", lambda request: LIST.answer(request)),
    path("test-scan/", scan),
    path("test-parts/", parts),
    path("test-refuse/", refuse),
    *site,
]
