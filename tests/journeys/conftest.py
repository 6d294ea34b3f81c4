"""A program as people meet it: `dianheng serve` on a data folder of its own, and a browser."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dianheng.config.runtime.processes import ends_with_parent, wait_until
from dianheng.testing.browser import chromium
from dianheng.testing.cluster import cached_data, copy_tree, temporary_folder

__all__ = ["chromium"]

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
