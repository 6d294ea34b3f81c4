"""A copy of the delivery file in which every fault stands at its row."""

from typing import BinaryIO

from dianheng.common.files import Mark, write_marked
from dianheng.documents.services import file_path

from ..fields import FIELDS
from ..models import DeliveryFault, DeliveryFile
from ..rules import FINDINGS, finding_text
from .delivery import delivery_faults, table_of


def delivery_marked_copy(delivery: DeliveryFile) -> BinaryIO:
    """The file as a workbook with a column of faults before its own."""
    return write_marked(
        table_of(file_path(delivery.digest)),
        delivery.head_row,
        [column["field"] for column in delivery.columns],
        map(_mark, delivery_faults(delivery)),
    )


def _mark(fault: DeliveryFault) -> Mark:
    label = FIELDS[fault.field].label if fault.field in FIELDS else fault.field
    text = finding_text(fault.code, label, fault.value, fault.facts)
    return Mark(fault.row_no, fault.field, str(text), FINDINGS[fault.code].is_warning)
