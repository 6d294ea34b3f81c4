"""Pages at 10⁶ devices: the device's own, the first page of every list, and pages far down."""

import time
from collections.abc import Callable
from itertools import islice
from statistics import median
from typing import Any

from django.db import connection
from django.urls import get_resolver, reverse

from bench.core import AtMost, Bench, Way, WrongResultError, case

PAGE_MS = 100
LIST = b'<section id="list"'
DEEP = 2_000  # pages down


@case("pages", "First pages, device page, deep pages", tiny=300, quick=10_000, default=1_000_000)
def pages(bench: Bench) -> None:
    """Each page as a logged-in person gets it; then lists beside bare SQL and beside OFFSET."""
    from django.conf import settings
    from django.test import Client, override_settings

    from dianheng.assets.models import Device
    from dianheng.identity.models import Person

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    storages = {**settings.STORAGES, "staticfiles": plain}
    with bench.writing(bench.size), override_settings(ALLOWED_HOSTS=["*"], STORAGES=storages):
        clients = {}
        for login in ("luoming", "liujing", "zhaolei"):
            clients[login] = Client()
            clients[login].force_login(Person.objects.get(login=login))
        device = Device.objects.order_by("-id").values_list("barcode", flat=True)[0]
        _page(bench, clients, "device page", f"/devices/{device}/")
        _lists(bench, clients)
        _first_page(bench)
        _deep_pages(bench)


def _lists(bench: Bench, clients: dict[str, Any]) -> None:
    """The first page of every list whose address names no one thing."""
    seen = set()
    for name in sorted(_plain_addresses()):
        for client in clients.values():
            answer = client.get(reverse(name))
            if answer.status_code == 200 and not answer.streaming and LIST in answer.content:
                seen.add(name)
                _page(bench, clients, f"first page: {name}", reverse(name))
                break
    if not {"devices", "movements", "records", "seals", "tasks"} <= seen:
        raise WrongResultError(f"lists are missing: {sorted(seen)}")


def _plain_addresses() -> set[str]:
    """Names of the addresses without a part that varies."""
    found, rest = set(), list(get_resolver().url_patterns)
    while rest:
        one = rest.pop()
        if "<" in str(one.pattern) or getattr(one, "namespace", None):
            continue
        rest += getattr(one, "url_patterns", ())
        if getattr(one, "name", None):
            found.add(one.name)
    return found - {"logout", "login"}


def _page(bench: Bench, clients: dict[str, Any], name: str, path: str) -> Any:
    """The figure of one page: CPU of this process and the database together, median of some."""
    for client in clients.values():
        answer = client.get(path)
        if answer.status_code == 200:
            break
    else:
        raise WrongResultError(f"{name}: nobody may see {path}")
    times = []
    with bench.used() as usage:
        for _ in range(1 if bench.is_tiny else 9):
            began = time.perf_counter()
            client.get(path)
            times.append(time.perf_counter() - began)
    bench.figure(name, median(times) * 1000, "ms", at_most=PAGE_MS)
    bench.figure(f"{name}: CPU", usage.cpu_s / len(times) * 1000, "ms")
    return answer


def _rows() -> Any:
    from dianheng.assets.models import Device
    from dianheng.common.lists.sources import QuerySource

    return QuerySource(Device.objects.all())


def _keys(sql: str, *values: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]


def _first_page(bench: Bench) -> None:
    """Fifty devices by bar code: the list beside the statement by hand."""
    times = 1 if bench.is_tiny else 50

    def repeat(once: Callable[[], list[int]]) -> Callable[[object], list[int]]:
        def run(_state: object) -> list[int]:
            for _ in range(times):
                found = once()
            return found

        return run

    sql = "select id from (select * from assets_device order by barcode limit 51) d limit 50"
    bench.race(
        "fifty devices by bar code",
        product=Way(
            "list",
            repeat(lambda: [row.pk for row in _rows().page("barcode", False, None, 50)[0]]),
            units=times,
        ),
        limits=[Way("one statement", repeat(lambda: _keys(sql)), units=times)],
    )


def _deep_pages(bench: Bench) -> None:
    """The same fifty rows two thousand pages down: by keyset, by OFFSET, and the first fifty."""
    size = 50
    down = min(DEEP, bench.size // size // 2)
    place = None
    walk = islice(_rows().walk("pk", True), down * size)
    for row in walk:
        last = row
    place = _rows().end(last, True)

    def keyset(_state: object) -> list[int]:
        return [row.pk for row in _rows().page("pk", True, place, size)[0]]

    def offset(_state: object) -> list[int]:
        sql = "select id from assets_device order by id desc offset %s limit %s"
        return _keys(sql, down * size, size)

    def first(_state: object) -> int:
        return len(_rows().page("pk", True, None, size)[0])

    bench.race(
        f"page {down:,} of the devices",
        product=Way("keyset", keyset),
        peers=[Way("OFFSET", offset)],
        limits=[Way("the first page", first, expected=size)],
        wanted=[AtMost(1.5, "the first page")],
        repeats=1 if bench.is_tiny else 20,
    )
