from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "oms.insights"
    label = "insights"
