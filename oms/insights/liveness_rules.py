"""Invariants of what must have a way on: nothing is stranded, and nothing that should follow is missing.

What a handler is about to do is not missing yet: a document or SKU with events on their way to a plain handler is
exempt until they were taken to it (or stand under Attention).
"""

from oms.core import event_handlers
from oms.insights.invariants import Invariant

LIVE_SHIPMENT = "('open', 'picking', 'packed')"
LIVE_STOCK = "('reserved', 'allocated', 'picked')"
_ORDER = """LEFT JOIN orders_promise p ON p.demand_id = d.id LEFT JOIN orders_orderline l ON l.id = p.line_id
        LEFT JOIN orders_order o ON o.id = l.order_id"""


def _under_way() -> str:
    """Events that a handler within the house has still to take: (subject, order and data of each)."""
    pairs = ", ".join(
        f"('{name}', '{handler.name}')"
        for name in event_handlers.heard()
        for handler in event_handlers.handlers_of(name)
        if not handler.external
    )
    return f"""
        SELECT e.subject_type, e.subject_number, e.order_number, e.data FROM core_event e
        JOIN (VALUES {pairs}) AS h (event, handler) ON h.event = e.name
        LEFT JOIN core_delivery d ON d.event_id = e.id AND d.handler = h.handler
        WHERE NOT e.is_drained AND d.done_at IS NULL AND d.parked_at IS NULL"""


def settled(number: str) -> str:
    """The order with this number has no events under way, and no SKU's stock is being given out."""
    return f"NOT EXISTS (SELECT 1 FROM under_way u WHERE u.order_number = {number})"


def rules() -> tuple[Invariant, ...]:
    """All of them, with what is under way at the time."""
    return beside_what_is_under_way(
        (*SHIPMENTS, *PARTNERS, *WAVES, *KITS, *DEMAND, *ORDERS, *CUSTODY, *TRACKED)
    )


def beside_what_is_under_way(asked: tuple[Invariant, ...]) -> tuple[Invariant, ...]:
    """Rules that ask `settled`, with what is under way at the time."""
    start = f"WITH under_way AS MATERIALIZED ({_under_way()})"
    return tuple(Invariant(rule.name, f"{start} {rule.sql}") for rule in asked)


SHIPMENTS = (
    Invariant(
        "what is reserved for an order is on a shipment that is under way",
        f"""
        SELECT d.document, r.quantity || ' × ' || k.code || ' ' || r.state || ' in ' || w.code || ' and on no live shipment'
        FROM inventory_reservation r JOIN inventory_demand d ON d.id = r.demand_id
        JOIN inventory_sku k ON k.id = r.sku_id JOIN inventory_warehouse w ON w.id = r.warehouse_id
        LEFT JOIN fulfillment_shipmentline l ON l.reservation_id = r.id
        LEFT JOIN fulfillment_shipment s ON s.id = l.shipment_id
        WHERE r.state IN {LIVE_STOCK} AND (s.status IS NULL OR s.status NOT IN {LIVE_SHIPMENT})
          AND {settled("d.document")}""",
    ),
    Invariant(
        "the lines of a shipment are as far as it is",
        f"""
        SELECT s.number, s.status || ', with ' || r.quantity || ' × ' || k.code || ' ' || r.state
        FROM fulfillment_shipment s JOIN fulfillment_shipmentline l ON l.shipment_id = s.id
        JOIN inventory_reservation r ON r.id = l.reservation_id JOIN inventory_sku k ON k.id = r.sku_id
        JOIN orders_order o ON o.id = s.order_id
        WHERE (s.status = 'open' AND r.state <> 'reserved' OR s.status = 'picking' AND r.state NOT IN ('allocated', 'picked')
               OR s.status = 'packed' AND r.state <> 'picked')
          AND {settled("o.number")}""",
    ),
    Invariant(
        "a shipment's line is of its order, warehouse and order line",
        f"""
        SELECT s.number, 'line ' || l.id || ' holds stock of ' || d.document || ' line ' || d.line || ' in warehouse '
               || r.warehouse_id
        FROM fulfillment_shipment s JOIN fulfillment_shipmentline l ON l.shipment_id = s.id
        JOIN inventory_reservation r ON r.id = l.reservation_id JOIN inventory_demand d ON d.id = r.demand_id
        JOIN orders_promise p ON p.demand_id = d.id JOIN orders_orderline ol ON ol.id = p.line_id
        WHERE s.status IN {LIVE_SHIPMENT}
          AND (ol.order_id <> s.order_id OR ol.id <> l.order_line_id OR r.warehouse_id <> s.warehouse_id)""",
    ),
    Invariant(
        "what was reserved together is on one shipment",
        f"""
        SELECT min(d.document), 'shipments ' || string_agg(DISTINCT s.number, ', ')
        FROM inventory_reservation r JOIN inventory_demand d ON d.id = r.demand_id
        JOIN fulfillment_shipmentline l ON l.reservation_id = r.id JOIN fulfillment_shipment s ON s.id = l.shipment_id
        WHERE r.state IN {LIVE_STOCK} AND s.status IN {LIVE_SHIPMENT} AND {settled("d.document")}
        GROUP BY r.bundle HAVING count(DISTINCT s.id) > 1""",
    ),
    Invariant(
        "a shipment that is under way has lines",
        f"""
        SELECT s.number, s.status || ' without lines' FROM fulfillment_shipment s JOIN orders_order o ON o.id = s.order_id
        WHERE s.status IN {LIVE_SHIPMENT}
          AND NOT EXISTS (SELECT 1 FROM fulfillment_shipmentline l WHERE l.shipment_id = s.id)
          AND {settled("o.number")}""",
    ),
)

