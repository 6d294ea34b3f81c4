"""A real Chromium for tests of pages: fixtures and the questions that every page is asked.

Mark the tests `browser`. `DIANHENG_PICTURES` is a folder that gets a picture of every page.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
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

Look = Mapping[str, Any]
LOOKS: Mapping[str, Look] = {
    "wide": {"size": WIDE, "theme": "light", "language": "zh-hans"},
    "phone in English": {"size": PHONE, "theme": "dark", "language": "en"},
}
OTHER_LOOKS: Mapping[str, Look] = {
    "wide in English": {"size": WIDE, "theme": "dark", "language": "en"},
    "phone": {"size": PHONE, "theme": "light", "language": "zh-hans"},
}
PICTURES = os.environ.get("DIANHENG_PICTURES")


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


@pytest.fixture
def look_at(visit: Callable[..., Any]) -> Callable[..., list[str]]:
    """`look_at(person, ["/devices/", …])` -> all that is wrong with the pages, a line each.

    No refusal, no fault of accessibility, no sideways scrolling, no error of a script or of the
    content policy. `LOOKS` are enough for most pages; `OTHER_LOOKS` are for what all pages share.

    Args:
        answers: the status of pages that do not answer 200.
        ready: waits for what the page draws by itself.
    """

    def look(
        person: Any,
        addresses: Sequence[str],
        *,
        answers: Mapping[str, int] | None = None,
        ready: Callable[[Any], Any] = lambda page: None,
        looks: Mapping[str, Look] = LOOKS,
    ) -> list[str]:
        wrong = []
        for name, options in looks.items():
            page = visit(person, "/", **options)
            page.context.add_init_script(axe_script())  # cheaper than to send it for each page
            base = page.url.rstrip("/")
            for address in addresses:
                page.faults.clear()
                wanted = (answers or {}).get(address, 200)
                status = page.goto(base + address).status
                ready(page)
                keep_picture(page, f"{address} {name}")
                found = [] if status == wanted else [f"answers {status}"]
                found += axe_faults(page) + overflow(page)
                found += [said for said in page.faults if f"status of {wanted}" not in said]
                wrong += [f"{name}: {address}: {fault}" for fault in found]
        return wrong

    return look


def keep_picture(page: Any, name: str) -> None:
    """What was seen, where somebody wants to see it."""
    if PICTURES:
        file = re.sub(r"\W+", "-", name).strip("-")
        page.screenshot(path=Path(PICTURES) / f"{file}.png", full_page=True)


def sign_in(page: Any, login: str, password: str) -> None:
    """Through the login page, as people do."""
    page.fill("#id_username", login)
    page.fill("#id_password", password)
    page.click("main .btn-primary")


@cache
def axe_script() -> str:
    script = Path(settings.VENDOR) / "tests" / "axe.js"
    assert script.exists(), "run python -m dianheng.config.frontend"
    return script.read_text(encoding="utf-8")


def axe_faults(page: Any, *rules: str) -> list[str]:
    """What axe finds, by all its rules or by these: rule, element and reason, one line each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe_script())
    options = json.dumps({"runOnly": rules or AXE_TAGS, "resultTypes": ["violations"]})
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
