"""Every command, right, setting, state and address of REST has its line in the reference."""

import pytest

from dianheng.config.reference import FOLDER, PAGES, page_text


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_reference_says_what_the_code_says(name):
    stands = (FOLDER / name).read_text(encoding="utf-8")
    assert stands == page_text(name), f"{name} is behind the code: make snapshots"
