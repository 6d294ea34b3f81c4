from django.apps import AppConfig


class OfficeConfig(AppConfig):
    name = "dianheng.office"
    label = "office"

    def ready(self) -> None:
        from django.urls import reverse
        from django.utils.translation import gettext_lazy as _

        from dianheng.workflow.registry import register_paper

        register_paper(
            "approval_sheet",
            _("Approval sheet"),
            lambda number: reverse("approval_sheet", args=[number]),
        )
