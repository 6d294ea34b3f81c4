"""Takes the README's pictures of the demo story: `scripts/pictures.py [http://127.0.0.1:8000]`.

Needs a running `dianheng serve` with the story and Debian's Chromium.
"""

import json
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from dianheng.config.runtime.folders import Folder
from dianheng.testing.browser import CHROMIUM, FLAGS, sign_in

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SIZE = {"width": 1200, "height": 640}
MOST_BYTES = 150 * 1024
# name: who looks, where, and the piece of an address to follow from there
PICTURES = {
    "review": ("wangfang", "/review/", "/review/"),
    "device": ("zhaolei", "/devices/?state=qualified&q=3540001000202602000018", "/devices/3540001"),
    "stock": ("zhaolei", "/stock/", ""),
}


def look(page: Page, url: str, where: str, piece: str) -> None:
    """Go there, and on to the first thing of the page."""
    page.goto(url + where)
    if piece:
        links = page.locator(f'main a[href*="{piece}"]')
        page.goto(url + str(links.first.get_attribute("href")))
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
        for name, (login, where, piece) in PICTURES.items():
            page = browser.new_context(viewport=SIZE, locale="zh-CN").new_page()
            page.goto(url)
            sign_in(page, login, password)
            page.wait_for_load_state()
            look(page, url, where, piece)
            path = IMAGES / f"{name}.png"
            page.screenshot(path=path)
            size = path.stat().st_size
            heavy += size > MOST_BYTES
            print(f"{path}  {size // 1024} KiB")
        browser.close()
    return int(heavy > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"))
