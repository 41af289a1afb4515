"""Invariants of shipments: parcels hold what their lines are."""

from oms.insights.invariants import Invariant

RULES = (
    Invariant(
        "the packages of a packed shipment hold its lines, all and once",
        """
        SELECT s.number || ' line ' || l.id, 'is ' || r.quantity || ', in packages ' || coalesce(c.total, 0)
        FROM fulfillment_shipmentline l
        JOIN fulfillment_shipment s ON s.id = l.shipment_id AND s.status IN ('packed', 'shipped', 'delivered')
        JOIN inventory_reservation r ON r.id = l.reservation_id
        LEFT JOIN (SELECT line_id, sum(quantity) AS total FROM fulfillment_packagecontent GROUP BY 1) c
          ON c.line_id = l.id
        WHERE r.quantity <> coalesce(c.total, 0)
          AND NOT EXISTS (SELECT 1 FROM inventory_reservation cut WHERE cut.demand_id = r.demand_id
                          AND cut.state = 'picked' AND cut.put_back_reason <> ''
                          AND NOT EXISTS (SELECT 1 FROM fulfillment_shipmentline other
                                          WHERE other.reservation_id = cut.id))""",
    ),
    Invariant(
        "a package holds goods of its own shipment only",
        """
        SELECT 'package ' || p.id || ' of shipment ' || p.shipment_id, 'holds line ' || l.id || ' of ' || l.shipment_id
        FROM fulfillment_packagecontent c JOIN fulfillment_package p ON p.id = c.package_id
        JOIN fulfillment_shipmentline l ON l.id = c.line_id
        WHERE l.shipment_id <> p.shipment_id""",
    ),
)
