"""Front-end packages: a lock without addresses, brought in once, light enough."""

import gzip
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.urls import reverse

from dianheng.config import frontend
from dianheng.identity.tests.factories import person_with

FIRST_LOAD = 400 * 1024  # bytes, compressed
AFTERWARDS = 60 * 1024


def test_the_lock_names_versions_and_digests_but_no_addresses():
    lock = json.loads((frontend.REPOSITORY / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all("resolved" not in entry for entry in packages.values())
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())


def test_every_icon_in_use_is_in_the_sprite():
    sprite = (frontend.REPOSITORY / "build" / "vendor" / "icons.svg").read_text()
    assert set(frontend.used_icons()) <= set(re.findall(r'symbol id="([a-z0-9-]+)"', sprite))


def test_a_second_call_does_nothing(tmp_path):
    assert frontend.bring_in() in (True, False)
    assert frontend.bring_in() is False


def test_what_goes_wrong_is_said(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        frontend, "bring_in", lambda: (_ for _ in ()).throw(frontend.FrontendFault("no network"))
    )
    assert frontend.main() == 1
    assert "no network" in capsys.readouterr().err


def weight(address):
    found = finders.find(address.removeprefix(settings.STATIC_URL))
    assert found, f"{address} is missing: run python -m dianheng.config.frontend"
    return len(gzip.compress(Path(found).read_bytes(), 6))


def parts(html):
    wanted = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', html))
    return {
        address for address in wanted if not address.endswith(("camera.js", ".wasm", "charts.js"))
    }


@pytest.mark.django_db
def test_pages_are_light(client):
    client.force_login(person_with("*", login="wang"))
    home = client.get("/").content
    first = len(gzip.compress(home)) + sum(weight(address) for address in parts(home.decode()))
    assert first <= FIRST_LOAD
    for name in ("people", "audit", "units", "settings", "exceptions"):
        page = client.get(reverse(name)).content
        more = parts(page.decode()) - parts(home.decode())
        assert len(gzip.compress(page)) + sum(map(weight, more)) <= AFTERWARDS, name


@pytest.mark.django_db
def test_no_page_runs_scripts_of_its_own(client):
    client.force_login(person_with("*", login="wang"))
    for name in ("home", "people", "audit", "person_add", "me"):
        response = client.get(reverse(name))
        page = response.content.decode()
        assert re.findall(r"<script(?![^>]* src=)", page) == []
        assert re.findall(r"\son[a-z]+=", page) == []
        assert "script-src 'self' 'wasm-unsafe-eval'" in response["Content-Security-Policy"]
