"""A maker's delivery file enters the register: checks, ledger, audit."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from bench.beside import import_export, import_sql
from bench.core import AtMost, Bench, Way, case

PEER_ROWS = {"tiny": 200, "quick": 1_000}
PEER_DEFAULT = 10_000  # a minute and a half of the peer with checks
FIRST_SERIAL = 20_260_700_001
MODEL = "DDZY1808-Z"


@dataclass
class _State:
    """A database of its own for one run, with the order in it and nothing taken yet."""

    context: AbstractContextManager[str]
    name: str
    delivery: Any = None
    owner: psycopg.Connection | None = None
    common: import_sql.Common | None = None


class Delivery:
    """A maker's file without a fault, and the ways to bring it into the register."""

    def __init__(self, bench: Bench, count: int):
        self.bench, self.count = bench, count
        self.path = self._file()

    def _file(self) -> Path:
        from dianheng.demo.verified import barcode
        from dianheng.supply.seeds import Goods, delivery_rows, write_csv

        goods = Goods(barcode(FIRST_SERIAL), MODEL, "HT-2026-0901", "2026-09")
        path = self.bench.folder / f"delivery-{self.count}.csv"
        return write_csv(path, delivery_rows(goods, self.count), encoding="utf-8")

    # -- states ------------------------------------------------------------------------------

    def ordered(self) -> _State:
        """The order is there, its numbers are issued."""
        from dianheng.demo.company import acting, unit
        from dianheng.demo.things import model
        from dianheng.demo.verified import barcode
        from dianheng.supply.services import order_make, segment_issue

        context = self.bench.writing(0)
        state = _State(context, context.__enter__())
        kind, buyer = model(MODEL), acting("zhaolei")
        order = order_make(
            order_no="DD-2026-0901", manufacturer=kind.manufacturer, unit_id=unit("3540001").pk,
            ordered_on=date(2026, 6, 1), tender_batch="2026-09", contract_no="HT-2026-0901", actor=buyer,
            lines=[{"model": kind, "quantity": self.count, "material_code": "500012345", "price_preset": "JM-2026-01"}],
        )  # fmt: skip
        line = order.lines.get()
        segment_issue(line=line, first=barcode(FIRST_SERIAL), count=self.count, actor=buyer)
        return state

    def uploaded(self) -> _State:
        from dianheng.demo.company import acting
        from dianheng.supply.models import OrderLine
        from dianheng.supply.services import delivery_upload

        state = self.ordered()
        state.delivery = delivery_upload(
            line=OrderLine.objects.get(),
            path=self.path,
            name=self.path.name,
            actor=acting("zhaolei"),
        )
        return state

    def checked(self) -> _State:
        """As it is when somebody says "take"."""
        from dianheng.demo.company import acting
        from dianheng.supply.services import delivery_check

        state = self.uploaded()
        state.delivery = delivery_check(state.delivery, actor=acting("zhaolei"))
        assert state.delivery.fault_count == state.delivery.warning_count == 0, (
            state.delivery.findings
        )
        self.bench.databases.settle()
        return state

    def keyed(self) -> _State:
        """With lot and place made, and all keys at hand."""
        from dianheng.assets.services import lot_make
        from dianheng.demo.company import acting
        from dianheng.supply.models import OrderLine
        from dianheng.supply.services.delivery import supplier_place

        state = self.ordered()
        line = OrderLine.objects.select_related("order", "model__manufacturer").get()
        order, kind, buyer = line.order, line.model, acting("zhaolei")
        lot = lot_make(
            model=kind, tender_batch=line.tender_batch, unit_id=order.unit_id, actor=buyer
        )
        segment = line.segments.get()
        state.common = import_sql.Common(
            line=line.pk, model_id=kind.pk, model=kind.code, maker_id=kind.manufacturer_id, kind=kind.kind,
            lot_id=lot.pk, unit_id=order.unit_id, place_id=supplier_place(line).pk, actor_id=buyer.person_id,
            actor_name=buyer.name, contract_no=line.contract_no, tender_batch=line.tender_batch,
            material_code=line.material_code, price_preset=line.price_preset,
            purchased_on=order.ordered_on.isoformat(), type_approval_no=kind.type_approval_no,
            first=segment.first_body, last=segment.last_body, quantity=line.quantity,
        )  # fmt: skip
        self.bench.databases.settle()
        return state

    def bare(self) -> _State:
        """The owner is connected, the program's triggers are off."""
        state = self.keyed()
        state.owner = psycopg.connect(self.bench.databases.owner_url(state.name), autocommit=True)
        for table in ("assets_device", "assets_meter", "assets_deviceevent"):
            state.owner.execute(f"alter table {table} disable trigger user")
        state.owner.execute("alter table assets_deviceevent alter audit_statement_id drop default")
        self.bench.databases.settle()
        return state

    def close(self, state: _State) -> None:
        if state.owner:
            state.owner.close()
        state.context.__exit__(None, None, None)

    # -- ways --------------------------------------------------------------------------------

    def take(self, state: _State) -> None:
        from dianheng.demo.company import acting
        from dianheng.supply.services import delivery_take

        delivery_take(state.delivery, actor=acting("zhaolei"), request_key="take")

    def check_and_take(self, state: _State) -> None:
        """Both, as a person has it done."""
        from dianheng.demo.company import acting
        from dianheng.supply.services import delivery_check

        state.delivery = delivery_check(state.delivery, actor=acting("zhaolei"))
        self.take(state)

    def bare_sql(self, state: _State) -> None:
        assert state.owner and state.common
        import_sql.import_file(state.owner, self.path, state.common)

    def devices_alone(self, state: _State) -> None:
        assert state.owner and state.common
        import_sql.devices_alone(state.owner, self.path, state.common)

    def import_export(self, state: _State, checks: bool) -> None:
        from dianheng.demo.company import acting
        from dianheng.identity.services import write_batch

        assert state.common
        with write_batch(actor=acting("zhaolei"), action="peer"):
            import_export.import_file(self.path, state.common, checks=checks)

    # -- answers -----------------------------------------------------------------------------

    def rows_and_digests(self, state: _State, _result: Any) -> Any:
        """Devices, details, events and images as digests; what the audit accounts for."""
        with psycopg.connect(self.bench.databases.owner_url(state.name)) as link:
            return {**import_sql.content(link, import_sql.CONTENT), **import_sql.digests(link)}

    def rows(self, state: _State, _result: Any) -> Any:
        """Devices only."""
        with psycopg.connect(self.bench.databases.owner_url(state.name)) as link:
            return import_sql.content(link, {"devices": import_sql.DEVICES_WRITTEN})

    # -- the ways as such --------------------------------------------------------------------

    def product(self, answer: Any) -> Way:
        return Way(
            "take: stage, check, write", self.take, units=self.count, prepare=self.checked,
            answer=answer, finish=self.close,
        )  # fmt: skip