PARTNERS = (
    Invariant(
        "what a partner has taken on is entrusted to them, and nothing else is",
        f"""
        SELECT s.number, r.quantity || ' × ' || k.code || CASE WHEN r.is_entrusted THEN ' entrusted, and nobody has it'
               ELSE ' not entrusted, and they have it as ' || s.external_id END
        FROM fulfillment_shipment s JOIN fulfillment_shipmentline l ON l.shipment_id = s.id
        JOIN inventory_reservation r ON r.id = l.reservation_id AND r.state = 'reserved'
        JOIN inventory_sku k ON k.id = r.sku_id JOIN orders_order o ON o.id = s.order_id
        WHERE s.status = 'open' AND r.is_entrusted <> (s.external_id <> '') AND {settled("o.number")}""",
    ),
    Invariant(
        "what a partner was asked to cancel waits for their answer, and is marked",
        f"""
        SELECT coalesce(asked.document, marked.document), 'line ' || coalesce(asked.line, marked.line) || ': '
               || coalesce(asked.units, 0) || ' asked, ' || coalesce(marked.units, 0) || ' marked'
        FROM (SELECT o.number AS document, c.shipment_id, s.status, n.order_line_id AS line, n.quantity AS units
              FROM fulfillment_cancellation c JOIN fulfillment_shipment s ON s.id = c.shipment_id
              JOIN orders_order o ON o.id = s.order_id
              LEFT JOIN fulfillment_cancellationline n ON n.cancellation_id = c.id WHERE c.state = 'asked') asked
        FULL JOIN (
            SELECT document, shipment_id, line, min(units) AS units
            FROM (SELECT d.document, l.shipment_id, p.line_id AS line, sum(r.quantity) / d.per_unit::numeric AS units
                  FROM inventory_reservation r JOIN inventory_demand d ON d.id = r.demand_id
                  JOIN orders_promise p ON p.demand_id = d.id
                  LEFT JOIN fulfillment_shipmentline l ON l.reservation_id = r.id
                  WHERE r.put_back_reason = 'asked' GROUP BY d.id, p.line_id, l.shipment_id) part
            GROUP BY 1, 2, 3) marked ON (marked.shipment_id, marked.line) = (asked.shipment_id, asked.line)
        WHERE (asked.units IS DISTINCT FROM marked.units OR asked.status IS DISTINCT FROM 'open')
          AND {settled("coalesce(asked.document, marked.document)")}""",
    ),
)

