from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "dianheng.identity"
    label = "identity"

    def ready(self) -> None:
        from dianheng.common.access import register_access_log
        from dianheng.common.ticks import register_tick

        from . import controls, menu, rights, tasks  # noqa: F401
        from .registry import register_master_tables
        from .services import access_note, audit_seal, unusual_tick

        register_access_log(access_note)
        register_master_tables(
            "identity_unit",
            "identity_person",
            "identity_post",
            "identity_postholding",
            "identity_delegation",
            "identity_qualification",
            "identity_separationexception",
            "identity_setting",
        )
        register_tick("audit.seal", 2, audit_seal)
        register_tick("audit.unusual", 30, unusual_tick)
