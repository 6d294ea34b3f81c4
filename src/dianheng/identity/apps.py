from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "dianheng.identity"
    label = "identity"

    def ready(self) -> None:
        from . import menu, rights  # noqa: F401
