"""The maker's files that ship with the tutorial: `python -m dianheng.demo.files FOLDER`.

They answer the order of the story that waits for its file: the same numbers, whatever the seed.
"""

import sys
from pathlib import Path

from dianheng.metrology.barcodes import BarcodeParts, barcode_scheme
from dianheng.supply.seeds import Goods, delivery_rows, with_mistakes, write_xlsx

ORDER_NO = "DD-2026-0103"
QUANTITY = 3000
FIRST_SERIAL = 20260610001
GOODS = Goods(
    first_code=barcode_scheme("state_grid_22").generate(
        BarcodeParts("35400", "01", f"{FIRST_SERIAL:014d}")
    ),
    model="DDZY1808-Z",
    contract_no="HT-2026-0103",
    tender_batch="2026-03",
)
SHARE_OF_MISTAKES, SEED = 0.01, 1
WITH_MISTAKES, CORRECTED = f"{ORDER_NO}-with-mistakes.xlsx", f"{ORDER_NO}.xlsx"


def write_files(folder: Path, quantity: int = QUANTITY) -> list[Path]:
    """The file with mistakes and the corrected one; the same bytes whenever they are written."""
    rows = list(delivery_rows(GOODS, quantity))
    return [
        write_xlsx(folder / WITH_MISTAKES, with_mistakes(rows, SHARE_OF_MISTAKES, SEED)),
        write_xlsx(folder / CORRECTED, rows),
    ]


if __name__ == "__main__":
    for path in write_files(Path(sys.argv[1])):
        print(path)
