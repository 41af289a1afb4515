"""Apps whose models lie in several rooms."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig
from django.conf import settings


class AppOfRooms(AppConfig):
    """An app with rooms inside (`settings.ROOMS`): their models are tables of the app."""

    def import_models(self) -> None:
        super().import_models()
        for room in settings.ROOMS:
            if room.startswith(f"{self.name}.") and find_spec(f"{room}.models"):
                import_module(f"{room}.models")
