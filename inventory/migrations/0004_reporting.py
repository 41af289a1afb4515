"""A view with named columns for the valuation of stock."""

from django.db import migrations

STOCK_VALUE = """
    CREATE VIEW reporting.stock_value AS
    SELECT w.company_id, s.id AS sku_id, s.code AS sku, s.name AS sku_name, w.code AS warehouse, t.on_hand,
           t.average_cost, t.on_hand * t.average_cost AS value, m.currency
    FROM inventory_stock t JOIN inventory_sku s ON s.id = t.sku_id
    JOIN inventory_warehouse w ON w.id = t.warehouse_id JOIN core_company m ON m.id = w.company_id
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0003_labels")]

    operations = [
        migrations.RunSQL("CREATE SCHEMA IF NOT EXISTS reporting", migrations.RunSQL.noop),
        migrations.RunSQL(STOCK_VALUE, "DROP VIEW reporting.stock_value"),
    ]
