from django.apps import AppConfig


class StandardsConfig(AppConfig):
    name = "dianheng.standards"
    label = "standards"

    def ready(self) -> None:
        from dianheng.assets.panels import register_panel
        from dianheng.identity.registry import register_master_tables

        from . import labels, menu, registrations, rights  # noqa: F401
        from .views.standards import away_panel

        register_panel(5, away_panel)

        register_master_tables(
            "verification_laboratoryauthorisation",
            "verification_standardinstallation",
            "verification_installationcertificate",
            "verification_installationstandard",
            "verification_standardcertificate",
            "verification_environmentband",
            "standards_certificatepoint",
            "standards_outsidestandard",
        )
