"""Invariants of stock, demand and shipments."""

from oms.insights.invariants import Invariant

LEDGER = """
    SELECT sku_id, target_id AS bin_id, lot_id, quantity FROM inventory_move
    UNION ALL SELECT sku_id, source_id, lot_id, -quantity FROM inventory_move
"""

RULES = (
    Invariant(
        "on hand per place and lot is what the ledger says",
        f"""
        SELECT coalesce(s.sku_id, l.sku_id) || ' in bin ' || coalesce(s.bin_id, l.bin_id),
               'on hand ' || coalesce(s.on_hand, 0) || ', ledger ' || coalesce(l.total, 0)
        FROM inventory_binstock s
        FULL JOIN (SELECT m.sku_id, m.bin_id, m.lot_id, sum(m.quantity) AS total FROM ({LEDGER}) m
                   JOIN inventory_bin b ON b.id = m.bin_id AND b.warehouse_id IS NOT NULL
                   GROUP BY 1, 2, 3) l
          ON l.sku_id = s.sku_id AND l.bin_id = s.bin_id AND coalesce(l.lot_id, 0) = coalesce(s.lot_id, 0)
        WHERE coalesce(s.on_hand, 0) <> coalesce(l.total, 0)""",
    ),
    Invariant(
        "a move has two ends and a positive quantity",
        """
        SELECT 'move ' || id, 'quantity ' || quantity || ' from ' || source_id || ' to ' || target_id
        FROM inventory_move WHERE quantity <= 0 OR source_id = target_id""",
    ),
    Invariant(
        "stock of a warehouse is the sum of its bins",
        """
        SELECT k.code || ' in ' || w.code,
               'on hand ' || s.on_hand || ' of ' || coalesce(b.total, 0) || ', sellable ' || s.sellable || ' of '
               || coalesce(b.sellable, 0)
        FROM inventory_stock s JOIN inventory_sku k ON k.id = s.sku_id JOIN inventory_warehouse w ON w.id = s.warehouse_id
        LEFT JOIN (SELECT p.sku_id, b.warehouse_id, sum(p.on_hand) AS total,
                          sum(p.on_hand) FILTER (WHERE b.is_sellable) AS sellable
                   FROM inventory_binstock p JOIN inventory_bin b ON b.id = p.bin_id GROUP BY 1, 2) b
          ON b.sku_id = s.sku_id AND b.warehouse_id = s.warehouse_id
        WHERE s.on_hand <> coalesce(b.total, 0) OR s.sellable <> coalesce(b.sellable, 0)""",
    ),
    Invariant(
        "reserved is the sum of the unpicked reservations, and on hand",
        """
        SELECT k.code || ' in ' || w.code,
               'reserved ' || s.reserved || ', reserved ' || coalesce(r.total, 0) || ', sellable ' || s.sellable
        FROM inventory_stock s JOIN inventory_sku k ON k.id = s.sku_id JOIN inventory_warehouse w ON w.id = s.warehouse_id
        LEFT JOIN (SELECT sku_id, warehouse_id, sum(quantity) AS total FROM inventory_reservation
                   WHERE state IN ('reserved', 'allocated') GROUP BY 1, 2) r
          ON r.sku_id = s.sku_id AND r.warehouse_id = s.warehouse_id
        WHERE s.reserved <> coalesce(r.total, 0) OR s.reserved < 0 OR s.reserved > s.sellable""",
    ),
    Invariant(
        "allocated is the sum of the allocated reservations, and in the bin",
        """
        SELECT p.sku_id || ' in bin ' || p.bin_id, 'allocated ' || p.allocated || ', reserved ' || coalesce(r.total, 0)
        FROM inventory_binstock p
        LEFT JOIN (SELECT sku_id, bin_id, lot_id, sum(quantity) AS total FROM inventory_reservation
                   WHERE state = 'allocated' GROUP BY 1, 2, 3) r
          ON r.sku_id = p.sku_id AND r.bin_id = p.bin_id AND coalesce(r.lot_id, 0) = coalesce(p.lot_id, 0)
        WHERE p.allocated <> coalesce(r.total, 0) OR p.allocated < 0 OR p.allocated > p.on_hand""",
    ),
    Invariant(
        "what is picked lies in staging",
        """
        SELECT r.sku_id || ' in bin ' || r.bin_id, 'picked ' || r.total || ', staged ' || coalesce(p.on_hand, 0)
        FROM (SELECT sku_id, bin_id, lot_id, sum(quantity) AS total FROM inventory_reservation
              WHERE state = 'picked' GROUP BY 1, 2, 3) r
        LEFT JOIN inventory_binstock p
          ON r.sku_id = p.sku_id AND r.bin_id = p.bin_id AND coalesce(r.lot_id, 0) = coalesce(p.lot_id, 0)
        WHERE r.total > coalesce(p.on_hand, 0)""",
    ),
    Invariant(
        "demand is what its reservations say",
        """
        SELECT 'demand ' || d.id || ' of ' || d.document,
               'reserved ' || d.reserved || '/' || coalesce(r.reserved, 0) || ', picked ' || d.picked || '/' || coalesce(r.picked, 0)
               || ', shipped ' || d.shipped || '/' || coalesce(r.shipped, 0) || ' of ' || d.quantity
        FROM inventory_demand d
        LEFT JOIN (SELECT demand_id, sum(quantity) FILTER (WHERE state IN ('reserved', 'allocated')) AS reserved,
                          sum(quantity) FILTER (WHERE state = 'picked') AS picked,
                          sum(quantity) FILTER (WHERE state = 'shipped') AS shipped
                   FROM inventory_reservation GROUP BY 1) r ON r.demand_id = d.id
        WHERE d.reserved <> coalesce(r.reserved, 0) OR d.picked <> coalesce(r.picked, 0) OR d.shipped <> coalesce(r.shipped, 0)
           OR d.quantity < d.reserved + d.picked + d.shipped""",
    ),
    Invariant(
        "a line's goods are in order: reserved, picked, shipped, returned within what was ordered",
        """
        SELECT 'line ' || l.id || ' of ' || o.number,
               'ordered ' || l.quantity || ', canceled ' || l.canceled || ', shipped ' || l.shipped || ', returned '
               || l.returned || ', invoiced ' || l.invoiced
        FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
        WHERE l.shipped > l.quantity - l.canceled OR l.returned > l.shipped OR l.invoiced > l.quantity
           OR l.canceled > l.quantity OR l.picked < l.shipped OR l.reserved < l.picked""",
    ),
    Invariant(
        "shipped on a line is what left the stock for it",
        """
        SELECT 'line ' || l.id || ' of ' || o.number, 'shipped ' || l.shipped || ', stock says ' || d.shipped
        FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id AND NOT o.is_imported
        JOIN (SELECT p.line_id, min(d.shipped / d.per_unit) AS shipped
              FROM orders_promise p JOIN inventory_demand d ON d.id = p.demand_id GROUP BY 1) d ON d.line_id = l.id
        WHERE l.shipped <> d.shipped""",
    ),
    Invariant(
        "returned on a line is what its returns brought",
        """
        SELECT 'line ' || l.id || ' of ' || o.number, 'returned ' || l.returned || ', came ' || coalesce(r.came, 0)
        FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id AND NOT o.is_imported
        LEFT JOIN (SELECT order_line_id, sum(good + damaged) AS came FROM returns_returnline
                   WHERE component_id IS NULL GROUP BY 1) r
          ON r.order_line_id = l.id
        WHERE l.returned <> coalesce(r.came, 0)""",
    ),
    Invariant(
        "an order's summary is the sum of its lines",
        """
        SELECT o.number, 'summary ' || concat_ws('/', o.units, o.canceled, o.reserved, o.picked, o.shipped, o.invoiced,
                                                 o.returned)
               || ', lines ' || concat_ws('/', l.units, l.canceled, l.reserved, l.picked, l.shipped, l.invoiced,
                                          l.returned)
        FROM orders_order o
        JOIN (SELECT order_id, sum(quantity) AS units, sum(canceled) AS canceled, sum(reserved) AS reserved,
                     sum(picked) AS picked, sum(shipped) AS shipped, sum(invoiced) AS invoiced, sum(returned) AS returned
              FROM orders_orderline GROUP BY 1) l ON l.order_id = o.id
        WHERE o.status <> 'draft' AND (o.units, o.canceled, o.reserved, o.picked, o.shipped, o.invoiced, o.returned)
              IS DISTINCT FROM (l.units, l.canceled, l.reserved, l.picked, l.shipped, l.invoiced, l.returned)""",
    ),
    Invariant(
        "what a count posted is what the ledger booked for it",
        """
        SELECT c.number || ', ' || k.code || ' in ' || b.code,
               'posted ' || l.posted || ', ledger ' || coalesce(m.total, 0)
        FROM inventory_countline l JOIN inventory_count c ON c.id = l.count_id
        JOIN inventory_sku k ON k.id = l.sku_id JOIN inventory_bin b ON b.id = l.bin_id
        LEFT JOIN LATERAL (SELECT sum(CASE WHEN m.target_id = l.bin_id THEN m.quantity ELSE -m.quantity END) AS total
                           FROM inventory_move m
                           WHERE m.reference = c.number AND m.reason = 'count' AND m.sku_id = l.sku_id
                             AND coalesce(m.lot_id, 0) = coalesce(l.lot_id, 0)
                             AND l.bin_id IN (m.source_id, m.target_id)) m ON true
        WHERE l.posted <> coalesce(m.total, 0)""",
    ),
    Invariant(
        "the lines of transfers say what is in transit",
        """
        SELECT 'SKU ' || coalesce(m.sku_id, t.sku_id) || ' lot ' || coalesce(m.lot_id, t.lot_id, 0),
               'ledger ' || coalesce(m.total, 0) || ', transfers ' || coalesce(t.total, 0)
        FROM (SELECT e.sku_id, coalesce(e.lot_id, 0) AS lot_id, sum(e.quantity) AS total
              FROM ("""
        + LEDGER
        + """) e JOIN inventory_bin b ON b.id = e.bin_id AND b.kind = 'transit'
              GROUP BY 1, 2) m
        FULL JOIN (SELECT l.sku_id, coalesce(l.lot_id, 0) AS lot_id,
                          sum(l.quantity - l.received - l.recalled - l.lost) AS total
                   FROM inventory_transferline l JOIN inventory_transfer d ON d.id = l.transfer_id
                   WHERE d.status <> 'draft' AND d.status <> 'canceled' GROUP BY 1, 2) t
          ON t.sku_id = m.sku_id AND t.lot_id = m.lot_id
        WHERE coalesce(m.total, 0) <> coalesce(t.total, 0)""",
    ),
    Invariant(
        "a transfer that is over has nothing in transit",
        """
        SELECT d.number, sum(l.quantity - l.received - l.recalled - l.lost) || ' in transit, and it is ' || d.status
        FROM inventory_transfer d JOIN inventory_transferline l ON l.transfer_id = d.id
        WHERE d.status IN ('received', 'recalled')
        GROUP BY d.number, d.status HAVING sum(l.quantity - l.received - l.recalled - l.lost) <> 0""",
    ),
    Invariant(
        "received and returned on a purchase line are what the ledger says",
        """
        SELECT o.number || ', ' || k.code,
               'received ' || l.received || '/' || coalesce(m.received, 0) || ', returned ' || l.returned || '/'
               || coalesce(m.returned, 0)
        FROM inventory_purchaseline l JOIN inventory_purchaseorder o ON o.id = l.order_id
        JOIN inventory_sku k ON k.id = l.sku_id
        LEFT JOIN (SELECT m.reference, m.sku_id,
                          sum(CASE WHEN s.kind = 'supplier' THEN m.quantity ELSE -m.quantity END)
                              FILTER (WHERE m.reason = 'receipt') AS received,
                          sum(m.quantity) FILTER (WHERE m.reason = 'send_back') AS returned
                   FROM inventory_move m JOIN inventory_bin s ON s.id = m.source_id
                   WHERE m.reason IN ('receipt', 'send_back') GROUP BY 1, 2) m
          ON m.reference = o.number AND m.sku_id = l.sku_id
        WHERE l.received <> coalesce(m.received, 0) OR l.returned <> coalesce(m.returned, 0)""",
    ),
)
