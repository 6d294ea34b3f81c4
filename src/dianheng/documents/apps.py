from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "dianheng.documents"
    label = "documents"

    def ready(self) -> None:
        from . import menu, rights, tasks  # noqa: F401
