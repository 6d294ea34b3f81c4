"""Gunicorn's configuration: threads in a few processes, on the socket the supervisor holds.

The supervisor opens the port, so that a port in use is found before anything starts and
connections wait, instead of being refused, while the web server is started again.
"""

import gc
import os
import signal
from pathlib import Path
from typing import Any

from dianheng.config.logs import LOGGING

from .processes import ends_with_parent

bind = f"fd://{os.environ.get('DIANHENG_SOCKET', '3')}"
worker_class = "gthread"
workers = int(os.environ.get("DIANHENG_WEB_PROCESSES") or max(2, os.cpu_count() or 1))
threads = int(os.environ.get("DIANHENG_WEB_THREADS") or 4)
preload_app = True  # one import for all processes, and a broken one is said at once
graceful_timeout = 10
timeout = 120
keepalive = 5
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
accesslog = None  # the lines of common.middleware.RequestLog name no person
logconfig_dict = LOGGING


def when_ready(server: Any) -> None:
    """Import all pages before the processes are forked: shared memory, a fast first request."""
    from django.urls import get_resolver

    assert get_resolver().url_patterns
    # What is loaded stays: it need not be looked through again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def post_fork(server: Any, worker: Any) -> None:
    """A killed master takes its processes along; without this they live on for a second."""
    ends_with_parent(signal.SIGKILL, parent=worker.ppid)()
