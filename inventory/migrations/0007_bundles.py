"""What was held together and leaves together has one bundle; kits that are held already get theirs by warehouse."""

import uuid

import django.contrib.postgres.functions
from django.db import migrations, models

BUNDLE_KITS = """
    UPDATE inventory_reservation r SET bundle = md5('kit ' || d.document || ' ' || d.line || ' ' || r.warehouse_id)::uuid
    FROM inventory_demand d
    WHERE d.id = r.demand_id AND d.is_component AND r.state IN ('held', 'pinned', 'picked')
"""


class Migration(migrations.Migration):

    dependencies = [
        ("inventory", "0006_by_time"),
    ]

    operations = [
        migrations.AddField(
            model_name="reservation",
            name="bundle",
            field=models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), default=uuid.uuid4,
                                   editable=False),
        ),
        migrations.RunSQL(BUNDLE_KITS, migrations.RunSQL.noop),
    ]
