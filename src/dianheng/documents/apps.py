from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "dianheng.documents"
    label = "documents"

    def ready(self) -> None:
        from . import rights  # noqa: F401
