from django.apps import AppConfig


class OfficeConfig(AppConfig):
    name = "dianheng.office"
    label = "office"

    def ready(self) -> None:
        from . import menu, registrations, rights  # noqa: F401
