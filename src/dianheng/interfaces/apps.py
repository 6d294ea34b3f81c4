from django.apps import AppConfig


class InterfacesConfig(AppConfig):
    name = "dianheng.interfaces"
    label = "interfaces"