WAVES = (
    Invariant(
        "a stop that is open is an allocated line of its wave, in its bin",
        f"""
        SELECT w.number, 'stop ' || t.sequence || ': the wave is ' || w.status || ', the shipment ' || s.status
               || ', the stock ' || r.state
        FROM fulfillment_picktask t JOIN fulfillment_wave w ON w.id = t.wave_id
        JOIN fulfillment_shipmentline l ON l.id = t.line_id JOIN inventory_reservation r ON r.id = l.reservation_id
        JOIN fulfillment_shipment s ON s.id = l.shipment_id JOIN orders_order o ON o.id = s.order_id
        WHERE t.done_at IS NULL
          AND (w.status <> 'released' OR s.status <> 'picking' OR s.wave_id IS DISTINCT FROM w.id
               OR r.state <> 'allocated' OR r.bin_id <> t.bin_id)
          AND {settled("o.number")}""",
    ),
    Invariant(
        "what is allocated is an open stop of a released wave",
        f"""
        SELECT d.document, r.quantity || ' × ' || k.code || ' allocated in bin ' || r.bin_id || ' and no stop of a walk'
        FROM inventory_reservation r JOIN inventory_demand d ON d.id = r.demand_id JOIN inventory_sku k ON k.id = r.sku_id
        LEFT JOIN fulfillment_shipmentline l ON l.reservation_id = r.id
        LEFT JOIN fulfillment_picktask t ON t.line_id = l.id AND t.done_at IS NULL
        WHERE r.state = 'allocated' AND t.id IS NULL AND {settled("d.document")}""",
    ),
    Invariant(
        "what is allocated lies where it may be sold",
        """
        SELECT 'reservation ' || r.id, r.quantity || ' allocated in bin ' || b.code || ', which is not sellable'
        FROM inventory_reservation r JOIN inventory_bin b ON b.id = r.bin_id
        WHERE r.state = 'allocated' AND NOT b.is_sellable""",
    ),
    Invariant(
        "a wave that is planned or released has something to pick",
        f"""
        SELECT w.number, w.status || ' with nothing to pick' FROM fulfillment_wave w
        WHERE w.status IN ('draft', 'released')
          AND NOT EXISTS (SELECT 1 FROM fulfillment_shipment s
                          WHERE s.wave_id = w.id AND w.status = 'draft' AND s.status = 'open')
          AND NOT EXISTS (SELECT 1 FROM fulfillment_picktask t WHERE t.wave_id = w.id AND t.done_at IS NULL)
          AND NOT EXISTS (SELECT 1 FROM fulfillment_shipment s JOIN orders_order o ON o.id = s.order_id
                          WHERE s.wave_id = w.id AND NOT {settled("o.number")})""",
    ),
)

KITS = (
    Invariant(
        "kits are reserved, picked and packed whole",
        f"""
        SELECT min(d.document) || ' line ' || x.line_id, 'parts in shipment ' || coalesce(x.shipment_id::text, 'none') || ': '
               || string_agg(k.code || ' ' || coalesce(r.total, 0) || ' at ' || d.per_unit || ' each', ', ' ORDER BY k.code)
        FROM (SELECT DISTINCT p.line_id, l.shipment_id FROM inventory_reservation r
              JOIN inventory_demand d ON d.id = r.demand_id AND d.is_component JOIN orders_promise p ON p.demand_id = d.id
              LEFT JOIN fulfillment_shipmentline l ON l.reservation_id = r.id
              WHERE r.state IN {LIVE_STOCK} AND r.put_back_reason = '') x
        JOIN orders_promise p ON p.line_id = x.line_id JOIN inventory_demand d ON d.id = p.demand_id
        JOIN inventory_sku k ON k.id = d.sku_id
        LEFT JOIN LATERAL (SELECT sum(r.quantity) AS total FROM inventory_reservation r
                           LEFT JOIN fulfillment_shipmentline l ON l.reservation_id = r.id
                           WHERE r.demand_id = d.id AND r.state IN {LIVE_STOCK} AND r.put_back_reason = ''
                             AND l.shipment_id IS NOT DISTINCT FROM x.shipment_id) r ON true
        WHERE {settled("d.document")}
        GROUP BY x.line_id, x.shipment_id
        HAVING count(DISTINCT coalesce(r.total, 0) / d.per_unit::numeric) > 1
            OR bool_or(mod(coalesce(r.total, 0), d.per_unit) <> 0)""",
    ),
    Invariant(
        "kits are wanted and shipped whole",
        """
        SELECT min(d.document) || ' line ' || p.line_id, string_agg('wanted ' || d.quantity || ', shipped ' || d.shipped || ' at '
               || d.per_unit || ' each', '; ')
        FROM inventory_demand d JOIN orders_promise p ON p.demand_id = d.id WHERE d.is_component
        GROUP BY p.line_id
        HAVING count(DISTINCT d.shipped / d.per_unit::numeric) > 1 OR bool_or(mod(d.shipped, d.per_unit) <> 0)
            OR (count(DISTINCT d.quantity / d.per_unit::numeric) > 1 OR bool_or(mod(d.quantity, d.per_unit) <> 0))
               AND NOT EXISTS (SELECT 1 FROM inventory_reservation r JOIN orders_promise o ON o.demand_id = r.demand_id
                               WHERE o.line_id = p.line_id AND r.put_back_reason IN ('cancel', 'release'))""",
    ),
)

