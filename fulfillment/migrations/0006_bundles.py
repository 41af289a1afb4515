"""Kits that are on a shipment already leave with it: their bundle is the shipment's."""

from django.db import migrations

BUNDLE_KITS = """
    UPDATE inventory_reservation r SET bundle = md5('kit of shipment ' || l.shipment_id || ' ' || d.line)::uuid
    FROM inventory_demand d, fulfillment_shipmentline l
    WHERE d.id = r.demand_id AND l.reservation_id = r.id AND d.is_component
      AND r.state IN ('held', 'pinned', 'picked')
"""


class Migration(migrations.Migration):

    dependencies = [
        ("fulfillment", "0005_labels_bound_to_parcels"),
        ("inventory", "0007_bundles"),
    ]

    operations = [migrations.RunSQL(BUNDLE_KITS, migrations.RunSQL.noop)]
