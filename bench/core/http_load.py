"""A small client for measuring: kept connections to 127.0.0.1, closed or open loop.

Open loop: requests are due at a fixed rate, whatever the server does; the time of each counts
from when it was due, so a server that stalls cannot hide it by slowing the client.
"""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Ask:
    """One request, as bytes, and what its answer must contain."""

    raw: bytes
    holds: bytes = b""

    @classmethod
    def get(cls, path: str, cookie: str = "", accept: str = "*/*", holds: bytes = b"") -> "Ask":
        """A GET of a logged-in browser or machine."""
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\n"
        if cookie:
            head += f"Cookie: {cookie}\r\n"
        return cls(f"{head}\r\n".encode(), holds)


@dataclass
class Load:
    """What a run of requests came to."""

    rate: float = 0.0
    seconds: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)  # from when a request was due until it was sent
    wrong: int = 0
    fault: str = ""  # the first wrong answer

    def percentile(self, share: float) -> float:
        """Seconds within which so many of the answers came."""
        return _percentile(self.seconds, share)

    def lateness(self, share: float) -> float:
        """Seconds by which so many of the requests were late at most: the load's own delay."""
        return _percentile(self.late, share)

    @property
    def median(self) -> float:
        return median(self.seconds)

    def took(self, seconds: float, fault: str) -> None:
        """One answer came; `fault` is empty when it is the right one."""
        self.seconds.append(seconds)
        self.wrong += bool(fault)
        self.fault = self.fault or fault


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Link:
    """One kept connection; opened again where the server closed it."""

    def __init__(self, port: int):
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, ask: Ask) -> str:
        """What is wrong with the answer: its status and beginning; empty when it is right."""
        for again in (True, False):
            if self.writer is None or self.writer.is_closing():
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            assert self.reader is not None
            try:
                self.writer.write(ask.raw)
                head = await self.reader.readuntil(b"\r\n\r\n")
                break
            except (ConnectionError, asyncio.IncompleteReadError):
                self.close()
                if not again:
                    raise
        fields = dict(
            line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line
        )
        body = await self.reader.readexactly(int(fields[b"content-length"]))
        if fields.get(b"connection") == b"close":
            self.close()
        if head.split(b" ", 2)[1] == b"200" and ask.holds in body:
            return ""
        request, status = ask.raw.split(b"\r\n", 1)[0], head.split(b"\r\n", 1)[0]
        return f"{request.decode()}: {status.decode()} {body[:300].decode(errors='replace')}"

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.writer = None


async def _closed(port: int, asks: Sequence[Ask], links: int, seconds: float) -> Load:
    load, turn = Load(), itertools.cycle(asks)
    end = time.perf_counter() + seconds

    async def work(link: _Link) -> None:
        while (began := time.perf_counter()) < end:
            fault = await link.ask(next(turn))
            load.took(time.perf_counter() - began, fault)
        link.close()

    began = time.perf_counter()
    await asyncio.gather(*(work(_Link(port)) for _ in range(links)))
    load.rate = len(load.seconds) / (time.perf_counter() - began)
    return load


async def _open(port: int, asks: Sequence[Ask], links: int, rate: float, seconds: float) -> Load:
    load, turn = Load(rate), itertools.cycle(asks)
    free: asyncio.Queue[_Link] = asyncio.Queue()
    for _ in range(links):
        free.put_nowait(_Link(port))

    async def one(due: float, ask: Ask) -> None:
        link = await free.get()
        load.late.append(time.perf_counter() - due)
        fault = await link.ask(ask)
        load.took(time.perf_counter() - due, fault)
        free.put_nowait(link)

    began = time.perf_counter()
    tasks = []
    for number in range(int(rate * seconds)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(due, next(turn))))
    await asyncio.gather(*tasks)
    while not free.empty():
        free.get_nowait().close()
    return load


def closed_loop(port: int, asks: Sequence[Ask], *, links: int = 8, seconds: float = 3) -> Load:
    """As much as the server can do with so many connections."""
    return asyncio.run(_closed(port, asks, links, seconds))


def open_loop(
    port: int, asks: Sequence[Ask], *, rate: float, links: int = 64, seconds: float = 5
) -> Load:
    """Requests due at a rate per second."""
    return asyncio.run(_open(port, asks, links, rate, seconds))
