"""Invariants of lots and serial numbers."""

from oms.insights.invariants import Invariant
from oms.insights.stock_rules import LEDGER

RULES = (
    Invariant(
        "tracked stock has its lot, and a serial number is one piece in one place",
        f"""
        SELECT k.code || coalesce(' ' || t.code, ''), 'pieces ' || l.total || ' in ' || l.places || ' places'
        FROM (SELECT m.sku_id, m.lot_id, sum(m.total) AS total, count(*) AS places, bool_and(m.total = 1) AS is_one
              FROM (SELECT m.sku_id, m.lot_id, m.bin_id, sum(m.quantity) AS total FROM ({LEDGER}) m
                    JOIN inventory_bin b ON b.id = m.bin_id AND (b.warehouse_id IS NOT NULL OR b.kind = 'transit')
                    GROUP BY 1, 2, 3 HAVING sum(m.quantity) <> 0) m GROUP BY 1, 2) l
        JOIN inventory_sku k ON k.id = l.sku_id AND k.tracking <> 'none' LEFT JOIN inventory_lot t ON t.id = l.lot_id
        WHERE l.lot_id IS NULL OR (k.tracking = 'serial' AND (l.places > 1 OR NOT l.is_one))""",
    ),
    Invariant(
        "what expires has its date",
        """
        SELECT k.code || ' ' || t.code, 'no expiry date' FROM inventory_lot t JOIN inventory_sku k ON k.id = t.sku_id
        WHERE k.has_expiry AND t.expires_on IS NULL""",
    ),
    Invariant(
        "the lots that came back are those that were shipped",
        """
        SELECT 'lot ' || t.code || ' of line ' || l.order_line_id, 'returned ' || sum(r.quantity) || ', shipped '
               || (SELECT coalesce(sum(v.quantity), 0) FROM inventory_reservation v
                   JOIN inventory_demand d ON d.id = v.demand_id
                   WHERE d.line = l.order_line_id AND v.lot_id = t.id AND v.state = 'shipped')
        FROM returns_returnedlot r JOIN returns_returnline l ON l.id = r.line_id JOIN inventory_lot t ON t.id = r.lot_id
        WHERE EXISTS (SELECT 1 FROM inventory_reservation v JOIN inventory_demand d ON d.id = v.demand_id
                      WHERE d.line = l.order_line_id AND v.sku_id = t.sku_id AND v.lot_id IS NOT NULL
                        AND v.state = 'shipped')
        GROUP BY l.order_line_id, t.id, t.code
        HAVING sum(r.quantity) > (SELECT coalesce(sum(v.quantity), 0) FROM inventory_reservation v
                                  JOIN inventory_demand d ON d.id = v.demand_id
                                  WHERE d.line = l.order_line_id AND v.lot_id = t.id AND v.state = 'shipped')""",
    ),
)
