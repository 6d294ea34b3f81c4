"""A program as people meet it: `dianheng serve` on a data folder of its own, and a browser."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dianheng.config.runtime.processes import ends_with_parent, wait_until
from dianheng.testing.browser import WIDE, sign_in
from dianheng.testing.cluster import cached_data, copy_tree, temporary_folder

# The company, its laboratory and the order that waits for its maker's file; no lots.
BEGINNING = """
from dianheng.config.commands.demo import write_demo
from dianheng.config.runtime.database import connected
from dianheng.config.runtime.folders import Folder
with connected("demo"):
    from dianheng.demo.story import tell_beginning
    write_demo(Folder.open().path, {password!r}, tell_beginning(password={password!r}, quantity={quantity}))
"""
PASSWORD = "Journey-2026-lamp"
WAIT_MS = 40_000  # of a busy machine
PASTE = """(field, text) => {
  const data = new DataTransfer();
  data.setData("text", text);
  field.dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
COUNTED = "count => document.querySelector('[data-scan-count]').textContent.trim() === count"


@dataclass
class Program:
    """A served program and its data folder."""

    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        known = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DATABASE_", "PG", "DJANGO_"))
        }
        return known | {
            "DIANHENG_DATA": str(self.data), "PORT": str(self.port), "LC_ALL": "C.UTF-8",
        }  # fmt: skip

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One `dianheng` command beside the server."""
        return subprocess.run(
            [sys.executable, "-m", "dianheng.config.cli", *arguments],
            env=self.environment, cwd="/", capture_output=True, text=True, check=False,
        )  # fmt: skip

    def python(self, text: str) -> None:
        subprocess.run(
            [sys.executable, "-c", text], env=self.environment, cwd="/", check=True
        )  # fmt: skip

    def is_well(self) -> bool:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            link.request("GET", "/healthz")
            return link.getresponse().status == 200
        except OSError:
            return False
        finally:
            link.close()


class Walker:
    """A person at a browser of their own: clicks what is written, types, scans."""

    def __init__(self, browser: Any, url: str, login: str):
        self.context = browser.new_context(viewport=WIDE, accept_downloads=True, locale="zh-CN")
        self.context.set_default_timeout(WAIT_MS)
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(url)
        sign_in(self.page, login, PASSWORD)
        self.page.wait_for_load_state()

    def menu(self, word: str) -> "Walker":
        self.page.locator("aside, nav").get_by_role("link", name=word, exact=True).first.click()
        self.page.wait_for_load_state()
        return self

    def open(self, word: str) -> "Walker":
        """The thing of that number, on a page or list."""
        self.page.locator("main").get_by_role("link", name=word).first.click()
        self.page.wait_for_load_state()
        return self

    def open_first(self) -> "Walker":
        """The first thing of a list."""
        self.page.locator("main tbody a").first.click()
        self.page.wait_for_load_state()
        return self

    def press(self, word: str) -> "Walker":
        """The button or link of the page that says so."""
        main = self.page.locator("main")
        found = main.get_by_role("button", name=word, exact=True).or_(
            main.get_by_role("link", name=word, exact=True)
        )
        found.first.click()
        self.page.wait_for_load_state()
        return self

    def choose(self, field: str, piece: str) -> "Walker":
        """The choice that holds the piece."""
        labels = self.page.locator(f"{field} option").all_inner_texts()
        label = next(label for label in labels if piece in label)
        self.page.select_option(field, label=label)
        return self

    def scan(self, codes: list[str]) -> "Walker":
        """As a scanner does: it types and ends each code with Enter."""
        for code in codes:
            self.page.keyboard.insert_text(code)
            self.page.keyboard.press("Enter")
        return self

    def paste(self, codes: list[str]) -> "Walker":
        """A column from a spreadsheet, into the scan field."""
        self.page.locator("[data-scan-field]").evaluate(PASTE, "\n".join(codes))
        return self

    def counted(self, count: int) -> "Walker":
        """The count beside the scan field has come so far."""
        self.page.wait_for_function(COUNTED, arg=str(count), timeout=10 * WAIT_MS)
        return self

    def told(self) -> "Walker":
        """The page says that it was done."""
        self.page.locator(".notice-success").first.wait_for()
        return self

    def becomes(self, state: str) -> "Walker":
        """The page shows the state by itself, when its job is done too."""
        self.page.locator(".head-state", has_text=state).wait_for(timeout=4 * WAIT_MS)
        return self

    def fact(self, name: str) -> str:
        """What stands beside a name among the facts."""
        term = self.page.locator("main dt").get_by_text(name, exact=True)
        return str(term.locator("xpath=following-sibling::dd").first.inner_text()).strip()

    def find(self, pattern: str) -> str:
        """What stands on the page in that form."""
        found = re.search(pattern, self.text)
        assert found, f"{pattern} is not in:\n{self.text}"
        return found.group()

    def download(self, word: str, folder: Path) -> Path:
        with self.page.expect_download() as waiting:
            self.press(word)
        path = folder / str(waiting.value.suggested_filename)
        waiting.value.save_as(path)
        return path

    @property
    def text(self) -> str:
        return str(self.page.locator("main").inner_text())

    @property
    def number(self) -> str:
        """The number that the address ends in."""
        return str(self.page.url.split("?")[0].rstrip("/").rpartition("/")[2])


def quantity() -> int:
    """How many meters the order has; DIANHENG_JOURNEY=full takes the shipped files of 3,000."""
    return 3000 if os.environ.get("DIANHENG_JOURNEY") == "full" else 360


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with temporary_folder() as place, socket.create_server(("127.0.0.1", 0)) as plug:
        port = int(plug.getsockname()[1])
        plug.close()
        copy_tree(cached_data(), place / "data")
        found = Program(place / "data", port)
        found.python(BEGINNING.format(password=PASSWORD, quantity=quantity()))
        assert json.loads((found.data / "demo.json").read_text())["password"] == PASSWORD
        output = (place / "serve.out").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "dianheng.config.cli", "serve"],
            env=found.environment, cwd="/", stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, process_group=0, preexec_fn=ends_with_parent(signal.SIGKILL),
        )  # fmt: skip
        try:
            assert wait_until(lambda: found.is_well() or process.poll() is not None, 120)
            assert process.poll() is None, (place / "serve.out").read_text()
            yield found
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            output.close()
