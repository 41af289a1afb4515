import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


FROM_THE_LEDGER = """
    INSERT INTO returns_returnedlot (line_id, lot_id, quantity, is_damaged)
    SELECT line_id, lot_id, sum(quantity), is_damaged
    FROM (SELECT DISTINCT ON (m.id) l.id AS line_id, m.lot_id, m.quantity, b.kind = 'damaged' AS is_damaged
          FROM inventory_move m
          JOIN inventory_bin c ON c.id = m.source_id AND c.kind = 'customer'
          JOIN inventory_bin b ON b.id = m.target_id
          JOIN returns_returnrequest r ON r.number = m.reference
          JOIN orders_order o ON o.id = r.order_id
          JOIN returns_returnline l ON l.request_id = r.id
          JOIN inventory_demand d ON d.document = o.number AND d.line = l.order_line_id AND d.sku_id = m.sku_id
          WHERE m.reason = 'return' AND m.lot_id IS NOT NULL ORDER BY m.id, l.id) came
    GROUP BY line_id, lot_id, is_damaged
"""


class Migration(migrations.Migration):

    dependencies = [("inventory", "0009_serials_in_one_place"), ("orders", "0001_initial"), ("returns", "0001_initial")]

    operations = [
        migrations.CreateModel(
            "ReturnedLot",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveIntegerField()),
                ("is_damaged", models.BooleanField(default=False)),
                ("line", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="lots",
                                           to="returns.returnline")),
                ("lot", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+",
                                          to="inventory.lot")),
            ],
            {"verbose_name": "returned lot"},
        ),
        migrations.AddConstraint("returnedlot", models.UniqueConstraint(
            fields=("line", "lot", "is_damaged"), name="lot_once_per_return_line")),
        migrations.AddConstraint("returnedlot", models.CheckConstraint(
            condition=Q(quantity__gt=0), name="returned_quantity_is_positive")),
        migrations.RunSQL(FROM_THE_LEDGER, migrations.RunSQL.noop),
    ]
