"""Data of 质检记录."""

from decimal import Decimal

from django.utils import timezone

from dianheng.documents.papers import schema as paper
from dianheng.documents.selectors import body_for

from ..models import QualityBatch, QualityResult


def quality_record(batch: QualityBatch) -> paper.QualityRecord:
    """The record of a judged batch as it goes on paper."""
    verdict = batch.verdict
    readings = list(batch.readings.order_by("pk").select_related("read_by"))
    replaced = {row.replaces_id for row in readings}
    read_at = [row.read_at for row in readings if row.pk not in replaced]
    results = list(batch.results.select_related("device__model").order_by("seq"))
    reference = batch.reference
    sample = ""
    if batch.stands_for:
        share = Decimal(verdict.meter_count) / batch.stands_for * 100
        sample = f"{verdict.meter_count} / {batch.stands_for} = {share:.1f} %"
    known = getattr(batch.bench, "standard", None)
    return paper.QualityRecord(
        number=batch.number, created_at=timezone.localtime(verdict.judged_at),
        body=body_for(batch.unit), kind=batch.kind,
        bench=f"{batch.bench.barcode} {known.name if known else batch.bench.model.name}",
        lot_no=batch.lot.code if batch.lot else "", sample=sample,
        allowed=batch.allowed_failures, failed=verdict.failure_count,
        reference_kwh=f"{verdict.reference_kwh:f}",
        run_from=timezone.localtime(min(read_at)), run_until=timezone.localtime(max(read_at)),
        rows=tuple(_row(one) for one in results),
        rules=tuple(f"{one['standard']}-{one['edition']}" for one in verdict.rule_sets),
        standards=(
            paper.Standard(
                name=reference.model.name, model=reference.model.code,
                serial_no=reference.serial_no, accuracy=reference.model.accuracy_class,
                certificate_no=verdict.certificate_no, valid_through=verdict.certificate_through,
            ),
        ),
        conclusion=_conclusion(verdict.outcome), remark=verdict.comment,
        signatures=(
            *(
                paper.Signature(role="operator", name=name, signed_on=day)
                for name, day in {
                    row.read_by.name: timezone.localdate(row.recorded_at) for row in readings
                }.items()
            ),
            paper.Signature(
                role="checker", name=verdict.judged_by.name,
                signed_on=timezone.localdate(verdict.judged_at),
                qualification_no=verdict.qualification_no,
                on_behalf_of=verdict.acting_for.name if verdict.acting_for else "",
            ),
        ),
    )  # fmt: skip


def _row(one: QualityResult) -> paper.QualityRow:
    places = max(_decimals(one.difference_kwh), _decimals(one.increment_kwh))
    rates = one.rates_difference_kwh
    return paper.QualityRow(
        bar_code=one.device.barcode, model=one.device.model.code,
        start=f"{one.start_kwh:f}", end=f"{one.end_kwh:f}", increment=f"{one.increment_kwh:f}",
        difference=f"{one.difference_kwh:+.{places}f}", limit=f"±{one.limit_kwh:.{places}f}",
        difference_pct=f"{one.difference_pct:+.2f}",
        rates_difference="" if rates is None else f"{rates:+f}",
        conclusion=_conclusion(one.outcome),
    )  # fmt: skip


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _conclusion(outcome: str) -> str:
    return {"passed": paper.PASS, "failed": paper.FAIL}.get(outcome, paper.NOT_JUDGED)
