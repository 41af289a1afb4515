"""The one row of the counter that numbers events."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [
        migrations.RunSQL("INSERT INTO core_stream (last_position) VALUES (0)", "DELETE FROM core_stream"),
    ]
