"""Samples of the store: in, out, hand-over."""

from datetime import date

from dianheng.documents.papers.schema import (
    DeviceRow,
    GoodsLine,
    HandoverNote,
    Signature,
    StockNote,
)

from .parts import (
    BODY,
    LOT,
    METER,
    TASK,
    bar_code,
    moment,
)


def stock_in() -> StockNote:
    """Qualified meters into the first-level store."""
    return StockNote(
        number="RK2026-1104",
        created_at=moment("2026-11-27T16:30:00"),
        body=BODY,
        purpose="verified",
        moved_on=date(2026, 11, 27),
        from_place="计量中心检定二室",
        to_place="计量中心一级表库 合格区",
        basis=TASK,
        lines=(
            GoodsLine(
                name=METER.kind_name,
                quantity=2951,
                material_code="500138461",
                model=METER.model,
                specification="220 V 5(60) A 2 级",
                lot_no=LOT,
                state="qualified",
                boxes=246,
            ),
        ),
        boxes=tuple((f"ZZX{20260000 + n}", 12) for n in range(1, 25)),
        signatures=(
            Signature(role="issuer", name="陈立群", signed_on=date(2026, 11, 27)),
            Signature(role="keeper", name="吴桂芳", signed_on=date(2026, 11, 27)),
            Signature(role="approver", name="沈国梁", signed_on=date(2026, 11, 27)),
        ),
    )


def stock_out() -> StockNote:
    """Distribution to a county store, with an open line for the receiver."""
    return StockNote(
        number="CK2026-0870",
        created_at=moment("2026-11-29T08:15:00"),
        body=BODY,
        purpose="distribution",
        moved_on=date(2026, 11, 29),
        from_place="计量中心一级表库 合格区",
        to_place="平湖县公司二级表库",
        basis="配送申请 PS2026-0311",
        lines=(
            GoodsLine(
                name=METER.kind_name,
                quantity=480,
                material_code="500138461",
                model=METER.model,
                specification="220 V 5(60) A 2 级",
                lot_no=LOT,
                state="qualified",
                boxes=40,
            ),
            GoodsLine(
                name="低压电流互感器",
                quantity=36,
                material_code="500131077",
                model="LMZ3D-0.66",
                specification="200/5 A 0.5S 级",
                lot_no="P2026-0098",
                state="qualified",
                boxes=3,
            ),
        ),
        devices=tuple(DeviceRow(bar_code=bar_code(44651001 + n)) for n in range(45)),
        signatures=(
            Signature(role="keeper", name="吴桂芳", signed_on=date(2026, 11, 29)),
            Signature(role="handler", name="郑海涛", signed_on=date(2026, 11, 29)),
            Signature(role="carrier", name="马成", signed_on=date(2026, 11, 29)),
            Signature(role="receiver"),
        ),
    )


def handover() -> HandoverNote:
    """Hand-over to a crew, received with one meter missing."""
    return HandoverNote(
        number="JJ2026-2208",
        created_at=moment("2026-11-30T07:50:00"),
        body=BODY,
        purpose="issue",
        state="received_with_difference",
        from_unit="平湖县公司",
        from_place="二级表库",
        to_unit="城关供电所 装表一班",
        to_place="车辆 江A·D0318",
        basis="工单 ZB2026-11873 等 24 张",
        lines=(
            GoodsLine(
                name=METER.kind_name,
                quantity=24,
                material_code="500138461",
                model=METER.model,
                specification="220 V 5(60) A 2 级",
                lot_no=LOT,
                state="reserved",
                boxes=2,
            ),
        ),
        boxes=(("ZZX20260003", 12), ("ZZX20260004", 12)),
        devices=tuple(DeviceRow(bar_code=bar_code(44651025 + n)) for n in range(24)),
        received_quantity=23,
        differences=(DeviceRow(bar_code=bar_code(44651040), note="箱内未见"),),
        handed_over=Signature(role="issuer", name="唐静", signed_on=date(2026, 11, 30)),
        received=Signature(role="receiver", name="罗建军", signed_on=date(2026, 11, 30)),
        carrier=Signature(role="carrier", name="马成", signed_on=date(2026, 11, 30)),
        due_on=date(2026, 12, 1),
    )
