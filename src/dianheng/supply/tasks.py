"""Long work on delivery files."""

from dianheng.assets.list_pages import list_jobs

from .services.delivery import WAY

list_jobs(WAY, "delivery")
