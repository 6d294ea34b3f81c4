from django.apps import AppConfig


class WorkflowConfig(AppConfig):
    name = "dianheng.workflow"
    label = "workflow"

    def ready(self) -> None:
        from . import menu, registrations, rights  # noqa: F401
