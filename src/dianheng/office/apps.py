from django.apps import AppConfig


class OfficeConfig(AppConfig):
    name = "dianheng.office"
    label = "office"

    def ready(self) -> None:
        from dianheng.identity.registry import register_master_tables

        from . import menu, registrations, rights  # noqa: F401

        register_master_tables(
            "office_fonds", "office_regulation", "office_regulationedition", "office_clausecontrol"
        )
