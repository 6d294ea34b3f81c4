from django.apps import AppConfig


class VerificationConfig(AppConfig):
    name = "dianheng.verification"
    label = "verification"

    def ready(self) -> None:
        from dianheng.identity.registry import register_master_tables

        from . import controls, labels, menu, registrations, rights, tasks  # noqa: F401

        register_master_tables(
            "verification_testscheme",
            "verification_testschemeversion",
            "verification_benchkey",
            "verification_rulesetsignature",
        )
