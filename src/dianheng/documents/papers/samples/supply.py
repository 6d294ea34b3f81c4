"""Samples of the arrival: acceptance, draw, report, return."""

from datetime import date
from random import Random

from dianheng.documents.papers.schema import (
    ArrivalAcceptance,
    CheckLine,
    DeviceRow,
    Draw,
    Goods,
    Opinion,
    Plan,
    PlanLine,
    ReturnNotice,
    ReturnReason,
    SampleFailure,
    SampleItem,
    SamplingForm,
    SamplingReport,
    Signature,
)

from .parts import (
    APPROVER,
    BODY,
    CHECKER,
    INTEGRITY,
    KEY_NO,
    LOT,
    VERIFIER,
    bar_code,
    moment,
)
from .verification import failures

GOODS = Goods(
    supplier="华昱电气仪表有限公司",
    contract_no="SGJZ-2026-DN-0318",
    order_line="10",
    tender_batch="2026-DN-02",
    material_code="500138461",
    kind_name="单相费控智能电能表",
    model="DDZY866C-Z",
    specification="220 V 5(60) A 2 级 远程 HPLC",
    accuracy_class="2",
)


def arrival() -> ArrivalAcceptance:
    """Acceptance of 3,000 meters, one short and two foreign."""
    return ArrivalAcceptance(
        number="YS2026-0087",
        created_at=moment("2026-11-14T11:20:00"),
        body=BODY,
        goods=GOODS,
        arrival_no="DH2026-0087",
        delivery_note_no="HY-20261110-07",
        arrived_on=date(2026, 11, 12),
        place="计量中心一级表库 待验收区",
        ordered=3000,
        delivered=3000,
        scanned=3001,
        boxes=250,
        first_bar_code=bar_code(44651001),
        last_bar_code=bar_code(44654000),
        short=(DeviceRow(bar_code=bar_code(44652718), note="第 144 箱"),),
        foreign=(
            DeviceRow(bar_code=bar_code(44710093), note="第 144 箱，属另一订单"),
            DeviceRow(bar_code=bar_code(44710094), note="第 144 箱，属另一订单"),
        ),
        checks=(
            CheckLine(check="packing", requirement="周转箱完好、封条完整", result="250 箱完好"),
            CheckLine(check="documents", requirement="装箱单、合格证、使用说明", result="齐全"),
            CheckLine(
                check="factory_report", requirement="逐只出厂检验数据", result="3000 条，齐全"
            ),
            CheckLine(
                check="quantity",
                requirement="3000 只",
                result="实扫 3001，短 1，非本单 2",
                conclusion="fail",
            ),
            CheckLine(
                check="bar_code",
                requirement="22 位，在供货号段内，校验位正确",
                result="2999 只相符",
            ),
            CheckLine(check="model", requirement="与订单一致", result="一致"),
            CheckLine(check="type_sample", requirement="与封样一致", result="一致"),
            CheckLine(check="appearance", requirement="抽查 125 只", result="无损伤"),
        ),
        lots=((LOT, 3000),),
        sampling_report_no="CJ2026-0087",
        sampling_conclusion="accept",
        opinions=(
            Opinion(
                department="物资供应部",
                decision="accept",
                text="数量差异已由供应商补正（补 1 只，取回非本单 2 只），同意接收。",
                signature=Signature(role="inspector", name="何志远", signed_on=date(2026, 11, 14)),
            ),
            Opinion(
                department="计量中心",
                decision="accept",
                text="抽样检验合格，同意接收并转全检。",
                signature=Signature(role="inspector", name="沈国梁", signed_on=date(2026, 11, 14)),
            ),
        ),
        decision="accept",
    )


def _plan(found: tuple[int | None, int | None, int | None]) -> Plan:
    rows = (("A", "0.065", "L", 200, 0), ("B", "0.65", "K", 125, 2), ("C", "1.5", "K", 125, 5))
    return Plan(
        standard="GB/T 2828.1-2012",
        level="II",
        severity="normal",
        sample_size=200,
        lines=tuple(
            PlanLine(
                nonconformity=kind,
                aql=aql,
                code_letter=letter,
                sample_size=size,
                accept=accept,
                reject=accept + 1,
                found=count,
                conclusion="" if count is None else "pass" if count <= accept else "fail",
            )
            for (kind, aql, letter, size, accept), count in zip(rows, found, strict=True)
        ),
    )


