from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "dianheng.planning"
    label = "planning"

    def ready(self) -> None:
        from . import menu, registrations, rights  # noqa: F401
