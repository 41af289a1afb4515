"""Who hears of cancellations that a partner must agree to."""

from django.db import migrations, models

TOPICS = [
    ('low_stock', 'Stock is low'), ('out_of_stock', 'Stock is out'), ('to_pick', 'A shipment is to be picked'),
    ('cancel_asked', 'A partner is asked to cancel, or answers'), ('on_hold', 'An order is on hold'),
    ('proposed', 'A purchase is proposed'), ('overdue', 'An invoice is overdue'), ('job_failed', 'A job failed'),
]
TOLD = (("picker", "at_once"), ("manager", "at_once"), ("rep", "at_once"))


def subscribe(apps, schema_editor):
    Subscription = apps.get_model("core", "Subscription")
    for role, mail in TOLD:
        Subscription.objects.get_or_create(role=role, topic="cancel_asked", warehouse="", defaults={"mail": mail})


class Migration(migrations.Migration):
    dependencies = [('core', '0012_waiting_jobs')]
    operations = [
        migrations.AlterField(model_name='notice', name='topic',
                              field=models.CharField(blank=True, choices=TOPICS, max_length=12)),
        migrations.AlterField(model_name='subscription', name='topic',
                              field=models.CharField(choices=TOPICS, max_length=12)),
        migrations.RunPython(subscribe, migrations.RunPython.noop),
    ]
