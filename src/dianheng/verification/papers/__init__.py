"""Data of the laboratory's papers, from what is stored.

Reads only. Numbers and moments of issue are put in by `documents.services`.
"""

from .parts import ITEMS
from .quality import quality_record
from .results import RECORD, needs_certificate, original_record, result_paper
from .tasks import failure_list, task_paper

__all__ = [
    "ITEMS",
    "RECORD",
    "failure_list",
    "needs_certificate",
    "original_record",
    "quality_record",
    "result_paper",
    "task_paper",
]
