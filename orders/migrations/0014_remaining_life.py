from django.db import migrations, models

HELP = "Lots that expire earlier than so many days after picking are not sent, for example 90."


class Migration(migrations.Migration):

    dependencies = [("orders", "0013_ship_complete")]

    operations = [
        migrations.AddField(model, "min_life_days", models.PositiveSmallIntegerField(
            db_default=0, default=0, help_text=HELP, verbose_name="minimum remaining life (days)"))
        for model in ("customer", "channel")
    ]
