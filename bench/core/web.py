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

import psutil

PROGRAM = "dianheng.config.wsgi:application"
CONFIG = "python:dianheng.config.runtime.web"


@dataclass
class Web:
    """A server that answers on 127.0.0.1."""

    port: int
    master: psutil.Process

    def cpu_s(self) -> float:
        """CPU seconds of the processes that answer, system time included."""
        times = [process.cpu_times() for process in self.master.children()]
        return sum(each.user + each.system for each in times)


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
        yield Web(port, psutil.Process(process.pid))
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
