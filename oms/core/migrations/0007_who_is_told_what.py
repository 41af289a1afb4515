"""Who is told what, to begin with; managers change it."""

from django.db import migrations

TOLD = (
    ("buyer", "low_stock", "digest"), ("buyer", "out_of_stock", "at_once"), ("buyer", "proposed", "no"),
    ("picker", "to_pick", "no"), ("rep", "on_hold", "at_once"), ("manager", "on_hold", "no"),
    ("accountant", "overdue", "digest"), ("manager", "job_failed", "no"),
)


def subscribe(apps, schema_editor):
    Subscription = apps.get_model("core", "Subscription")
    for role, topic, mail in TOLD:
        Subscription.objects.get_or_create(role=role, topic=topic, warehouse="", defaults={"mail": mail})


class Migration(migrations.Migration):
    dependencies = [("core", "0006_jobs_again_views_notes_subscriptions")]
    operations = [migrations.RunPython(subscribe, migrations.RunPython.noop)]