DEMAND = (
    Invariant(
        "demand is tied to the order line that it serves",
        """
        SELECT d.document, 'demand ' || d.id || ' of line ' || d.line || ' is tied to '
               || coalesce(o.number || ' line ' || p.line_id, 'no line')
        FROM inventory_demand d LEFT JOIN orders_promise p ON p.demand_id = d.id
        LEFT JOIN orders_orderline l ON l.id = p.line_id LEFT JOIN orders_order o ON o.id = l.order_id
        WHERE (o.number, p.line_id) IS DISTINCT FROM (d.document, d.line)""",
    ),
    Invariant(
        "an order wants of the stock what is open on its lines",
        """
        SELECT o.number, 'line ' || l.id || ': ' || l.quantity - l.canceled || ' ordered, demand '
               || coalesce((d.quantity - coalesce(r.total, 0))::text, 'none') || ' at ' || coalesce(d.per_unit, 1) || ' each'
        FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id
        LEFT JOIN orders_promise p ON p.line_id = l.id LEFT JOIN inventory_demand d ON d.id = p.demand_id
        LEFT JOIN LATERAL (SELECT sum(quantity) AS total FROM inventory_reservation
                           WHERE demand_id = d.id AND put_back_reason = 'cancel') r ON true
        WHERE o.status = 'confirmed' AND NOT o.is_imported
          AND coalesce(d.quantity - coalesce(r.total, 0), 0) <> (l.quantity - l.canceled) * coalesce(d.per_unit, 1)""",
    ),
    Invariant(
        "stock is wanted and reserved for confirmed orders alone",
        f"""
        SELECT d.document, d.unreserved || ' × ' || k.code || ' wait, the order is ' || coalesce(o.status, 'not known')
        FROM inventory_demand d JOIN inventory_sku k ON k.id = d.sku_id {_ORDER}
        WHERE d.unreserved > 0 AND o.status IS DISTINCT FROM 'confirmed'
        UNION ALL
        SELECT d.document, r.quantity || ' × ' || k.code || ' ' || r.state || ', the order is '
               || coalesce(o.status, 'not known')
        FROM inventory_reservation r JOIN inventory_demand d ON d.id = r.demand_id JOIN inventory_sku k ON k.id = r.sku_id
        {_ORDER}
        WHERE r.state IN {LIVE_STOCK} AND r.put_back_reason IN ('', 'asked') AND o.status IS DISTINCT FROM 'confirmed'""",
    ),
    Invariant(
        "nothing waits for stock that is there",
        f"""
        SELECT min(d.document), 'line ' || g.line_id || ' waits, and warehouse ' || w.code || ' has it'
        FROM (SELECT DISTINCT p.line_id FROM inventory_demand d JOIN orders_promise p ON p.demand_id = d.id
              WHERE d.unreserved > 0 AND coalesce(d.reserve_from < current_date, true)) g
        JOIN orders_promise p ON p.line_id = g.line_id JOIN inventory_demand d ON d.id = p.demand_id
        JOIN inventory_stock s ON s.sku_id = d.sku_id AND s.sellable - s.reserved >= d.per_unit
        JOIN inventory_warehouse w ON w.id = s.warehouse_id AND w.is_active AND (
            w.company_id = d.company_id OR EXISTS (
                SELECT 1 FROM inventory_stockshare h
                WHERE h.until IS NULL AND (h.selling_id, h.supplying_id) = (d.company_id, w.company_id)))
        LEFT JOIN LATERAL (
            SELECT sum(p.on_hand - p.allocated) AS count FROM inventory_binstock p
            JOIN inventory_bin b ON b.id = p.bin_id AND b.warehouse_id = w.id AND b.is_sellable
            JOIN inventory_lot t ON t.id = p.lot_id
             AND t.expires_on < (now() AT TIME ZONE w.time_zone)::date + d.min_life_days
            WHERE p.sku_id = d.sku_id) short_lived ON true
        WHERE d.unreserved >= d.per_unit AND {settled("d.document")}
          AND s.sellable - s.reserved - coalesce(short_lived.count, 0) >= d.per_unit
          AND NOT EXISTS (SELECT 1 FROM under_way u WHERE u.data->'skus' @> to_jsonb(d.sku_id))
        GROUP BY g.line_id, w.code
        HAVING count(*) = (SELECT count(*) FROM orders_promise p WHERE p.line_id = g.line_id)""",
    ),
)

