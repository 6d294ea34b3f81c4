"""The story, told once: what it leaves behind, and that no page leads its reader to a closed door.

It is walked as each of its people. Every link of every page that is visited is followed; of links
of one kind on pages of one kind only the first, so that the walk ends.
"""

import os
from collections import Counter, deque
from functools import cache
from urllib.parse import urljoin

import pytest
from django.test import Client, RequestFactory, override_settings
from django.urls import Resolver404, resolve
from lxml import html

from dianheng.common.actions import all_actions
from dianheng.common.figures import figures_of
from dianheng.demo import company, legacy
from dianheng.demo.story import tell
from dianheng.identity.models import AuditBatch
from dianheng.supply.models import InspectionLot, SentSample
from dianheng.warehouse.models import Movement

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.usefixtures("told")]
BACKEND = "dianheng.identity.backends.PersonBackend"
OF_A_KIND = 1  # links from one kind of page to one kind of page
# Those whose rights differ most; all posts with DIANHENG_JOURNEY=full.
WALKED = ("HEAD", "METROLOGIST", "VERIFIER", "KEEPER", "FITTER", "ASSETS", "OFFICE", "AUDITOR")
SAID_TO_BE_CLOSED = {"set_language", "logout"}


def links_of(page: str) -> dict[str, None]:
    """Addresses that a page, or a piece of one, leads to, by click or by itself."""
    tree = html.document_fromstring(f"<html>{page}")
    return dict.fromkeys(map(str, tree.xpath("//a/@href | //@hx-get")))


@cache
def kind_of(path: str) -> str:
    """The name of the page at an address."""
    try:
        return resolve(path).url_name or ""
    except Resolver404:
        return path


def closed_doors(client: Client) -> tuple[list[str], Counter[str]]:
    """What a person's pages lead to and do not open, and how often each kind was visited."""
    start = "/"
    waiting, known = deque([(start, "")]), {start}
    pairs: Counter[tuple[str, str]] = Counter()
    visited: Counter[str] = Counter()
    closed = []
    while waiting:
        address, source = waiting.popleft()
        answer = client.get(address)
        kind = kind_of(address.partition("?")[0])
        visited[kind] += 1
        if answer.status_code >= 400:
            closed.append(f"{answer.status_code} {address} on {source}")
            continue
        if answer.streaming or not answer.get("Content-Type", "").startswith("text/html"):
            b"".join(answer)  # read to its end, a file is closed
            continue
        for link in links_of(answer.content.decode()):
            goal = urljoin(address, link).partition("#")[0]
            if not goal.startswith("/") or goal in known:
                continue
            pair = (kind, kind_of(goal.partition("?")[0]))
            if pair[1] in SAID_TO_BE_CLOSED:
                continue
            pairs[pair] += 1
            if pairs[pair] <= OF_A_KIND:
                known.add(goal)
                waiting.append((goal, address))
    return closed, visited


@pytest.fixture(scope="module")
def told(module_db, tmp_path_factory):
    data = tmp_path_factory.mktemp("story")
    with override_settings(DATA=data, MEDIA_ROOT=data / "files"):
        tell(size="s", seed=1, password="Walk-2026-lamp", say=lambda text: None)
        yield


def test_the_story_goes_ways_that_the_tutorial_does_not():
    reported, away = SentSample.objects.order_by("pk")
    assert (reported.state, away.state) == ("back", "handed_over")
    assert (reported.inspection.state, reported.report_file is not None) == ("accepted", True)

    second = InspectionLot.objects.get(submission=2)
    assert (second.state, second.severity) == ("accepted", "tightened")
    assert (second.resubmits.state, second.lot_size) == ("rejected", 118)

    partly = Movement.objects.get(state="partly")
    assert (partly.count, partly.received_count, partly.boxes.count()) == (48, 47, 4)
    assert partly.lines.filter(state="damaged").count() == 1
    assert partly.differences.count() == 1
    taken, faulty = legacy.RegisterFile.objects.order_by("pk")
    assert (taken.state, faulty.state, faulty.fault_count) == ("taken", "faulty", 5)

    request = RequestFactory().get("/")
    figures = figures_of(request, [company.unit("35400").path])
    assert len(figures) == 5
    assert [figure.key for figure in figures if figure.value is None or not figure.line] == [
        "lots_accepted"  # decided within one month: a value, and no line yet
    ]


def test_nobody_is_led_to_a_closed_door():
    closed: dict[str, list[str]] = {}
    everybody = {role.post: role for role in company.PEOPLE}
    posts = everybody if os.environ.get("DIANHENG_JOURNEY") == "full" else WALKED
    for role in (everybody[post] for post in posts):
        client = Client(HTTP_ACCEPT="text/html", HTTP_ACCEPT_LANGUAGE="zh-hans")
        client.force_login(company.person(role.login), backend=BACKEND)
        shut, visited = closed_doors(client)
        assert visited.total() > 20, role
        if shut:
            closed[f"{role.name} {role.login}"] = shut
    assert closed == {}
    # Whoever reads the trail of all this finds each action in words.
    written = set(AuditBatch.objects.values_list("action", flat=True))
    assert written - {code for code, _label in all_actions()} == set()
