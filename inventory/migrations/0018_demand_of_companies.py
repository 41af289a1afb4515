"""Demand is of a company, and served from its stock."""

import django.db.models.deletion
from django.db import migrations, models

OF_ORDERS = """
    DO $$ BEGIN
        IF to_regclass('orders_order') IS NOT NULL THEN
            UPDATE inventory_demand d SET company_id = o.company_id FROM orders_order o WHERE o.number = d.document;
        END IF;
        UPDATE inventory_demand d SET company_id = coalesce(
            (SELECT w.company_id FROM inventory_reservation r JOIN inventory_warehouse w ON w.id = r.warehouse_id
             WHERE r.demand_id = d.id ORDER BY r.id LIMIT 1), (SELECT min(id) FROM core_company))
        WHERE company_id IS NULL;
        SET CONSTRAINTS ALL IMMEDIATE;
    END $$"""


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0013_cancellations_asked'),
        ('inventory', '0017_coded_units'),
    ]

    operations = [
        migrations.AddField(
            model_name='demand',
            name='company',
            field=models.ForeignKey(help_text='Whose stock it is served from.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.company'),
        ),
        migrations.RunSQL(OF_ORDERS, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='demand',
            name='company',
            field=models.ForeignKey(help_text='Whose stock it is served from.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.company'),
        ),
    ]