ORDERS = (
    Invariant(
        "an order of which everything is shipped and billed, or canceled, is over",
        f"""
        SELECT o.number, 'is confirmed, and nothing is left to ship or to bill' FROM orders_order o
        WHERE o.status = 'confirmed' AND NOT o.is_imported
          AND NOT EXISTS (SELECT 1 FROM orders_orderline l WHERE l.order_id = o.id
                          AND (l.quantity > l.canceled + l.shipped OR l.invoiced < l.shipped))
          AND {settled("o.number")} AND NOT EXISTS (SELECT 1 FROM under_way WHERE subject_type = 'invoice')""",
    ),
    Invariant(
        "an order that is over has nothing left to ship or to bill",
        """
        SELECT o.number, 'is ' || o.status || ': ordered ' || o.units || ', canceled ' || o.canceled || ', shipped '
               || o.shipped || ', invoiced ' || o.invoiced
        FROM orders_order o
        WHERE NOT o.is_imported AND (o.status = 'completed' AND (o.shipped = 0 OR o.invoiced < o.shipped)
              OR o.status = 'canceled' AND o.shipped > 0
              OR o.status IN ('completed', 'canceled') AND o.units <> o.canceled + o.shipped)
        UNION ALL
        SELECT o.number, 'is ' || o.status || ', and ' || c.description || ' is neither billed nor canceled'
        FROM orders_ordercharge c JOIN orders_order o ON o.id = c.order_id
        WHERE NOT c.is_invoiced AND NOT c.is_canceled AND NOT o.is_imported AND o.status IN ('completed', 'canceled')""",
    ),
    Invariant(
        "a line shows what the stock holds for it",
        f"""
        SELECT o.number, 'line ' || l.id || ': reserved ' || l.reserved || ' of ' || d.reserved || ', picked '
               || l.picked || ' of ' || d.picked
        FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id
        JOIN (SELECT p.line_id, min((d.reserved + d.picked + d.shipped) / d.per_unit) AS reserved,
                     min((d.picked + d.shipped) / d.per_unit) AS picked
              FROM orders_promise p JOIN inventory_demand d ON d.id = p.demand_id GROUP BY 1) d ON d.line_id = l.id
        WHERE o.status = 'confirmed' AND (l.reserved, l.picked) <> (d.reserved, d.picked) AND {settled("o.number")}""",
    ),
    Invariant(
        "a return that was inspected is settled, and its exchange entered",
        f"""
        SELECT r.number, 'is ' || r.status || ', and nothing more happens to it' FROM returns_returnrequest r
        JOIN orders_order o ON o.id = r.order_id
        LEFT JOIN returns_settlement s ON s.request_id = r.id
        WHERE (r.status = 'inspected' OR r.status = 'settled' AND r.resolution = 'exchange' AND s.exchange_id IS NULL)
          AND {settled("o.number")}""",
    ),
)

