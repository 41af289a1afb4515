"""The project package: settings, the core that every app stands on, and the web that composes them."""

from oms.celery import app as celery_app

__all__ = ["celery_app"]
