"""Views with named columns for the figures of the home pages."""

from django.db import migrations

VIEWS = {
    "sales_per_day": """
        SELECT placed_on AS day, channel_id, currency, count(*) AS orders, sum(net) AS net FROM orders_order
        WHERE status IN ('placed', 'confirmed', 'completed') GROUP BY placed_on, channel_id, currency""",
    "departures": """
        SELECT s.id AS shipment_id, s.warehouse_id, s.shipped_at, (s.shipped_at AT TIME ZONE w.time_zone)::date AS day,
               (extract(epoch FROM s.shipped_at - o.created_at) / 3600)::float8 AS hours_since_order
        FROM fulfillment_shipment s JOIN orders_order o ON o.id = s.order_id
        JOIN inventory_warehouse w ON w.id = s.warehouse_id WHERE s.shipped_at IS NOT NULL""",
    "units_shipped": """
        SELECT m.id AS move_id, m.at, (m.at AT TIME ZONE w.time_zone)::date AS day, m.sku_id, b.warehouse_id, m.quantity
        FROM inventory_move m JOIN inventory_bin b ON b.id = m.source_id
        JOIN inventory_warehouse w ON w.id = b.warehouse_id WHERE m.reason = 'ship'""",
}


class Migration(migrations.Migration):
    dependencies = [
        ("insights", "0001_initial"),
        ("orders", "0011_reporting"),
        ("fulfillment", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL("CREATE SCHEMA IF NOT EXISTS reporting", migrations.RunSQL.noop),
        *(
            migrations.RunSQL(
                f"CREATE VIEW reporting.{name} AS {query}", f"DROP VIEW reporting.{name}"
            )
            for name, query in VIEWS.items()
        ),
    ]