CUSTODY = (
    Invariant(
        "what lies in staging is picked for a shipment",
        """
        SELECT k.code || ' in ' || b.code || ' of ' || w.code, 'on hand ' || p.on_hand || ', picked ' || coalesce(r.total, 0)
        FROM inventory_bin b JOIN inventory_binstock p ON p.bin_id = b.id AND p.on_hand > 0
        JOIN inventory_sku k ON k.id = p.sku_id JOIN inventory_warehouse w ON w.id = b.warehouse_id
        LEFT JOIN (SELECT sku_id, bin_id, lot_id, sum(quantity) AS total FROM inventory_reservation
                   WHERE state = 'picked' GROUP BY 1, 2, 3) r
          ON r.sku_id = p.sku_id AND r.bin_id = p.bin_id AND r.lot_id IS NOT DISTINCT FROM p.lot_id
        WHERE b.kind = 'staging' AND p.on_hand > coalesce(r.total, 0)""",
    ),
    Invariant(
        "what lies in returns came with a return that is not inspected yet",
        """
        SELECT k.code || ' in ' || b.code || ' of ' || w.code, 'on hand ' || p.on_hand || ', of open returns '
               || coalesce(m.total, 0)
        FROM inventory_bin b JOIN inventory_binstock p ON p.bin_id = b.id
        JOIN inventory_sku k ON k.id = p.sku_id JOIN inventory_warehouse w ON w.id = b.warehouse_id
        LEFT JOIN (SELECT e.sku_id, e.bin_id, e.lot_id, sum(e.quantity) AS total
                   FROM returns_returnrequest r JOIN (
                       SELECT reference, sku_id, target_id AS bin_id, lot_id, quantity FROM inventory_move
                       UNION ALL SELECT reference, sku_id, source_id, lot_id, -quantity FROM inventory_move) e
                     ON e.reference = r.number
                   WHERE r.status = 'received' GROUP BY 1, 2, 3) m
          ON m.sku_id = p.sku_id AND m.bin_id = p.bin_id AND m.lot_id IS NOT DISTINCT FROM p.lot_id
        WHERE b.kind IN ('returns', 'damaged_returns') AND p.on_hand <> coalesce(m.total, 0)""",
    ),
    Invariant(
        "what came unannounced is decided once its return is inspected",
        """
        SELECT r.number, u.quantity || ' × ' || coalesce(k.code, u.description) || ' are undecided, and it is ' || r.status
        FROM returns_unexpected u JOIN returns_returnrequest r ON r.id = u.request_id
        LEFT JOIN inventory_sku k ON k.id = u.sku_id
        WHERE u.decision = '' AND r.status <> 'received'""",
    ),
    Invariant(
        "what is in transit is of a transfer that is under way",
        """
        SELECT m.reference, 'SKU ' || m.sku_id || ': ' || m.total || ' in transit, the transfer is '
               || coalesce(t.status, 'not known')
        FROM (SELECT reference, sku_id, lot_id, sum(quantity) AS total FROM (
                SELECT m.reference, m.sku_id, m.lot_id, m.quantity FROM inventory_bin b
                JOIN inventory_move m ON m.target_id = b.id WHERE b.kind = 'transit'
                UNION ALL SELECT m.reference, m.sku_id, m.lot_id, -m.quantity FROM inventory_bin b
                JOIN inventory_move m ON m.source_id = b.id WHERE b.kind = 'transit') x
              GROUP BY 1, 2, 3 HAVING sum(quantity) <> 0) m
        LEFT JOIN inventory_transfer t ON t.number = m.reference
        WHERE m.total < 0 OR t.status IS DISTINCT FROM 'sent'""",
    ),
)

TRACKED = (
    Invariant(
        "a serial number moves as one piece",
        """
        SELECT k.code || ' ' || l.code, 'move ' || m.id || ' of ' || m.quantity
        FROM inventory_sku k JOIN inventory_move m ON m.sku_id = k.id JOIN inventory_lot l ON l.id = m.lot_id
        WHERE k.tracking = 'serial' AND m.quantity <> 1""",
    ),
    Invariant(
        "no more of a lot or serial came back than was sent out",
        """
        SELECT k.code || ' ' || l.code, -c.total || ' more came back than was sent out'
        FROM (SELECT lot_id, sum(quantity) AS total FROM (
                SELECT m.lot_id, m.quantity FROM inventory_bin b JOIN inventory_move m ON m.target_id = b.id
                WHERE b.kind = 'customer' AND m.lot_id IS NOT NULL
                UNION ALL SELECT m.lot_id, -m.quantity FROM inventory_bin b JOIN inventory_move m ON m.source_id = b.id
                WHERE b.kind = 'customer' AND m.lot_id IS NOT NULL) x
              GROUP BY 1 HAVING sum(quantity) < 0) c
        JOIN inventory_lot l ON l.id = c.lot_id JOIN inventory_sku k ON k.id = l.sku_id""",
    ),
    Invariant(
        "tracked stock has a lot of its SKU, and no other has one",
        """
        SELECT k.code || ' in bin ' || p.bin_id, 'on hand ' || p.on_hand || ', lot ' || coalesce(l.code, 'none')
        FROM inventory_binstock p JOIN inventory_sku k ON k.id = p.sku_id LEFT JOIN inventory_lot l ON l.id = p.lot_id
        WHERE p.on_hand > 0 AND ((k.tracking = 'none') <> (l.id IS NULL) OR l.sku_id <> k.id)""",
    ),
)
