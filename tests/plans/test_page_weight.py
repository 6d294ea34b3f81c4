"""What each hot page brings over the wire, compressed: docs/reference/performance-pages.md."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from dianheng.identity.tests.factories import person_with
from dianheng.verification.tests.test_decision import Story

from .test_query_counts import PAGES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("story")]
KIB = 1024
FIRST, LATER = 400 * KIB, 60 * KIB
NAMED = re.compile(r'(?:href|src)="([^"#?]+[.](?:css|js|svg|woff2|png))')


def weight(content: bytes) -> int:
    return len(gzip.compress(content, 6, mtime=0))


def named_files(page: str) -> dict[str, int]:
    """Files that the page names, with their weight."""
    names = {
        address.removeprefix(settings.STATIC_URL)
        for address in NAMED.findall(page)
        if address.startswith(settings.STATIC_URL)
    }
    found = {}
    for name in sorted(names):
        path = finders.find(name)
        assert path, f"{name} is named and not there"
        found[name] = weight(Path(path).read_bytes())
    return found


@pytest.fixture(scope="module")
def story(module_db):
    return Story(20)


@pytest.mark.parametrize("name", [name for name in PAGES if name not in ("shell status", "scan")])
def test_a_page_is_light(client, story, name):
    client.force_login(person_with("*", login="planner", name="林计划"))
    page = client.get(PAGES[name](story)).content
    files = named_files(page.decode())
    assert "common/app.css" in files
    assert weight(page) <= LATER
    assert weight(page) + sum(files.values()) <= FIRST, files
