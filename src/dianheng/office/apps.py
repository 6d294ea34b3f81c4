from django.apps import AppConfig


class OfficeConfig(AppConfig):
    name = "dianheng.office"
    label = "office"

    def ready(self) -> None:
        from django.urls import reverse
        from django.utils.translation import gettext_lazy as _

        from dianheng.common.actions import register_actions
        from dianheng.workflow.registry import register_beside, register_panel, register_paper

        from .panels import files_panel
        from .selectors import file_digests

        register_paper(
            "approval_sheet",
            _("Approval sheet"),
            lambda number: reverse("approval_sheet", args=[number]),
        )
        register_panel(files_panel)
        register_beside("files", file_digests)
        register_actions({"process.files": _("Put files to a process")})
