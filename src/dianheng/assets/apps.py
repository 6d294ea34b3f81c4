from django.apps import AppConfig


class AssetsConfig(AppConfig):
    name = "dianheng.assets"
    label = "assets"

    def ready(self) -> None:
        from . import menu, rights  # noqa: F401
