from importlib.metadata import entry_points

from django.apps import AppConfig


class AssetsConfig(AppConfig):
    name = "dianheng.assets"
    label = "assets"

    def ready(self) -> None:
        from dianheng.common.figures import register_figure
        from dianheng.customers.panels import register_point_actions, register_point_panel
        from dianheng.customers.registry import register_point_follower, register_point_hold
        from dianheng.identity.registry import register_master_tables
        from dianheng.metrology.barcodes import register_scheme

        from . import find, menu, registrations, rights, tasks  # noqa: F401
        from .figures import awaiting_verification
        from .hanging import hangs_panel, point_hold, point_steps, where_panel, written_panel
        from .panels import register_panel
        from .selectors.scan import (
            find_device,
            find_document,
            find_lot,
            find_person,
            find_place,
            register_scan,
        )
        from .services.installations import place_follow

        register_master_tables(
            "assets_manufacturer",
            "assets_devicemodel",
            "assets_statemapping",
            "assets_place",
        )
        register_scan(10, find_device)
        register_scan(20, find_place)
        register_scan(30, find_lot)
        register_scan(45, find_document)
        register_scan(90, find_person)
        register_figure(30, awaiting_verification)
        register_panel(10, where_panel)
        register_point_panel(10, hangs_panel)
        register_point_panel(90, written_panel)
        register_point_hold(point_hold)
        register_point_follower(place_follow)
        register_point_actions(20, point_steps)
        for entry in entry_points(group="dianheng.barcode_schemes"):
            register_scheme(entry.load()())
