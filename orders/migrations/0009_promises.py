import django.db.models.deletion
from django.db import migrations, models

# Row by row: the line is found by its key, whatever plan was made when the tables were small.
TIE = """
CREATE FUNCTION inventory_demand_is_promised() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO orders_promise (demand_id, line_id)
    SELECT NEW.id, l.id FROM orders_orderline l
    JOIN orders_order o ON o.id = l.order_id AND o.number = NEW.document WHERE l.id = NEW.line
    ON CONFLICT (demand_id) DO UPDATE SET line_id = EXCLUDED.line_id;
    RETURN NULL;
END $$;
CREATE TRIGGER inventory_demand_is_promised AFTER INSERT OR UPDATE OF line, document ON inventory_demand
    FOR EACH ROW EXECUTE FUNCTION inventory_demand_is_promised();
"""
LEAVE = """
DROP TRIGGER inventory_demand_is_promised ON inventory_demand;
DROP FUNCTION inventory_demand_is_promised();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0002_stock_changes'),
        ('orders', '0008_labels'),
    ]

    operations = [
        migrations.CreateModel(
            name='Promise',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('demand', models.OneToOneField(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='promise', to='inventory.demand')),
                ('line', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='promises', to='orders.orderline')),
            ],
        ),
        migrations.RunSQL(TIE, LEAVE),
    ]