@case(
    "import-delivery",
    "A maker's file is taken",
    tiny=200,
    quick=10_000,
    default=100_000,
    full=1_000_000,
)
def import_delivery(bench: Bench) -> None:
    """The file is checked before; taking it checks all of it again, then writes."""
    delivery = Delivery(bench, bench.size)
    devices: list[Any] = []

    def answer(state: _State, result: Any) -> Any:
        found = delivery.rows_and_digests(state, result)
        devices.append({"devices": found["devices"]})
        return found

    def devices_answer(state: _State, result: Any) -> bool:
        return delivery.rows(state, result) == devices[0]

    race = bench.race(
        "take with all checks, ledger and audit",
        product=delivery.product(answer),
        limits=[
            Way("bare SQL", delivery.bare_sql, bench.size, delivery.bare, answer, finish=delivery.close),
            Way("device rows alone", delivery.devices_alone, bench.size, delivery.bare, devices_answer,
                expected=True, finish=delivery.close),
        ],
        wanted=[AtMost(1.3, "bare SQL"), AtMost(2.5, "device rows alone")],
        repeats=min(2, bench.repeats) if bench.size >= 100_000 else None,
    )  # fmt: skip
    if not import_export.is_installed():
        return
    rows = PEER_ROWS.get(bench.settings.level, PEER_DEFAULT)
    small = Delivery(bench, min(rows, bench.size))
    peer = bench.race(
        f"the same on {small.count:,} rows beside the peer",
        product=small.product(small.rows),
        peers=[
            Way(f"django-import-export, {name}", partial(small.import_export, checks=checks), small.count,
                small.keyed, small.rows, finish=small.close)
            for name, checks in (("with checks", True), ("no checks", False))
        ],
        repeats=1,
    )  # fmt: skip
    product = race.timings[0].per_unit("wall_s")
    for timing, at_least in zip(peer.timings[1:], (20, None), strict=True):
        bench.figure(
            f"rows/s of the product by rows/s of {timing.name}", timing.per_unit("wall_s") / product, "×",
            at_least=at_least,
        )  # fmt: skip
