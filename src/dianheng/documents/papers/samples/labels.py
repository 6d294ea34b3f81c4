"""Samples of the labels."""

from datetime import date

from dianheng.documents.papers.schema import (
    BoxLabel,
    MeterLabel,
    QualificationMark,
    ShelfLabel,
    StatusLabel,
)

from .parts import (
    LOT,
    METER,
    bar_code,
)

LABEL_SAMPLES = {
    "qualification_mark": QualificationMark(
        body_name="江州市供电公司计量中心",
        bar_code=METER.bar_code,
        verified_on=date(2026, 11, 18),
        valid_through=date(2034, 11, 17),
        verifier="陈立群",
        authorisation_no="（江）法计（2024）A0107 号",
    ),
    "box_label": BoxLabel(
        box_no="ZZX20260003",
        owner="江州市供电公司",
        kind_name=METER.kind_name,
        model=METER.model,
        specification="220 V 5(60) A 2 级",
        lot_no=LOT,
        state="qualified",
        quantity=12,
        capacity=12,
        first_bar_code=bar_code(44651025),
        last_bar_code=bar_code(44651036),
        packed_on=date(2026, 11, 27),
        valid_through=date(2034, 11, 17),
    ),
    "shelf_label": ShelfLabel(
        code="K1-A03-05",
        name="A 区 03 架 05 层",
        store="计量中心一级表库",
        contents="单相智能电能表 合格区",
    ),
    "status_label": StatusLabel(
        colour="green",
        instrument="三相标准电能表 HC-3101",
        asset_no="BZ-2019-004",
        certificate_no="DNBZ2026-00077",
        verified_on=date(2026, 2, 9),
        valid_through=date(2027, 2, 8),
        issuer="江州省计量科学研究院",
        body_name="江州市供电公司计量中心",
    ),
    "meter_label": MeterLabel(
        bar_code=METER.bar_code,
        owner="江州市供电公司",
        kind_name=METER.kind_name,
        model=METER.model,
        specification="220 V 5(60) A 2 级",
    ),
}

YELLOW_LABEL = StatusLabel(
    colour="yellow",
    instrument="单相电能表检定装置 HY9800-60",
    asset_no="ZZ-2021-018",
    certificate_no="DNJZ2026-00318",
    verified_on=date(2026, 3, 15),
    valid_through=date(2027, 3, 14),
    issuer="江州省计量科学研究院",
    restriction="限用于 2 级电能表，第 41 表位停用",
    body_name="江州市供电公司计量中心",
)

RED_LABEL = StatusLabel(
    colour="red",
    instrument="交流耐压试验仪 NY-5",
    asset_no="NY-2017-001",
    stopped_on=date(2026, 11, 3),
    approver="沈国梁",
    restriction="超过有效期",
    body_name="江州市供电公司计量中心",
)
