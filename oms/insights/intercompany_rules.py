"""Invariants between companies: whose stock was promised to whom, and that both have the documents of it.

What a handler is about to do is not missing yet (`liveness_rules`).
"""

from oms.insights import liveness_rules
from oms.insights.invariants import Invariant

_AMOUNTS = "i.currency, i.net, i.tax, i.gross"

RULES = (
    Invariant(
        "no stock of another company is promised without an active setting",
        """
        SELECT d.document, r.quantity || ' × ' || k.code || ' ' || r.state || ' in ' || w.code || ', under '
               || CASE WHEN s.id IS NULL THEN 'no setting'
                       WHEN s.until < d.created_at THEN 'a setting that was off by then'
                       ELSE 'a setting of other companies' END
        FROM inventory_reservation r JOIN inventory_demand d ON d.id = r.demand_id
        JOIN inventory_warehouse w ON w.id = r.warehouse_id AND w.company_id <> d.company_id
        JOIN inventory_sku k ON k.id = r.sku_id LEFT JOIN inventory_stockshare s ON s.id = r.share_id
        WHERE s.id IS NULL OR (s.selling_id, s.supplying_id) <> (d.company_id, w.company_id)
           OR s.until < d.created_at - interval '1 minute'""",
    ),  # a promise and the switch may overlap
    Invariant(
        "what was shipped of another company's stock is on its intercompany invoice",
        f"""
        SELECT coalesce(m.number, b.shipment), k.code || ': shipped ' || coalesce(m.units, 0) || ', billed '
               || coalesce(b.units, 0)
        FROM (SELECT h.number, o.number AS order_number, w.company_id, v.sku_id, sum(v.quantity) AS units
              FROM fulfillment_shipment h JOIN orders_order o ON o.id = h.order_id
              JOIN inventory_warehouse w ON w.id = h.warehouse_id AND w.company_id <> o.company_id
              JOIN inventory_move v ON v.reference = h.number AND v.reason = 'ship'
              GROUP BY 1, 2, 3, 4) m
        FULL JOIN (SELECT p.shipment, o.number AS order_number, i.company_id, p.sku_id, l.quantity AS units
                   FROM orders_intercompanysupply p JOIN orders_order o ON o.id = p.order_id
                   JOIN orders_invoiceline l ON l.id = p.line_id
                   JOIN orders_invoice i ON i.id = l.invoice_id AND i.status = 'issued') b
          ON (b.shipment, b.order_number, b.company_id, b.sku_id) = (m.number, m.order_number, m.company_id, m.sku_id)
        JOIN inventory_sku k ON k.id = coalesce(m.sku_id, b.sku_id)
        WHERE m.units IS DISTINCT FROM b.units
          AND {liveness_rules.settled("coalesce(m.order_number, b.order_number)")}""",
    ),
    Invariant(
        "both companies have the same document",
        f"""
        SELECT i.number, 'supplier: ' || concat_ws(' ', {_AMOUNTS}) || ', buyer: ' || CASE WHEN s.id IS NULL
               THEN 'nothing' ELSE concat_ws(' ', s.number, s.currency, s.net, s.tax, s.gross) END
        FROM orders_invoice i
        JOIN (SELECT DISTINCT l.invoice_id, r.selling_id, r.supplying_id FROM orders_intercompanysupply p
              JOIN orders_intercompanyrule r ON r.id = p.rule_id
              JOIN orders_invoiceline l ON l.id = p.line_id OR l.corrects_id = p.line_id) p ON p.invoice_id = i.id
        LEFT JOIN orders_supplierinvoice s ON s.mirrors_id = i.id
        LEFT JOIN (SELECT invoice_id, sum(net) AS net, sum(tax) AS tax, sum(gross) AS gross
                   FROM orders_supplierinvoiceline GROUP BY 1) t ON t.invoice_id = s.id
        WHERE (({_AMOUNTS}, i.number, i.kind, p.selling_id, p.supplying_id)
               IS DISTINCT FROM (s.currency, s.net, s.tax, s.gross, s.number, s.kind, s.company_id, i.company_id)
               OR (i.net, i.tax, i.gross) IS DISTINCT FROM (t.net, t.tax, t.gross))
          AND NOT EXISTS (SELECT 1 FROM under_way u WHERE u.subject_type = 'invoice' AND u.subject_number = i.number)""",
    ),
)


def rules() -> tuple[Invariant, ...]:
    """All of them, with what is under way at the time."""
    return liveness_rules.beside_what_is_under_way(RULES)
