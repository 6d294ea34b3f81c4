"""Long work on lists out of former systems."""

from .list_pages import list_jobs
from .services.takeover import WAY

list_jobs(WAY, "register")
