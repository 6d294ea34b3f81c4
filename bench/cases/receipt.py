"""Devices are put into a store by a list of scans: one transaction, whatever the register holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg

from bench.beside import receipt_sql
from bench.beside.import_sql import digests
from bench.core import Bench, Race, Seconds, Way, case

REGISTERS = {"tiny": (200, 400), "quick": (10_000, 100_000)}
BOTH = (10_000, 1_000_000)
FIRST_SERIAL = 20_260_800_001
CHANGED = ("assets_device", "assets_deviceevent", "warehouse_movementline")


@dataclass
class _Run:
    """What one run puts into the store; its audit statements are those after `before`."""

    codes: list[str]
    before: int
    owner: psycopg.Connection


class Store:
    """A register with devices that wait to be put away, as many as all runs need."""

    def __init__(self, bench: Bench, name: str, runs: int):
        from django.utils import timezone

        from dianheng.demo.company import acting, unit
        from dianheng.demo.things import place

        self.owner = psycopg.connect(bench.databases.owner_url(name), autocommit=True)
        self.databases = bench.databases
        self.target, self.keeper = place("KF1-A02"), acting("zhoumin")
        codes = self._waiting(bench.size * runs + 1)
        movement = self._take_in(codes[:1])
        self.parts: Iterator[list[str]] = iter(
            [codes[at : at + bench.size] for at in range(1, len(codes), bench.size)]
        )
        self.bare_target = receipt_sql.Target(
            self.target.pk, unit("3540001").pk, self.keeper.person_id, self.keeper.name, movement.pk,
            timezone.localdate().isoformat(),
        )  # fmt: skip

    def _waiting(self, count: int) -> list[str]:
        from dianheng.assets.services import devices_enrol, stage_open
        from dianheng.demo.company import unit
        from dianheng.demo.things import model, place
        from dianheng.demo.verified import barcode
        from dianheng.identity.services import system_actor, write_batch

        kind, actor = model("DDZY1808-Z"), system_actor("command")
        codes = [barcode(FIRST_SERIAL + n) for n in range(count)]
        with write_batch(actor=actor, action="device.enrol"), stage_open() as stage:
            same = (
                kind.kind,
                kind.pk,
                unit("3540001").pk,
                place("KF1-DJ").pk,
                "awaiting_verification",
            )
            columns = ("barcode", "kind", "model_id", "unit_id", "place_id", "state")
            stage.copy_rows(columns, ((n, code, *same) for n, code in enumerate(codes)))
            devices_enrol(stage=stage, actor=actor)
        self.owner.execute("analyze assets_device")
        return codes

    def prepare(self, triggers: bool) -> _Run:
        state = "enable" if triggers else "disable"
        for table in CHANGED:
            self.owner.execute(f"alter table {table} {state} trigger user")
        (before,) = self.owner.execute("select max(id) from audit_statement").fetchone()
        self.databases.settle()
        return _Run(next(self.parts), before, self.owner)

    def _take_in(self, codes: list[str]) -> Any:
        from dianheng.assets.selectors import devices_by_barcodes
        from dianheng.warehouse.services import stock_take_in

        found, unknown = devices_by_barcodes(codes)
        assert not unknown
        return stock_take_in(device_ids=list(found.values()), place=self.target, actor=self.keeper)

    def product(self, run: _Run) -> None:
        self._take_in(run.codes)

    def bare_sql(self, run: _Run) -> None:
        receipt_sql.receive(run.owner, run.codes, self.bare_target)

    def answer(self, run: _Run, _result: Any) -> Any:
        """Where the devices are, what the ledger says, what the audit accounts for."""
        rows = self.owner.execute(
            "select count(*), md5(string_agg(row(d.state, d.place_id, d.unit_id, d.stocked_on, e.verb,"
            " e.from_state, e.to_state, e.from_place_id, e.to_place_id, e.actor_id,"
            " split_part(e.document, ':', 1), l.state, l.from_place_id)::text, '|' order by d.barcode))"
            " from assets_device d join assets_deviceevent e on e.device_id = d.id and e.verb = 'move'"
            " join warehouse_movementline l on l.device_id = d.id where d.barcode = any(%s)",
            [run.codes],
        ).fetchone()
        return {"rows": rows, **digests(self.owner, CHANGED, run.before)}


def _race(bench: Bench, devices: int) -> Race:
    with bench.writing(devices) as name:
        store = Store(bench, name, runs=2 * bench.repeats)
        try:
            return bench.race(
                f"{bench.size:,} devices into a store, {devices:,} in the register",
                product=Way("by bar codes", store.product, bench.size, partial(store.prepare, True), store.answer),
                limits=[
                    Way("bare SQL", store.bare_sql, bench.size, partial(store.prepare, False), store.answer)
                ],
                wanted=[Seconds(2.0 * bench.size / 10_000)],
            )  # fmt: skip
        finally:
            store.owner.close()


@case(
    "receipt", "Devices are received into a store by scan list", tiny=50, quick=1000, default=10_000
)
def receipt(bench: Bench) -> None:
    """The same into a small and into a large register."""
    small, large = (_race(bench, n) for n in REGISTERS.get(bench.settings.level, BOTH))
    ratio = large.timings[0].of("cpu_s") / max(small.timings[0].of("cpu_s"), 1e-9)
    bench.figure(
        "CPU per device in the large register by that in the small one", ratio, "×", at_most=1.2
    )
    bench.quote("InvenTree", "receive 1,000 serialised devices", "2.0–2.5 s of CPU")
    bench.quote("ERPNext", "receive 10,000 serial numbers", "60 s, as its users report")
    bench.quote("Odoo", "receive 5,000 serial numbers", "4 min, as its users report")
