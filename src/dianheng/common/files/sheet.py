"""Of a workbook the sheet that looks most like the list."""

from collections.abc import Callable
from pathlib import Path

from .head import score
from .table import Table, open_table
from .xlsx import XlsxTable, best_sheet


def best_table(path: Path, recognise: Callable[[str], str]) -> Table:
    """The table in a file; of several sheets the one whose head has most known names."""
    table = open_table(path)
    if isinstance(table, XlsxTable):
        return best_sheet(path, lambda rows: score(rows, recognise))
    return table
