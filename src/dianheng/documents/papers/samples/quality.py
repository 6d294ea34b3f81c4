"""A QC batch: twelve meters of a lot of 240, one of them out of limits."""

from datetime import date

from dianheng.documents.papers.schema import QualityRecord, QualityRow, Signature, Standard

from .parts import BODY, LOT, bar_code, moment

MOVED = ("10.00", "10.01", "9.99", "10.00", "10.02", "10.00", "9.98", "10.01", "10.00", "10.32", "10.01", "10.00")  # fmt: skip


def quality() -> QualityRecord:
    """Class 2 meters against 10 kWh of the reference meter."""
    return QualityRecord(
        number="ZJ3-2026-000004",
        created_at=moment("2026-11-20T11:30:00"),
        body=BODY,
        kind="register_run",
        bench="ZT0001 单相走字台",
        lot_no=LOT,
        sample="12 / 240 = 5.0 %",
        failed=1,
        reference_kwh="10.0020",
        run_from=moment("2026-11-20T08:10:00"),
        run_until=moment("2026-11-20T11:10:00"),
        rows=tuple(
            QualityRow(
                bar_code=bar_code(410 + place), model="DDZY566-Z", start="1.20",
                end=f"{float(moved) + 1.2:.2f}", increment=moved,
                difference=f"{float(moved) - 10.002:+.3f}", limit="±0.210",
                difference_pct=f"{(float(moved) - 10.002) * 10:+.2f}",
                conclusion="fail" if moved == "10.32" else "pass",
            )
            for place, moved in enumerate(MOVED)
        ),
        rules=("JJG 596-2012",),
        standards=(
            Standard(
                name="三相标准电能表", model="KY311", accuracy="0.05 级",
                certificate_no="DNB2026-0112", valid_through=date(2027, 6, 1),
            ),
        ),
        conclusion="fail",
        signatures=(
            Signature(role="operator", name="李走字", signed_on=date(2026, 11, 20)),
            Signature(role="checker", name="王芳", signed_on=date(2026, 11, 20)),
        ),
    )  # fmt: skip
