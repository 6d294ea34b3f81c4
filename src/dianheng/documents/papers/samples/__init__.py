"""One realistic set of data for each paper and label: tests, documentation, test prints."""

from dianheng.documents.papers.schema import Paper

from .field import doubt_notice, field_check, opening_record
from .labels import LABEL_SAMPLES, RED_LABEL, YELLOW_LABEL
from .office import approval, volume
from .quality import quality
from .supply import arrival, return_notice, sampling_form, sampling_report
from .verification import certificate, failures, gateway_certificate, notice, record, summary, task
from .warehouse import handover, stock_in, stock_out

SAMPLES: dict[str, Paper] = {
    "verification_certificate": certificate(),
    "result_notice": notice(),
    "original_record": record(),
    "arrival_acceptance": arrival(),
    "sampling_form": sampling_form(),
    "sampling_report": sampling_report(),
    "verification_task": task(),
    "stock_in_note": stock_in(),
    "stock_out_note": stock_out(),
    "handover_note": handover(),
    "failure_list": failures(),
    "return_notice": return_notice(),
    "lot_summary": summary(),
    "approval_sheet": approval(),
    "field_check_record": field_check(),
    "quality_record": quality(),
    "doubt_notice": doubt_notice(),
    "opening_record": opening_record(),
    "archive_catalogue": volume(False),
    "volume_index": volume(),
    "volume_spine": volume(),
    "volume_remarks": volume(),
}


__all__ = [
    "LABEL_SAMPLES",
    "RED_LABEL",
    "SAMPLES",
    "YELLOW_LABEL",
    "approval",
    "arrival",
    "certificate",
    "doubt_notice",
    "failures",
    "field_check",
    "gateway_certificate",
    "handover",
    "notice",
    "opening_record",
    "quality",
    "record",
    "return_notice",
    "sampling_form",
    "sampling_report",
    "stock_in",
    "stock_out",
    "summary",
    "task",
    "volume",
]
