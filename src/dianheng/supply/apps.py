from django.apps import AppConfig


class SupplyConfig(AppConfig):
    name = "dianheng.supply"
    label = "supply"

    def ready(self) -> None:
        from . import rights, tasks  # noqa: F401
