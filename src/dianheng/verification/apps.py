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
            "verification_laboratoryauthorisation",
            "verification_standardinstallation",
            "verification_installationcertificate",
            "verification_installationstandard",
            "verification_standardcertificate",
            "verification_environmentband",
            "verification_benchkey",
            "verification_rulesetsignature",
        )
