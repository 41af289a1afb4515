from django.db import migrations

# Demand that was promised before the trigger was there. Reversed, the ties go with their table.
TIE = """
INSERT INTO orders_promise (demand_id, line_id)
SELECT d.id, l.id FROM inventory_demand d JOIN orders_orderline l ON l.id = d.line
JOIN orders_order o ON o.id = l.order_id AND o.number = d.document
ON CONFLICT (demand_id) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0009_promises")]

    operations = [migrations.RunSQL(TIE, migrations.RunSQL.noop)]
