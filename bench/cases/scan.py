"""A scan is answered over HTTP: login, rights and audit on, as the browser of a store asks."""

import json
from collections.abc import Sequence

from bench.core import Bench, WrongResultError, case
from bench.core.cores import load_apart
from bench.core.http_load import Ask, Load, closed_loop, open_loop
from bench.core.web import Web, collect_static, serving

CODES = 2_000


@case("scan", "A scan answered over HTTP", tiny=300, quick=10_000, default=1_000_000)
def scan(bench: Bench) -> None:
    """CPU of the web process per request, and how long answers take at half of the capacity.

    Beside it stands the limit: the same server and threads, answering one statement by hand,
    without login, rights or framework (`bench/core/bare.py`), as often a second as the product
    was asked. The load has a core of its own (`bench/core/cores.py`); how late it was itself is
    told, since that is in the times. The time of one person's scans, one after the other, too.
    """
    seconds = 0.3 if bench.is_tiny else 5.0
    collect_static()
    with bench.writing(bench.size):
        codes, cookie = _codes(), _log_in()
        asks = [
            Ask.get(f"/api/v1/scan/{code}", cookie, "application/json", code.encode())
            for code in codes
        ]
        pages = [
            Ask.get(f"/scan/?code={code}", cookie, "text/html", code.encode()) for code in codes
        ]
        with serving() as web, serving("bench.core.bare:application") as bare:
            _compare(web, bare, asks[0])
            with load_apart(bench.databases.server_pid, web.pid, bare.pid) as cores:
                bench.figure("cores of web server and database", cores, "of the machine's")
                rate = _asked(bench, "scan, JSON", web, asks, seconds, cpu=4.0, p99=10.0)
                _asked(bench, "scan, page", web, pages, seconds)
                _asked(bench, "limit: one statement, no login", bare, asks, seconds, rate=rate)


def _asked(
    bench: Bench,
    what: str,
    server: Web,
    asks: Sequence[Ask],
    seconds: float,
    *,
    rate: float | None = None,
    cpu: float | None = None,
    p99: float | None = None,
) -> float:
    """The figures of one address; the rate of its half load, unless another is given."""
    closed_loop(server.port, asks, links=4, seconds=seconds / 5)
    began = server.cpu_s()
    full = closed_loop(server.port, asks, links=4, seconds=seconds)
    used = server.cpu_s() - began
    rate = rate or full.rate / 2
    half = open_loop(server.port, asks, rate=rate, seconds=seconds)
    one = closed_loop(server.port, asks, links=1, seconds=seconds / 2)
    _right(what, full, half, one)
    bench.figure(f"{what}: CPU", used / len(full.seconds) * 1000, "ms a request", at_most=cpu)
    bench.figure(f"{what}: capacity", full.rate, "requests/s")
    bench.figure(f"{what}: p99, one after the other", one.percentile(0.99) * 1000, "ms")
    where = f"at {rate:.0f} requests/s"
    bench.figure(f"{what}: median {where}", half.median * 1000, "ms")
    bench.figure(f"{what}: p99 {where}", half.percentile(0.99) * 1000, "ms", at_most=p99)
    bench.figure(f"{what}: lateness of the load, p99", half.lateness(0.99) * 1000, "ms")
    return rate


def _codes() -> list[str]:
    """Bar codes from all over the register."""
    from dianheng.assets.models import Device

    keys = list(Device.objects.order_by("id").values_list("id", flat=True))
    wanted = keys[:: max(1, len(keys) // CODES)]
    return list(Device.objects.filter(pk__in=wanted).values_list("barcode", flat=True))


def _log_in() -> str:
    """The cookie of a logged-in person who may see every device."""
    from django.conf import settings
    from django.test import Client

    from dianheng.identity.models import Person

    client = Client()
    client.force_login(Person.objects.get(login="zhaolei"))
    return f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"


def _compare(web: Web, bare: Web, ask: Ask) -> None:
    """The limit answers what the product answers of the device; not what can be done next."""
    answer, limit = (json.loads(server.fetch(ask)) for server in (web, bare))
    if not limit or {name: answer.get(name) for name in limit} != limit:
        raise WrongResultError(f"the limit answers otherwise: {answer}, {limit}")


def _right(what: str, *loads: Load) -> None:
    wrong = sum(load.wrong for load in loads)
    if wrong:
        fault = next(load.fault for load in loads if load.fault)
        raise WrongResultError(f"{what}: {wrong} answers are wrong, the first: {fault}")
