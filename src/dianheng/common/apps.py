from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "dianheng.common"
    label = "common"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from .menu import Module, register_module

        for order, (key, label, icon) in enumerate(
            [
                ("work", _("My work"), "home"),
                ("assets", _("Devices"), "box"),
                ("supply", _("Arrival and acceptance"), "truck"),
                ("verification", _("Verification"), "certificate"),
                ("warehouse", _("Stock"), "building-warehouse"),
                ("field", _("On site"), "activity"),
                ("processes", _("Business processes"), "route"),
                ("office", _("Office"), "archive"),
                ("tools", _("Tools"), "tool"),
                ("admin", _("Administration"), "settings"),
            ]
        ):
            register_module(Module(key, label, order, icon))
