"""Takes the README's pictures of the demo story: `scripts/pictures.py [http://127.0.0.1:8000]`.

Needs a running `dianheng serve` with the story and Debian's Chromium.
"""

import json
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from dianheng.config.runtime.folders import Folder
from dianheng.testing.browser import CHROMIUM, FLAGS, WIDE, sign_in

IMAGES = Path(__file__).parents[1] / "docs" / "images"
MOST_BYTES = 150 * 1024
# name: who looks, where, and the links to follow from there
PICTURES = {
    "review": ("wangfang", "/tasks/?state=open&q=2026-02", ("JD", "核验")),
    "device": ("liujing", "/devices/?state=qualified&q=3540001000202606", ("3540001",)),
    "stock": ("zhoumin", "/stock/", ()),
}


def take(page: Page, url: str, where: str, links: tuple[str, ...]) -> None:
    """Go there as a person would."""
    page.goto(url + where)
    for word in links:
        page.locator("main").get_by_role("link", name=word).first.click()
        page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)


def main(url: str) -> int:
    """Write the pictures; 1 when one is too heavy for a README."""
    password = json.loads((Folder.open().path / "demo.json").read_text(encoding="utf-8"))[
        "password"
    ]
    heavy = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, (login, where, links) in PICTURES.items():
            page = browser.new_context(viewport=WIDE, locale="zh-CN").new_page()
            page.goto(url)
            sign_in(page, login, password)
            page.wait_for_load_state()
            take(page, url, where, links)
            path = IMAGES / f"{name}.png"
            page.screenshot(path=path)
            size = path.stat().st_size
            heavy += size > MOST_BYTES
            print(f"{path}  {size // 1024} KiB")
        browser.close()
    return int(heavy > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"))
