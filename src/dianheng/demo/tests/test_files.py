"""The maker's files that ship with the tutorial."""

from pathlib import Path

from dianheng.demo.files import CORRECTED, QUANTITY, WITH_MISTAKES, write_files

SHIPPED = Path(__file__).parents[4] / "docs" / "tutorials" / "files"


def test_the_shipped_files_are_those_that_are_written_anew(tmp_path):
    for path in write_files(tmp_path):
        assert path.read_bytes() == (SHIPPED / path.name).read_bytes(), (
            f"{path.name}: python -m dianheng.demo.files docs/tutorials/files"
        )


def test_both_files_have_a_row_for_each_meter_and_are_small():
    from dianheng.common.files import best_table
    from dianheng.supply.fields import HEADS

    for name in (WITH_MISTAKES, CORRECTED):
        rows = list(best_table(SHIPPED / name, HEADS.recognise).rows())
        assert len(rows) == QUANTITY + 1
        assert (SHIPPED / name).stat().st_size < 300_000
