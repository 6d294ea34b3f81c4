from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "dianheng.analysis"
    label = "analysis"

    def ready(self) -> None:
        from . import menu, registrations, rights, tasks  # noqa: F401
