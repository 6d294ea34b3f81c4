"""Samples of the laboratory: certificate, notice, record, task, failures, summary."""

from datetime import date
from decimal import Decimal

from dianheng.documents.papers.schema import (
    Amendment,
    Certificate,
    CountLine,
    FailureList,
    FailureRow,
    LoadLine,
    LotSummary,
    OriginalRecord,
    PointGroup,
    PointStatistics,
    Regulation,
    ResultNotice,
    SchemeLine,
    Signature,
    TestItem,
    VerificationTask,
)

from .parts import (
    APPROVER,
    ASSESSMENT,
    BODY,
    CHECKER,
    ENVIRONMENT,
    GATEWAY_METER,
    INTEGRITY,
    KEY_NO,
    LOT,
    METER,
    METER_TYPE,
    REGULATION,
    SEALS,
    STANDARDS,
    TASK,
    VERIFIER,
    bar_code,
    items_single_phase,
    moment,
    points_single_phase,
    points_three_phase,
    rounded,
)


def certificate() -> Certificate:
    """Certificate of a single-phase meter, first verification with a term of validity."""
    return Certificate(
        number="DN2026-0012347",
        created_at=moment("2026-11-20T16:05:12"),
        body=BODY,
        client="江州市供电公司营销部",
        client_address="江州市滨江区电力路 18 号",
        device=METER,
        regulations=(REGULATION,),
        received_on=date(2026, 11, 16),
        verified_on=date(2026, 11, 18),
        valid_through=date(2034, 11, 17),
        assessments=(ASSESSMENT,),
        standards=STANDARDS,
        environment=ENVIRONMENT,
        points=points_single_phase(),
        items=items_single_phase(),
        seals=SEALS,
        verifier=VERIFIER,
        checker=CHECKER,
        approver=APPROVER,
        record_no="YS2026-0118842",
        key_no=KEY_NO,
        key_proves=INTEGRITY,
    )


def gateway_certificate() -> Certificate:
    """Certificate of a class 0.5S gateway meter; it replaces one with a wrong model."""
    return Certificate(
        number="DN2026-0012391",
        created_at=moment("2026-11-21T09:30:00"),
        body=BODY,
        client="国能江州发电有限公司",
        client_address="江州市北岸区港口大道 1 号",
        device=GATEWAY_METER,
        regulations=(REGULATION, Regulation(code="JJG 691-2014", title="多费率交流电能表检定规程")),
        verified_on=date(2026, 11, 19),
        valid_through=date(2032, 11, 18),
        assessments=(ASSESSMENT,),
        standards=STANDARDS[1:],
        environment=ENVIRONMENT,
        points=points_three_phase(),
        items=(
            TestItem(item="appearance"),
            TestItem(
                item="ac_voltage", conditions="2 kV, 50 Hz, 1 min", requirement="无击穿、无闪络"
            ),
            TestItem(
                item="creep",
                conditions="115 % Un, I = 0, 28.9 min",
                requirement="≤ 1 imp",
                result="0",
                unit="imp",
            ),
            TestItem(
                item="start",
                conditions="Un, 0.0015 A, cos φ = 1.0",
                requirement="≤ 13.9 min",
                result="9.21",
                unit="min",
            ),
            TestItem(
                item="constant",
                conditions="20000 imp",
                requirement="±0.01 kWh",
                result="1.00",
                unit="kWh",
            ),
            TestItem(
                item="deviation",
                conditions="In, cos φ = 1.0, n = 5",
                requirement="≤ 0.10 %",
                result="0.01",
                unit="%",
            ),
            TestItem(
                item="clock_daily",
                conditions="Un, 5×60 s",
                requirement="±0.5 s/d",
                result="-0.08",
                unit="s/d",
            ),
            TestItem(
                item="demand",
                conditions="In, cos φ = 1.0, 15 min",
                requirement="±0.5 %",
                result="+0.10",
                unit="%",
            ),
        ),
        seals=SEALS,
        verifier=VERIFIER,
        checker=CHECKER,
        approver=Signature(
            role="approver", name="许文澜", signed_on=date(2026, 11, 21), on_behalf_of="沈国梁"
        ),
        replaces=Amendment(
            number="DN2026-0012388", issued_on=date(2026, 11, 20), reason="型号误写"
        ),
        key_no=KEY_NO,
        key_proves=INTEGRITY,
    )


