"""The product's own web server for a case: gunicorn as `dianheng serve` starts it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .http_load import Ask
from .usage import cpu_s, tree

PROGRAM = "dianheng.config.wsgi:application"
CONFIG = "python:dianheng.config.runtime.web"


@dataclass
class Web:
    """A server that answers on 127.0.0.1."""

    port: int
    pid: int

    def fetch(self, ask: Ask) -> bytes:
        """The body of one answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as link:
            link.sendall(ask.raw.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
            with link.makefile("rb") as answer:
                return answer.read().partition(b"\r\n\r\n")[2]

    def cpu_s(self) -> float:
        """CPU seconds of the server so far, system time included."""
        return cpu_s(tree(self.pid))


COLLECT = """
import django
django.setup()
from dianheng.config.runtime.preparation import collect_static
collect_static()
"""


def collect_static() -> None:
    """The files of the pages, as the product's start lays them out; the pages name them."""
    subprocess.run([sys.executable, "-c", COLLECT], check=True)


@contextmanager
def serving(program: str = PROGRAM) -> Iterator[Web]:
    """The program behind gunicorn, with the product's processes and threads."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    port = listener.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", CONFIG, program],
        env={**os.environ, "DIANHENG_SOCKET": str(listener.fileno())},
        pass_fds=[listener.fileno()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, process)
        yield Web(port, process.pid)
    finally:
        process.terminate()
        process.wait(30)
        listener.close()


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/alive", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("the web server does not answer")
