"""Files of the tests go to a folder of their own; a browser for the tests of pages."""

import pytest

from dianheng.testing.browser import chromium, visit

__all__ = ["chromium", "visit"]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