def notice() -> ResultNotice:
    """Notice for a customer's meter that failed basic error and start."""
    points = points_single_phase("2.3")
    items = tuple(
        TestItem(
            item="start",
            conditions=i.conditions,
            requirement=i.requirement,
            readings=("> 10.9",),
            result="> 10.9",
            unit="min",
            conclusion="fail",
        )
        if i.item == "start"
        else i
        for i in items_single_phase()
    )
    return ResultNotice(
        number="TZ2026-0000219",
        created_at=moment("2026-11-20T16:40:00"),
        body=BODY,
        client="江州市滨江区 赵晓岚",
        device=METER,
        regulations=(REGULATION,),
        kind_of_verification="customer_request",
        verified_on=date(2026, 11, 18),
        assessments=(ASSESSMENT,),
        standards=STANDARDS,
        environment=ENVIRONMENT,
        points=points,
        items=items,
        failed_items=("start", "basic_error"),
        verifier=VERIFIER,
        checker=CHECKER,
        approver=APPROVER,
        key_no=KEY_NO,
        key_proves=INTEGRITY,
    )


def record() -> OriginalRecord:
    """Original record of the certificate's meter."""
    return OriginalRecord(
        number="YS2026-0118842",
        created_at=moment("2026-11-18T15:22:41"),
        body=BODY,
        client="江州市供电公司营销部",
        device=METER,
        regulations=(REGULATION,),
        task_no=TASK,
        scheme="单相 2 级 5(60) A 首次检定 第 3 版",
        bench_no="ZZ-2021-018",
        position_no="17",
        started_at=moment("2026-11-18T13:05:02"),
        ended_at=moment("2026-11-18T15:20:37"),
        assessments=(ASSESSMENT,),
        standards=STANDARDS,
        environment=ENVIRONMENT,
        points=points_single_phase(),
        items=items_single_phase(),
        conclusion="pass",
        internal_conclusion="pass",
        bench_conclusion="pass",
        valid_through=date(2034, 11, 17),
        seals=SEALS,
        verifier=VERIFIER,
        checker=CHECKER,
        digest="mS0pV3dQy0kq9W8y5Q2f1uXnE7cJt4aRZb6LhKxGo8I",
    )


def task() -> VerificationTask:
    """Task for the rest of the lot on two benches."""
    return VerificationTask(
        number=TASK,
        created_at=moment("2026-11-16T08:40:00"),
        body=BODY,
        lot_no=LOT,
        device=METER_TYPE,
        quantity=2875,
        scheme="单相 2 级 5(60) A 首次检定 第 3 版",
        regulations=(REGULATION,),
        from_on=date(2026, 11, 16),
        until_on=date(2026, 11, 27),
        loads=tuple(
            LoadLine(
                load_no=f"FH{n:04d}", bench_no=f"ZZ-2021-0{18 + n % 2}", positions=60, quantity=60
            )
            for n in range(1, 13)
        ),
        lines=(
            SchemeLine(item="appearance", requirement="铭牌完整、显示清晰、无损伤"),
            SchemeLine(item="ac_voltage", conditions="4 kV, 1 min", requirement="无击穿、无闪络"),
            SchemeLine(item="creep", conditions="115 % Un, 30.3 min", requirement="≤ 1 imp"),
            SchemeLine(item="start", conditions="0.005 Ib, 10.9 min", requirement="≥ 1 imp"),
            SchemeLine(
                item="basic_error",
                points=(
                    PointGroup(factor="1.0", loads=("Imax", "0.5Imax", "Ib", "0.1Ib", "0.05Ib")),
                    PointGroup(factor="0.5L", loads=("Imax", "0.5Imax", "Ib", "0.2Ib", "0.1Ib")),
                ),
                requirement="±2.0 %（0.05Ib、0.5L 0.1Ib：±2.5 %）",
            ),
            SchemeLine(item="constant", conditions="2400 imp", requirement="±0.01 kWh"),
            SchemeLine(item="clock_daily", conditions="5×60 s", requirement="±0.5 s/d"),
        ),
        standards=STANDARDS,
        signatures=(
            Signature(role="planner", name="林若溪", signed_on=date(2026, 11, 16)),
            Signature(role="approver", name="沈国梁", signed_on=date(2026, 11, 16)),
            Signature(role="verifier", name="陈立群", signed_on=date(2026, 11, 16)),
        ),
    )


