from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "dianheng.identity"
    label = "identity"

    def ready(self) -> None:
        from dianheng.common.ticks import register_tick

        from . import menu, rights  # noqa: F401
        from .services import audit_seal

        register_tick("audit.seal", 2, audit_seal)
