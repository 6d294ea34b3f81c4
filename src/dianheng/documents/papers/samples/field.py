"""A check on site: a reversed current found at a 10 kV customer."""

from datetime import date

from dianheng.documents.papers.schema import (
    DoubtNotice,
    FieldCheckRecord,
    OpeningRecord,
    Party,
    Signature,
    SitePhasor,
    SiteResult,
    Standard,
)

from .parts import BODY, GATEWAY_METER, moment


def field_check() -> FieldCheckRecord:
    """Working error and drop within limits, the wiring wrong."""
    return FieldCheckRecord(
        number="XJ3-2026-000012",
        created_at=moment("2026-11-20T16:40:00"),
        body=BODY,
        task_no="XC3-2026-000007",
        point_no="3540010000123",
        point_name="清河水泥厂 1 号进线",
        customer="清河水泥有限公司",
        address="清河县工业路 8 号",
        device_class="III（DL/T 448-2016）",
        device=GATEWAY_METER,
        checked_at=moment("2026-11-20T10:20:00"),
        conditions=(
            ("temperature_c", "12.5 °C"),
            ("humidity_pct", "58 %"),
            ("frequency_hz", "50.01 Hz"),
            ("cos_phi", "0.87"),
        ),
        phasors=(
            SitePhasor(name="U12", size="100.2", unit="V", lag_deg="0"),
            SitePhasor(name="U32", size="100.4", unit="V", lag_deg="300.1", turn=3001),
            SitePhasor(name="I1", size="1.21", unit="A", lag_deg="240.3", kind="I", turn=2403),
            SitePhasor(name="I2", size="1.20", unit="A", lag_deg="300.2", kind="I", share=990, turn=3002),
        ),
        results=(
            SiteResult(
                item="working_error", point="0.8In", readings="+0.21 +0.24", value="+0.225 %",
                rounded="+0.20", limit="±0.5 %", conclusion="pass",
            ),
            SiteResult(item="wiring", conclusion="fail"),
            SiteResult(
                item="secondary_voltage_drop", point="ab", value="0.19 %", limit="≤0.2 %",
                conclusion="pass",
            ),
        ),
        wiring="第1元件电流反接",
        wiring_alike=("AB电压互感器极性反接",),
        correction="K = √3/tanφ = 3.0",
        registers=(("total", "1234.56 kWh"), ("clock_offset_s", "12 s")),
        seals_removed="XC26000001",
        seals_applied="XC26000002",
        conclusion="fail",
        orders=(("mend_wiring", date(2026, 11, 25)),),
        rules=("DL/T 448-2016", "DL/T 1664-2016", "JJG 596-2012"),
        standards=(
            Standard(
                name="电能表现场校验仪", model="KY20A", accuracy="0.1 级",
                certificate_no="DNJL2026-0921", valid_through=date(2027, 6, 1),
            ),
        ),
        signatures=(
            Signature(role="leader", name="马超", signed_on=date(2026, 11, 20)),
            Signature(role="second", name="何洁", signed_on=date(2026, 11, 20)),
            Signature(role="customer", name="赵厂长"),
        ),
    )  # fmt: skip


def doubt_notice() -> DoubtNotice:
    """A meter that runs too fast, tested on site: fee given back, energy settled."""
    return DoubtNotice(
        number="SJ2026-000002", created_at=moment("2026-11-24T16:00:00"), body=BODY,
        kind_of_verification="customer_request", customer_no="3540100457", customer="清河水泥有限公司",
        address="清河县工业路 8 号", point_no="3540010000123", device=GATEWAY_METER,
        task_no="XC3-2026-000008", taken_on=date(2026, 11, 23), reason="10 月电量较上月增加一倍。",
        record_no="XJ3-2026-000013", tested_at=moment("2026-11-24T10:20:00"), way="site",
        results=(
            SiteResult(item="working_error", point="0.8In", rounded="+3.10 %", limit="±0.5 %", conclusion="fail"),
            SiteResult(item="clock_offset", rounded="12 s", limit="±600 s", conclusion="pass"),
        ),
        conclusion="fail", seals="yes", bearer="company", fee_yuan="30.00", refund_yuan="30.00",
        settled_since="2025-10-06", settled_through="2026-11-24", settled_days="207",
        error_pct="3.12", settled_pct="-3.0256",
        signatures=(
            Signature(role="leader", name="马超"),
            Signature(role="approver", name="陈强", signed_on=date(2026, 11, 24)),
            Signature(role="customer"),
        ),
    )  # fmt: skip


def opening_record() -> OpeningRecord:
    """Both sides came to the opening of a meter's seal."""
    return OpeningRecord(
        number="SJ2026-000004", created_at=moment("2026-11-26T09:00:00"), body=BODY,
        kind_of_verification="arbitration", customer_no="3540100128", customer="柳林石材加工厂",
        address="柳林镇 105 国道旁", point_no="3540010000789", device=GATEWAY_METER,
        task_no="JD1-2026-000031", taken_on=date(2026, 11, 25), reason="对现场检验结果有异议。",
        opened_at="2026-11-27 09:30", seal_nos="XC26000101、XC26000102", seals_whole="yes",
        parties=(
            Party(side="customer", name="郭玉田", invited_on="2026-11-25", present="yes"),
            Party(side="company", name="冯军", invited_on="2026-11-25", present="yes"),
        ),
        signatures=(
            Signature(role="customer"), Signature(role="company"), Signature(role="verifier"),
        ),
    )  # fmt: skip
