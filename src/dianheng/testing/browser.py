"""A real Chromium for tests of pages: fixtures and the questions that every page is asked.

Use in a conftest: `from dianheng.testing.browser import *`, and mark the tests `browser`.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

__all__ = ["PHONE", "WIDE", "axe_faults", "chromium", "overflow", "sign_in", "visit"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for the tests of a module: its loop must not outlive them in this thread."""
    assert CHROMIUM, "mark the test `browser`"
    from playwright.sync_api import sync_playwright

    # Playwright's loop runs in this thread, which Django takes for an asynchronous program.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(chromium: Any, live_server: Any, client: Any) -> Iterator[Callable[..., Any]]:
    """`visit(person, "/devices/", language="en", theme="dark", size=PHONE)` -> the open page.

    `zone` is that of the computer's clock.

    The page's `.faults` collects errors of scripts and of the content policy.
    """
    contexts = []

    def open_page(
        person: Any,
        path: str = "/",
        *,
        language: str = "zh-hans",
        theme: str = "light",
        size: dict[str, int] | None = None,
        zone: str | None = None,
    ) -> Any:
        size = size or WIDE
        is_phone = size["width"] < 768
        context = chromium.new_context(
            viewport=size, has_touch=is_phone, is_mobile=is_phone, timezone_id=zone
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        cookies = {settings.LANGUAGE_COOKIE_NAME: language, "theme": theme}
        if person is not None:
            client.force_login(person)
            cookies[settings.SESSION_COOKIE_NAME] = client.session.session_key
        context.add_cookies(
            [{"name": n, "value": v, "url": live_server.url} for n, v in cookies.items()]
        )
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on(
            "console",
            lambda line: page.faults.append(line.text) if line.type == "error" else None,
        )
        page.goto(live_server.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def sign_in(page: Any, login: str, password: str) -> None:
    """Through the login page, as people do."""
    page.fill("#id_username", login)
    page.fill("#id_password", password)
    page.click("main .btn-primary")


def axe_faults(page: Any) -> list[str]:
    """What axe finds: rule, element and reason, one line each."""
    script = Path(settings.VENDOR) / "tests" / "axe.js"
    assert script.exists(), "run python -m dianheng.config.frontend"
    page.evaluate(script.read_text(encoding="utf-8"))
    options = json.dumps({"runOnly": AXE_TAGS, "resultTypes": ["violations"]})
    violations = page.evaluate(f"axe.run(document, {options}).then(found => found.violations)")
    return [
        f"{fault['id']}: {node['html'][:160]} – {node['failureSummary'].splitlines()[-1].strip()}"
        for fault in violations
        for node in fault["nodes"]
    ]


def overflow(page: Any) -> list[str]:
    """Elements that make the page scroll sideways."""
    return list(
        page.evaluate(
            """() => {
              const width = document.documentElement.clientWidth;
              if (document.documentElement.scrollWidth <= width) return [];
              return [...document.querySelectorAll("body *")]
                .filter((e) => e.getBoundingClientRect().right > width + 1)
                .map((e) => e.outerHTML.slice(0, 120)).slice(0, 8);
            }"""
        )
    )
