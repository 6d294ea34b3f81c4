from django.apps import AppConfig


class VerificationConfig(AppConfig):
    name = "dianheng.verification"
    label = "verification"

    def ready(self) -> None:
        from . import labels, menu, registrations, rights, tasks  # noqa: F401
