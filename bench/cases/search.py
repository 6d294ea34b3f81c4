"""Any piece of a number or a name: the first fifty, however often it was asked before."""

import time
from collections.abc import Callable
from statistics import median

from django.db import connection

from bench.core import AtMost, Bench, Way, WrongResultError, case

WANTED_MS = 20
REPEAT = 20  # the one that a prepared statement's generic plan would spoil

# Both read what a hit shows.
BARE_DEVICES = """
select d.barcode, d.serial_no, m.code, m.name, d.state from (
  select id from assets_device where upper(barcode) like %(like)s or upper(serial_no) like %(like)s
   limit 501) hit join assets_device d using (id) join assets_devicemodel m on m.id = d.model_id
 order by d.id limit 50
"""
BARE_PLACES = """
select p.name, p.code, p.kind, u.name from (
  select id from assets_place
   where bigrams(upper(code || ' ' || name)) @> bigrams(%(piece)s)
     and upper(code || ' ' || name) like %(like)s and is_active limit 501) hit
  join assets_place p using (id) join identity_unit u on u.id = p.unit_id
 order by p.kind = 'box', p.sort_key, p.id limit 50
"""
STREETS = "东南西北中和平安康宁福禄寿喜春夏秋冬山水江河湖海金木土火石玉龙凤虎马"


@case("search", "Substring search, the first fifty", tiny=300, quick=10_000, default=1_000_000)
def search(bench: Bench) -> None:
    """Pieces of bar codes, of makers' numbers, and of Chinese names with two signs."""
    from dianheng.assets.selectors.search import search_devices, search_places

    with bench.writing(bench.size):
        _name_places(bench.size)
        numbers = _pieces("select barcode from assets_device order by id", 6)
        few = _pieces("select barcode from assets_device order by id desc", 8)
        names = _pieces("select name from assets_place where code like 'XQ%%' order by id", 2)
        _compare(
            bench, "pieces of six digits of a bar code", numbers, "device_pieces",
            lambda piece: [hit.title for hit in search_devices(piece, None, 50)], BARE_DEVICES,
        )  # fmt: skip
        _compare(
            bench, "pieces of eight digits", few, "device_pieces",
            lambda piece: [hit.title for hit in search_devices(piece, None, 50)], BARE_DEVICES,
        )  # fmt: skip
        _compare(
            bench, "two Chinese signs of a name", names, "place_pieces",
            lambda piece: [hit.title for hit in search_places(piece, None, 50)], BARE_PLACES,
        )  # fmt: skip


def _name_places(count: int) -> None:
    """So many places with Chinese names, as the users' addresses of a city would be."""
    from dianheng.identity.services import system_actor, write_batch

    with (
        write_batch(actor=system_actor("command"), action="bench.places"),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            """
            insert into assets_place (code, name, kind, unit_id, path, sort_key, is_active)
            select 'XQ' || n, substr(%(s)s, 1 + n %% %(k)s, 1) || substr(%(s)s, 1 + n * 7 / 5 %% %(k)s, 1)
                   || substr(%(s)s, 1 + n / 37 %% %(k)s, 1) || '小区' || n %% 97 || '栋', 'box',
                   (select min(id) from identity_unit), 'XQ' || n || '/', '', true
              from generate_series(1, %(n)s) n
            """,
            {"s": STREETS, "k": len(STREETS), "n": count},
        )
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from assets_place")


def _pieces(sql: str, length: int) -> list[str]:
    """Pieces from the middle of values here and there."""
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} limit 20000")
        values = [row[0] for row in cursor.fetchall()]
    step = max(1, len(values) // 12)
    ends = [value[-length - 1 : -1] if length > 2 else value[:length] for value in values[::step]]
    return list(dict.fromkeys(ends))[:12]


def _like(piece: str) -> dict[str, str]:
    return {"piece": piece.upper(), "like": f"%{piece.upper()}%"}


def _compare(
    bench: Bench,
    what: str,
    pieces: list[str],
    index: str,
    product: Callable[[str], list[str]],
    bare: str,
) -> None:
    def by_hand(piece: str) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(bare, _like(piece))
            return [row[0] for row in cursor.fetchall()]

    def all_of(one: Callable[[str], list[str]]) -> Callable[[object], list[int]]:
        # Which fifty of thousands come is not said; that they hold the piece is.
        return lambda _state: [len(one(piece)) for piece in pieces]

    for piece in pieces:
        _holds(what, piece, product(piece), by_hand(piece))
    bench.race(
        what,
        product=Way("search", all_of(product), units=len(pieces)),
        limits=[Way("bare SQL on the index", all_of(by_hand), units=len(pieces))],
        wanted=[AtMost(1.5, "bare SQL on the index")],
    )
    times = []
    for piece in pieces:
        for _ in range(REPEAT):
            began = time.perf_counter()
            product(piece)
        times.append(time.perf_counter() - began)
    bench.figure(
        f"{what}: median of the {REPEAT}th time", median(times) * 1000, "ms", at_most=WANTED_MS
    )
    if not bench.is_tiny:
        _check_plan(what, bare, pieces[0], index)


def _holds(what: str, piece: str, *answers: list[str]) -> None:
    if len({len(answer) for answer in answers}) != 1:
        raise WrongResultError(f"{what}: {piece} is found {[len(a) for a in answers]} times")


def _check_plan(what: str, bare: str, piece: str, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"explain {bare}", _like(piece))
        plan = "\n".join(row[0] for row in cursor.fetchall())
    if index not in plan:
        raise WrongResultError(f"{what}: the plan does not use {index}:\n{plan}")