def failures(count: int = 34) -> FailureList:
    """List of the meters that failed full verification."""
    kinds = (
        (("basic_error",), "Imax 0.5L -2.4 %", "±2.0 %"),
        (("clock_daily",), "+0.74 s/d", "±0.5 s/d"),
        (("start",), "> 10.9 min", "≤ 10.9 min"),
        (("communication", "key_state"), "无应答；测试密钥", "正式密钥"),
        (("appearance",), "显示屏缺划", "显示清晰"),
    )
    return FailureList(
        number="BHG2026-0041",
        created_at=moment("2026-11-27T17:10:00"),
        body=BODY,
        lot_no=LOT,
        task_no=TASK,
        device=METER_TYPE,
        regulations=(REGULATION,),
        tested=2875,
        rows=tuple(
            FailureRow(
                bar_code=bar_code(44652000 + 83 * n),
                serial_no=f"{44652000 + 83 * n:010d}",
                items=kinds[n % 5][0],
                measured=kinds[n % 5][1],
                limit=kinds[n % 5][2],
                attempts=2 if n % 5 == 0 else 1,
            )
            for n in range(count)
        ),
        verified_from_on=date(2026, 11, 16),
        verified_until_on=date(2026, 11, 27),
        signatures=(VERIFIER, CHECKER),
    )


def summary() -> LotSummary:
    """How the lot fared."""
    return LotSummary(
        number="HZ2026-0117",
        created_at=moment("2026-11-28T10:00:00"),
        body=BODY,
        lot_no=LOT,
        tender_batch="2026-DN-02",
        device=METER_TYPE,
        regulations=(REGULATION,),
        from_on=date(2026, 11, 12),
        until_on=date(2026, 11, 27),
        counts=(
            CountLine(label="arrived", count=3000),
            CountLine(label="sampled", count=125),
            CountLine(label="tested", count=3000),
            CountLine(label="qualified", count=2951),
            CountLine(label="internal_failed", count=15),
            CountLine(label="failed", count=34),
            CountLine(label="blocked", count=0),
        ),
        pass_count=2966,
        judged_count=3000,
        pass_rate_pct="98.87",  # noqa: S106
        failures=(
            CountLine(label="basic_error", count=13, note="多在 Imax, 0.5L"),
            CountLine(label="clock_daily", count=8),
            CountLine(label="start", count=6),
            CountLine(label="communication", count=4, note="其中 4 只为测试密钥"),
            CountLine(label="appearance", count=3),
        ),
        statistics=tuple(
            PointStatistics(
                current=p.current,
                power_factor=p.power_factor,
                limit_pct=p.limit_pct,
                count=3000,
                mean_pct=rounded(Decimal(p.mean_pct), Decimal("0.001")),
                deviation_pct="0.118",
                lowest_pct="-0.8",
                highest_pct="+0.6",
            )
            for p in points_single_phase()
        ),
        documents=(
            ("arrival_acceptance", "YS2026-0087"),
            ("sampling_form", "CY2026-0087"),
            ("sampling_report", "CJ2026-0087"),
            ("failure_list", "BHG2026-0041"),
            ("return_notice", "TH2026-0022"),
            ("stock_in_note", "RK2026-1104"),
        ),
        signatures=(VERIFIER, CHECKER, APPROVER),
    )
