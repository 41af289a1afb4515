from django.db import migrations

SQL = "UPDATE core_job SET due_at = started_at WHERE finished_at IS NULL AND kind <> 'import'"


class Migration(migrations.Migration):
    """Jobs that were asked for before and never done are found by a worker; a file may wait for its person."""

    dependencies = [("core", "0011_workers")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
