from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "oms.web"
    label = "web"

    def ready(self) -> None:
        from oms.celery import app
        from oms.web.schedule import SCHEDULE

        app.conf.beat_schedule = SCHEDULE
