"""The archive at 10⁶ pieces: first page, words of entries and files, combined query, filing."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import psycopg
from django.db import connection

from bench.core import Bench, Way, WrongResultError, case

PAGE_MS = 100
IN_VOLUME = 50  # pieces of a volume; every fifth piece stands alone
THINGS = (
    "电能表", "互感器", "采集终端", "计量箱", "封印", "标准装置", "电压互感器", "电流互感器", "二次回路", "周转箱",
    "检定线", "温湿度计", "耐压仪", "载波模块", "失压计时仪", "变送器", "钳形表", "相位表", "秒表", "标准表", "负荷箱",
)  # fmt: skip
ACTS = (
    "检定计划", "更换通知", "到货验收", "抽样检验", "故障分析", "周期轮换", "现场检验", "封印领用", "报废鉴定", "建标报告",
    "期间核查", "量值溯源", "培训记录", "合同评审", "差错处理", "会议纪要", "仲裁检定", "巡视记录", "移交清册",
)  # fmt: skip
PLACES = (
    "城东供电所", "城西供电所", "江北供电所", "开发区供电所", "计量中心", "平山县公司", "清河县公司", "物资公司",
    "营销部", "安监部", "临江变电站", "电科院", "配电运检中心",
)  # fmt: skip
PAGE = """
select p.id from office_archivepiece p join office_fonds f on f.id = p.fonds_id
  join identity_unit u on u.id = f.unit_id
 where (p.secrecy <> 'business' or u.path like '/%%') and u.path like '/%%'
"""
WORD = (
    "and exists (select from office_archivesearch s where s.piece_id = p.id and s.text like %s)\n"
)
PAIR = "and exists (select from office_archivesearch s where s.piece_id = p.id and s.pairs @> array[%s])\n"
GIN = "select indexname, indexdef from pg_indexes where tablename = 'office_archivesearch' and indexdef like '%gin%'"
FILED = "number, title, category, year, retention, ends_on, secrecy, remark"
VOLUME = f"office_archivevolume (id, {FILED}, shelf, filed_by_id, filed_at, fonds_id, state)"
PIECE = (
    f"office_archivepiece (id, {FILED}, filed_by_id, filed_at, fonds_id, volume_id, place, doc_no, responsible, dated_on,"
    " sheets, keywords, abstract, process, state, destruction)"
)
SEARCH = "office_archivesearch (piece_id, text, pairs, unread)"
STORED = """
insert into documents_storedfile (digest, size, media_type, name, audit_statement_id)
select 'bench' || n, 1000, 'text/plain', 'bench', 0 from generate_series(0, %s - 1) n
"""
FILES = """
insert into office_piecefile (piece_id, file_id, name, media_type, version, reason, person_id, audit_statement_id)
select %s + substr(digest, 6)::int, id, 'bench', 'text/plain', 1, '', %s, 0
  from documents_storedfile where digest like 'bench%%'
"""
COUNTED = """
insert into office_archivecount (fonds_id, ends_on, retention, is_secret, pieces)
select fonds_id, ends_on, retention, secrecy = 'business', count(*) from office_archivepiece
 where fonds_id = %s group by 1, 2, 3, 4
