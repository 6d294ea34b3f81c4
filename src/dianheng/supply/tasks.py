"""Long work on delivery files and makers' test data."""

from dianheng.assets.list_pages import list_jobs

from .services.delivery import WAY
from .services.maker_tests import WAY as MAKER_TESTS

list_jobs(WAY, "delivery")
list_jobs(MAKER_TESTS, "maker_tests")
