from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "dianheng.documents"
    label = "documents"

    def ready(self) -> None:
        from dianheng.identity.registry import register_master_tables

        from . import controls, menu, rights, tasks  # noqa: F401

        register_master_tables("documents_issuingbody")