"""
UNREAD = "select piece_id from office_archivesearch where text || '' like %s order by piece_id desc limit 50"


@case("archive", "The archive beside a million pieces", tiny=200, quick=20_000, default=1_000_000)
def archive(bench: Bench) -> None:
    """Pages as the keeper gets them; words beside bare SQL on the index and beside reading all."""
    from django.conf import settings
    from django.test import Client, override_settings

    from dianheng.demo.company import person

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    storages = {**settings.STORAGES, "staticfiles": plain}
    with bench.writing(300) as name, override_settings(ALLOWED_HOSTS=["*"], STORAGES=storages):
        _fill(bench, name)
        client = Client()
        client.force_login(person("hanxue"))
        _pages(bench, client)
        _words(bench)
        _filing(bench)


# -- what lies there ---------------------------------------------------------------------------


def _entry(n: int) -> tuple[str, str, str, str, date]:
    """Thing, act, place, file number and day of a piece; every combination comes up."""
    day = date(2006, 1, 1) + timedelta(days=n // 137 % 7300)
    thing, act = THINGS[n % len(THINGS)], ACTS[n // 5 % len(ACTS)]
    return thing, act, PLACES[n // 7 % len(PLACES)], f"计量〔{day.year}〕{n} 号", day


def _text(n: int) -> str:
    """What stands in entry and file of a piece, as the index keeps it: about 100 signs."""
    thing, act, place, doc_no, day = _entry(n)
    file = (
        f"{day:%Y年%m月}{place}共办理{thing}{n % 900 + 10}只,同批{THINGS[n // 11 % len(THINGS)]}未见异常,"
        f"编号{n:07d},经办与审批意见齐全。"
    )
    entry = (
        f"{day.year}年{place}{thing}{act}",
        place,
        doc_no.replace(" ", ""),
        thing,
        act[:2],
        "",
        "",
    )
    return "\n".join((*entry, file))


def _fill(bench: Bench, name: str) -> None:
    """Pieces set by set; triggers are left out, since nothing of the audit is measured."""
    from dianheng.demo.company import acting, person, unit
    from dianheng.office.rules import pairs_of, searchable
    from dianheng.office.services import fonds_set

    own = fonds_set(
        number="B001", name="档案测试全宗", unit_id=unit("3540001").pk, actor=acting("hanxue")
    )
    keeper = person("hanxue").pk
    assert all(searchable(line) == line for line in _text(0).splitlines())
    with psycopg.connect(
        bench.databases.cluster.server.superuser_url(name), autocommit=True
    ) as link:
        link.execute("set session_replication_role = replica")
        first, volume = (
            _one(link, f"select coalesce(max(id), 0) + 1 from office_archive{of}")[0] for of in ("piece", "volume")
        )  # fmt: skip
        indexes = link.execute(GIN).fetchall()
        for index, _definition in indexes:
            link.execute(f"drop index {index}")
        with link.cursor() as cursor:
            _copy(cursor, VOLUME, _volumes(bench.size // IN_VOLUME + 1, volume, own.pk, keeper))
            _copy(cursor, PIECE, _pieces(bench.size, first, volume, own.pk, keeper))
            texts = ((first + n, _text(n)) for n in range(bench.size))
            # No pair holds a quote: an array as text, which psycopg would take minutes to make.
            rows = (
                (key, text, '{"' + '","'.join(pairs_of(text)) + '"}', "{}") for key, text in texts
            )
            _copy(cursor, SEARCH, rows)
        link.execute(COUNTED, [own.pk])
        link.execute(STORED, [bench.size])
        link.execute(FILES, [first, keeper])
        for _index, definition in indexes:
            link.execute(definition)
        for table in (
            "office_archivepiece",
            "office_archivevolume",
            "office_piecefile",
            "documents_storedfile",
        ):
            link.execute(
                f"select setval(pg_get_serial_sequence('{table}', 'id'), max(id)) from {table}"
            )
        link.execute("vacuum (analyze)")


def _volumes(count: int, first: int, fonds: int, keeper: int) -> Iterator[tuple[Any, ...]]:
    at, ends_on = datetime(2010, 1, 1, tzinfo=UTC), date(2040, 12, 31)
    for v in range(count):
        yield (
            first + v, f"B001-ZY·2010-D30-{v:06d}", f"{THINGS[v % len(THINGS)]}案卷", "ZY", 2010, "D30", ends_on,
            "internal", "", "", keeper, at, fonds, "open",
        )  # fmt: skip


def _pieces(
    count: int, first: int, volume: int, fonds: int, keeper: int
) -> Iterator[tuple[Any, ...]]:
    secrecy = ("internal", "internal", "public", "business")
    for n in range(count):
        thing, act, place, doc_no, day = _entry(n)
        inside = n % 5 != 0
        yield (
            first + n, f"B001-{'ZY' if inside else 'WS'}·{day.year}-D30-{n:07d}", f"{day.year} 年{place}{thing}{act}",
            "ZY" if inside else "WS", day.year, "D30", date(day.year + 30, 12, 31), secrecy[n // 3 % 4], "", keeper,
            datetime(day.year, day.month, day.day, 9, tzinfo=UTC), fonds, volume + n // IN_VOLUME if inside else None,
            n % IN_VOLUME + 1 if inside else None, doc_no, place, day, n % 90 + 1, [thing, act[:2]], "", "", "kept", "",
        )  # fmt: skip


def _copy(cursor: Any, into: str, rows: Iterator[tuple[Any, ...]]) -> None:
    with cursor.copy(f"copy {into} from stdin") as copy:
        for row in rows:
            copy.write_row(row)


def _one(link: psycopg.Connection, statement: str) -> tuple[Any, ...]:
    found = link.execute(statement).fetchone()
    assert found is not None
    return found


# -- pages -------------------------------------------------------------------------------------


def _pages(bench: Bench, client: Any) -> None:
    last = bench.size - 2
    thing, act, place, doc_no, day = _entry(last)
    old = _entry(bench.size // 3)[4]
    combined = (
        f"year_from={old.year}&year_to={day.year}&secrecy=internal&retention=D30&keyword={thing}"
    )
    asked = {
        "first page": "",
        "one of a million, by file number": f"q={doc_no}",
        "two signs": "q=检定",
        "three words": f"q={place} {thing} {act}",
        "words that stand nowhere": "q=超导电缆",
        "combined: years, secrecy, retention, keyword, words": f"{combined}&q={act}",
        "combined, and a part of who is responsible": f"{combined}&responsible={place[:2]}",
        "a part of the file number": f"doc_no={doc_no[-8:]}",
        "a part of the volume's number": f"volume={bench.size // 2 // IN_VOLUME:06d}",
        "filed in a month of long ago": f"filed_from={old.replace(day=1)}&filed_to={old.replace(day=28)}",
        "by date of the paper": "order=dated_on",
    }
    for what, query in asked.items():
        _page(bench, client, f"archive, {what}", f"/archive/?{query}")
        if query:
            _page(bench, client, f"its count, {what}", f"/archive/?{query}&count=only")
    _page(bench, client, "retention calendar", "/archive/retention/")
    from dianheng.office.models import ArchivePiece

    number = ArchivePiece.objects.order_by("-pk").values_list("number", flat=True)[0]
    _page(bench, client, "one piece", f"/archive/pieces/{number}/")


def _page(bench: Bench, client: Any, name: str, path: str) -> None:
    if client.get(path).status_code != 200:
        raise WrongResultError(f"{name}: {path} answers {client.get(path).status_code}")
    times = []
    with bench.used() as usage:
        for _ in range(1 if bench.is_tiny else 9):
            began = time.perf_counter()
            client.get(path)
            times.append(time.perf_counter() - began)
    bench.figure(name, median(times) * 1000, "ms", at_most=PAGE_MS)
    bench.figure(f"{name}: CPU", usage.cpu_s / len(times) * 1000, "ms")


# -- words -------------------------------------------------------------------------------------


def _words(bench: Bench) -> None:
    """Fifty pieces by their words: the selector, the statement by hand, and every text read."""
    from dianheng.common.lists.sources import QuerySource
    from dianheng.identity.selectors import unit_by_code
    from dianheng.office.selectors.archives import pieces_seen, search_pieces, under

    root = unit_by_code("3540001").path
    paths = [f"/{root.strip('/').split('/')[0]}/"]
    bare_page = PAGE.replace("/%%", f"{paths[0]}%%")

    def product(words: str) -> list[int]:
        rows = pieces_seen(paths).filter(under(paths, "fonds__unit__path"))
        return [
            row.pk for row in QuerySource(search_pieces(rows, words)).page("pk", True, None, 50)[0]
        ]

    def by_hand(words: str) -> list[int]:
        statement, values = bare_page, []
        for word in words.split():
            statement += PAIR if len(word) == 2 else WORD
            values.append(word if len(word) == 2 else f"%{word}%")
        return _keys(f"{statement} order by p.id desc limit 50", values)

    thing, act, place, _doc_no, _day = _entry(bench.size - 9)
    for what, words, is_rare in (
        ("one of a million", f"{bench.size - 9:07d}", True),
        ("two signs", "检定", False),
        ("three words", f"{place} {thing} {act}", False),
    ):
        peers = (
            [Way("every text read", lambda _s, w=words: _keys(UNREAD, [f"%{w}%"]))]
            if is_rare
            else []
        )
        bench.race(
            f"words, {what}",
            product=Way("search_pieces", _often(bench, lambda w=words: product(w)), units=_times(bench)),
            peers=peers,
            limits=[Way("bare SQL on the index", _often(bench, lambda w=words: by_hand(w)), units=_times(bench))],
        )  # fmt: skip


def _times(bench: Bench) -> int:
    return 1 if bench.is_tiny else 10


def _often(bench: Bench, once: Callable[[], list[int]]) -> Callable[[object], list[int]]:
    def run(_state: object) -> list[int]:
        for _ in range(_times(bench)):
            found = once()
        return found

    return run


def _keys(statement: str, values: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row[0] for row in cursor.fetchall()]


# -- filing ------------------------------------------------------------------------------------


def _filing(bench: Bench) -> None:
    """One piece with one text file filed, as the page does it."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from dianheng.demo.company import acting
    from dianheng.office.models import Fonds
    from dianheng.office.rules import PieceFacts
    from dianheng.office.selectors import pieces_seen, search_pieces
    from dianheng.office.services import piece_file

    own, keeper = Fonds.objects.get(number="B001"), acting("hanxue")
    times = []
    for n in range(2 if bench.is_tiny else 30):
        facts = PieceFacts(
            title=f"新近归档 {n}", responsible="计量中心", dated_on=date(2026, 11, 2), secrecy="internal", category="WS",
            year=2026, retention="D30", doc_no=f"计量新〔2026〕{n} 号", keywords=("归档",), sheets=3,
        )  # fmt: skip
        body = f"第 {n} 件：{'互感器现场检验记录。' * 40}".encode()
        sent = SimpleUploadedFile("正文.txt", body)
        began = time.perf_counter()
        made = piece_file(fonds=own, facts=facts, actor=keeper, sent=[sent])
        times.append(time.perf_counter() - began)
        if [row.pk for row in search_pieces(pieces_seen([]), facts.doc_no)] != [made.pk]:
            raise WrongResultError(f"{made.number} is not found by its file number")
    bench.figure("one piece filed, with its file", median(times) * 1000, "ms", at_most=PAGE_MS)