def sampling_form() -> SamplingForm:
    """The draw of 200 devices from the lot."""
    random = Random(2828)  # noqa: S311 - figures of a sample
    drawn = sorted(random.sample(range(44651001, 44654001), 200))
    return SamplingForm(
        number="CY2026-0087",
        created_at=moment("2026-11-13T09:12:00"),
        body=BODY,
        goods=GOODS,
        lot_no=LOT,
        arrivals=("DH2026-0087",),
        lot_size=3000,
        plan=_plan((None, None, None)),
        draw=Draw(
            algorithm="dianheng-draw-1",
            seed_digest="sha256:8c0f4d52a7b1c96e3fd0a45b7e9128c36d5f1e07ab942c8837d60e51f2b4a9cd",
            seed_digest_at=moment("2026-11-12T17:30:00"),
            seed="b7f19c5e20d84a63",
            seed_at=moment("2026-11-13T09:10:00"),
            list_digest="sha256:41e7c0b98d2f5a6e1c3b7094fd86a25e0b9c1d7f3e48a62b5d90c8173fa64e02",
        ),
        drawn_at=moment("2026-11-13T09:11:20"),
        sample=tuple(DeviceRow(bar_code=bar_code(n)) for n in drawn),
        tested_at_place="计量中心检定二室",
        signatures=(
            Signature(role="drawer", name="林若溪", signed_on=date(2026, 11, 13)),
            Signature(role="witness", name="何志远", signed_on=date(2026, 11, 13)),
            Signature(role="maker", name="", signed_on=None),
        ),
    )


def sampling_report() -> SamplingReport:
    """The report on that sample: accepted, with one class B and two class C failures."""
    return SamplingReport(
        number="CJ2026-0087",
        created_at=moment("2026-11-14T10:02:00"),
        body=BODY,
        goods=GOODS,
        lot_no=LOT,
        lot_size=3000,
        form_no="CY2026-0087",
        plan=_plan((0, 1, 2)),
        tested_by="江州市供电公司计量中心",
        tested_from_on=date(2026, 11, 13),
        tested_until_on=date(2026, 11, 14),
        regulations=("JJG 596-2012", "GB/T 17215.321-2021"),
        items=(
            SampleItem(item="ac_voltage", nonconformity="A", tested=200, failed=0),
            SampleItem(item="basic_error", nonconformity="B", tested=125, failed=1),
            SampleItem(item="start", nonconformity="B", tested=125, failed=0),
            SampleItem(item="creep", nonconformity="B", tested=125, failed=0),
            SampleItem(item="constant", nonconformity="B", tested=125, failed=0),
            SampleItem(item="clock_daily", nonconformity="B", tested=125, failed=0),
            SampleItem(item="consistency", nonconformity="B", tested=6, failed=0),
            SampleItem(item="appearance", nonconformity="C", tested=125, failed=2),
        ),
        failures=(
            SampleFailure(
                bar_code=bar_code(44651877),
                item="basic_error",
                nonconformity="B",
                measured="-2.2 %",
                limit="±2.0 %",
            ),
            SampleFailure(
                bar_code=bar_code(44652310),
                item="appearance",
                nonconformity="C",
                measured="标识模糊",
                limit="清晰",
            ),
            SampleFailure(
                bar_code=bar_code(44653105),
                item="appearance",
                nonconformity="C",
                measured="螺钉松动",
                limit="紧固",
            ),
        ),
        conclusion="accept",
        next_severity="normal",
        verifier=VERIFIER,
        checker=CHECKER,
        approver=APPROVER,
        key_no=KEY_NO,
        key_proves=INTEGRITY,
    )


def return_notice() -> ReturnNotice:
    """Return of the meters that failed, to the maker."""
    listed = failures()
    return ReturnNotice(
        number="TH2026-0022",
        created_at=moment("2026-11-28T14:30:00"),
        body=BODY,
        goods=GOODS,
        lot_no=LOT,
        lot_size=3000,
        quantity=49,
        reasons=(
            ReturnReason(
                reason="verification_failed",
                quantity=34,
                document_kind="failure_list",
                document_no="BHG2026-0041",
            ),
            ReturnReason(
                reason="internal_band",
                quantity=15,
                document_kind="lot_summary",
                document_no="HZ2026-0117",
            ),
        ),
        demand="请于答复期限前书面确认并安排换货 49 只，换货须重新送检；"
        "运输费用按合同第 9.3 条由供方承担。",
        answer_until_on=date(2026, 12, 5),
        contact="林若溪 0371-5550 1871",
        rows=tuple(DeviceRow(bar_code=row.bar_code) for row in listed.rows)
        + tuple(DeviceRow(bar_code=bar_code(44653000 + 61 * n), note="内控") for n in range(15)),
        signatures=(
            Signature(role="handler", name="林若溪", signed_on=date(2026, 11, 28)),
            Signature(role="approver", name="沈国梁", signed_on=date(2026, 11, 28)),
            Signature(role="maker"),
        ),
    )
