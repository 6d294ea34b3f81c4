"""All checks of a staged delivery, set by set; every fault of every row at once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dianheng.assets.choices import METERS, ListState
from dianheng.assets.services import Stage
from dianheng.assets.services.checks import (
    WANTED_DIGIT,
    WRONG_DIGIT,
    Findings,
    Form,
    StageCheck,
    said,
    wanted,
)
from dianheng.common.files import Prepared

from ..fields import FIELDS
from ..models import OrderLine
from ..rules import COMPARED, FINDINGS


@dataclass(frozen=True)
class Ordered:
    """What the file must agree with."""

    line_id: int
    kind: str
    manufacturer_id: int
    quantity: int
    taken: int
    segments: tuple[tuple[str, str], ...]
    # Accepted spellings by field; the first one is shown. No entry: not compared.
    wanted: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, line: OrderLine) -> "Ordered":
        """From the order line; its row is locked."""
        maker, model, order = line.order.manufacturer, line.model, line.order
        wanted = {
            "model": (
                model.code,
                model.name,
                f"{model.code} {model.name}",
                f"{model.code}{model.name}",
            ),
            "order_no": (order.order_no, f"{order.order_no}/{line.line_no}"),
            "contract_no": (line.contract_no,),
            "tender_batch": (line.tender_batch,),
            "manufacturer": (maker.name, maker.short_name, maker.code),
            "material_code": (line.material_code,),
            "price_preset": (line.price_preset,),
        }
        taken = sum(
            line.deliveries.filter(state=ListState.TAKEN).values_list("row_count", flat=True)
        )
        return cls(
            line.pk, model.kind, maker.pk, line.quantity, taken,
            tuple(line.segments.values_list("first_body", "last_body")),
            {key: spellings for key, spellings in wanted.items() if spellings[0]},
        )  # fmt: skip


class DeliveryCheck(StageCheck):
    """The checks of one file, in their order: clean, form, repeat, register, order."""

    def __init__(self, stage: Stage, fields: Sequence[str], ordered: Ordered):
        super().__init__(stage, fields, FIELDS, ordered.kind in METERS)
        self.ordered = ordered

    def run(self, prepared: Prepared) -> Findings:
        """Find everything; the rows stand in `stage_fault` then."""
        self.begin(prepared)
        self._form(*self._codes())
        self._twice()
        self._in_register()
        self._repeated_values()
        self._compared()
        self._quantity()
        return self.findings(FINDINGS)

    def _codes(self) -> Iterator[Form]:
        if not self.ordered.segments:
            yield from self._legacy_codes()
            return
        inside = " or ".join(
            f"s.barcode between '{first}0' and '{last}9'" for first, last in self.ordered.segments
        )
        yield Form(
            "format",
            "barcode",
            f"not s.is_code and s.barcode <> '' and not {said('s.barcode')}",
            wanted("22 × 0-9"),
        )
        yield Form("outside_segment", "barcode", f"s.is_code and not ({inside})")
        yield Form("check_digit", "barcode", WRONG_DIGIT, WANTED_DIGIT)

    def _in_register(self) -> None:
        facts = "jsonb_build_object('other', d.barcode)"
        devices = "stage s, assets_device d"
        self._fault("in_register", "barcode", "d.barcode = s.barcode", facts=facts, table=devices)
        if "asset_no" in self.fields:
            self._fault(
                "in_register", "asset_no",
                "d.asset_no = s.asset_no and s.asset_no not in ('', s.barcode) and d.asset_no <> ''",
                facts=facts, table=devices,
            )  # fmt: skip
        if "serial_no" in self.fields:
            # Serial numbers are a maker's own; another maker may use the same.
            self._fault(
                "in_register", "serial_no",
                "d.serial_no = s.serial_no and s.serial_no <> '' and d.serial_no <> '' and d.model_id in"
                " (select id from assets_devicemodel where manufacturer_id = %(maker)s)",
                {"maker": self.ordered.manufacturer_id}, facts=facts, table=devices,
            )  # fmt: skip
        if "comm_address" in self.fields and self.is_meter:
            self._fault(
                "in_register", "comm_address",
                "m.comm_address = s.comm_address and s.comm_address <> '' and m.comm_address <> ''"
                " and d.id = m.device_id",
                facts=facts, table="stage s, assets_meter m, assets_device d",
            )  # fmt: skip

    def _compared(self) -> None:
        """What must be as ordered, in any spelling."""
        for name in self.repeated:
            if name not in COMPARED or name not in self.ordered.wanted:
                continue
            column, spellings = self.column[name], self.ordered.wanted[name]
            plain = f"lower(regexp_replace({column}, '[\\s·/_-]', '', 'g'))"
            self._values(
                COMPARED[name], name, f"{column} <> '' and {plain} <> all(%(wanted)s)",
                {"wanted": [_plain(word) for word in spellings if word]}, wanted(spellings[0]),
            )  # fmt: skip

    def _quantity(self) -> None:
        rows = self._execute("select count(*) from stage").fetchone()[0]
        if not rows:
            self._fault_row(0, "", "no_rows", "")
            return
        left = self.ordered.quantity - self.ordered.taken
        if rows != left:
            self._fault_row(
                0, "", "over_order" if rows > left else "short_of_order", str(rows),
                wanted=self.ordered.quantity, other=self.ordered.taken,
            )  # fmt: skip


def _plain(word: str) -> str:
    return re.sub(r"[\s·/_-]", "", word).lower()
