from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "oms.web"
    label = "web"

    def ready(self) -> None:
        from oms.celery import app
        from oms.core.discovery import discover
        from oms.core.limits import bind_models
        from oms.core.wording import translate_derived_names
        from oms.web.schedule import SCHEDULE

        app.conf.beat_schedule = SCHEDULE
        translate_derived_names()
        bind_models()
        discover(
            "checks",
            "policies",
            "handlers",
            "obstacles",
            "operations",
            "printing",
            "tasks",
            "admin",
        )
