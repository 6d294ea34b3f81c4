"""The benches of the story, played over REST against a running server: for tutorial and trial.

What is measured is made up; fetching, sending and all that follows is as with a real bench.
"""

import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from dianheng.identity.services import system_actor, token_make
from dianheng.verification.simulator import FAULTS, NO_FAULTS

from .company import person
from .verified import BENCHES, EVEN, bench

SCOPES = ("verification.upload", "verification.test")
WAIT_S = 60


class ServerError(Exception):
    """The server said no, or is not there."""


@dataclass(frozen=True)
class Server:
    """Where the pages are, and the token of the person who runs the bench."""

    url: str
    token: str

    def ask(self, path: str, body: bytes | None = None) -> Any:
        """GET, or POST where there is a body.

        Raises:
            ServerError: with the server's own words.
        """
        request = urllib.request.Request(  # noqa: S310  the address is the caller's
            f"{self.url.rstrip('/')}/api/v1/{path}",
            data=body,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise ServerError(_words(error.read().decode(errors="replace"))) from None
        except OSError as error:
            raise ServerError(f"{self.url} does not answer: {error}") from None


def _words(body: str) -> str:
    """The refusal's own text, where the answer has one."""
    try:
        return str(json.loads(body)["text"])
    except (ValueError, LookupError, TypeError):
        return body[:300]


def operator_token(code: str) -> str:
    """A token for a day, of the person who runs a bench of the story."""
    return token_make(
        person=person(BENCHES[code].operator), label=f"simulated bench {code}", scopes=SCOPES,
        days=1, actor=system_actor("command"),
    )  # fmt: skip


def loads_do(code: str, server: Server, *, seed: int, task_no: str = "") -> Iterator[str]:
    """Fetch each load that waits for a bench, measure it, send the results; yields what came of it.

    Samples of a lot are measured without faults, so that the lot of the tutorial is accepted;
    of the others some fail, as in a usual lot.
    """
    waiting = server.ask(f"bench-loads?bench={code}")
    for load in sorted(waiting, key=lambda each: str(each["load_no"])):
        if load["positions"] and task_no in ("", load["task_no"]):
            yield _load_do(code, str(load["load_no"]), server, seed)


def _load_do(code: str, load_no: str, server: Server, seed: int) -> str:
    sheet = server.ask(f"bench-loads/{load_no}")
    faults = NO_FAULTS if sheet["test_kind"] == "SAMPLING" else FAULTS
    envelope = bench(code, seed, faults, EVEN).run(
        sheet, started_at=timezone.now() - timedelta(hours=1), seals=seals_of(sheet)
    )
    answer = server.ask("test-uploads", json.dumps(envelope, ensure_ascii=False).encode())
    outcomes = Counter(str(one.get("outcome") or "refused") for one in answer["devices"])
    words = ", ".join(f"{count} {name}" for name, count in outcomes.most_common())
    return f"{load_no}  {code}  {words}"


def seals_of(sheet: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Two seals for each meter; the numbers follow from load and position."""
    run = int(str(sheet["load_no"]).rpartition("-")[2]) % 1000
    seals = {}
    for place in sheet["positions"]:
        stem = f"LJ269{run:03d}{int(place['position_no']):03d}"
        seals[str(place["asset_no"])] = [(f"{stem}1", "COVER_LEFT"), (f"{stem}2", "COVER_RIGHT")]
    return seals


def benches_do(
    codes: list[str],
    *,
    url: str,
    seed: int,
    say: Callable[[str], Any],
    token: str = "",
    task_no: str = "",
) -> int:
    """All loads that wait for these benches; returns how many."""
    count = 0
    for code in codes:
        server = Server(url, token or operator_token(code))
        for text in loads_do(code, server, seed=seed, task_no=task_no):
            say(text)
            count += 1
    return count
