from django.apps import AppConfig


class InterfacesConfig(AppConfig):
    name = "dianheng.interfaces"
    label = "interfaces"

    def ready(self) -> None:
        from . import menu  # noqa: F401
        from .benches import registrations  # noqa: F401
