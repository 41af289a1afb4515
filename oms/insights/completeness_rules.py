"""Invariants of completeness: what was agreed is billed once, and what was billed is credited once, to the cent.

Orders are checked once nothing that a handler is about to do is missing, like those of `liveness_rules`.
"""

from oms.insights import liveness_rules
from oms.insights.invariants import Invariant
from oms.insights.money_rules import places, quantum

NAMES = ("net", "tax", "gross")
_GIVEN = ", ".join(f"'{name} ' || d.{name} || ' of ' || a.{name}" for name in NAMES)
OF_ORDER = """
    SELECT coalesce(ol.order_id, oc.order_id, i.order_id) AS order_id, i.kind, l.order_line_id, l.charge_id, l.corrects_id,
           CASE i.kind WHEN 'credit' THEN -1 ELSE 1 END AS sign, l.net, l.tax, l.gross, l.tax_percent, l.tax_category,
           coalesce(i.seller->>'registered_in', '') AS registration
    FROM orders_invoiceline l JOIN orders_invoice i ON i.id = l.invoice_id AND i.status = 'issued'
    LEFT JOIN orders_orderline ol ON ol.id = l.order_line_id LEFT JOIN orders_ordercharge oc ON oc.id = l.charge_id"""
# Goods by the parts rule, charges as agreed, less what was credited of both; deposits come to nothing.
_AGREED = f"""
    SELECT order_id, gross - tax AS net, tax, gross FROM (
        SELECT l.order_id, round(l.tax * l.invoiced / l.quantity, {places("o.currency")}) AS tax,
               round(l.gross * l.invoiced / l.quantity, {places("o.currency")}) AS gross
        FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id) goods
    UNION ALL SELECT order_id, net, tax, gross FROM orders_ordercharge WHERE is_invoiced
    UNION ALL SELECT order_id, -net, -tax, -gross FROM of_order
    WHERE kind = 'credit' AND (order_line_id IS NOT NULL OR charge_id IS NOT NULL AND corrects_id IS NOT NULL)"""
_SUMS = ", ".join(f"sum({name}) AS {name}" for name in NAMES)

ORDERS = (
    Invariant(
        "the documents of a finished order come to what was agreed for what was kept",
        f"""
        , of_order AS MATERIALIZED ({OF_ORDER})
        SELECT o.number, 'documents and agreed: ' || concat_ws(', ', {_GIVEN})
        FROM orders_order o
        JOIN (SELECT order_id, {", ".join(f"sum(sign * {name}) AS {name}" for name in NAMES)} FROM of_order GROUP BY 1) d
          ON d.order_id = o.id
        JOIN (SELECT order_id, {_SUMS} FROM ({_AGREED}) p GROUP BY 1) a ON a.order_id = o.id
        WHERE o.status IN ('completed', 'canceled') AND NOT o.is_imported
          AND ((d.net, d.tax, d.gross) <> (a.net, a.tax, a.gross)
               OR o.status = 'canceled' AND (d.net, d.tax, d.gross) <> (0, 0, 0))
          AND {liveness_rules.settled("o.number")}""",
    ),
    Invariant(
        "a deposit of a finished order is deducted and credited to its end",
        f"""
        , used AS MATERIALIZED (
            SELECT l.corrects_id, sum(CASE i.kind WHEN 'credit' THEN l.gross ELSE -l.gross END) AS gross,
                   sum(CASE i.kind WHEN 'credit' THEN l.tax ELSE -l.tax END) AS tax
            FROM orders_invoiceline l JOIN orders_invoice i ON i.id = l.invoice_id
            WHERE l.corrects_id IS NOT NULL GROUP BY 1)
        SELECT i.number, 'asked ' || l.gross || ', deducted and credited ' || coalesce(u.gross, 0) || ', and ' || o.number
               || ' is ' || o.status
        FROM orders_invoice i JOIN orders_invoiceline l ON l.invoice_id = i.id JOIN orders_order o ON o.id = i.order_id
        LEFT JOIN used u ON u.corrects_id = l.id
        WHERE i.kind = 'deposit' AND o.status IN ('completed', 'canceled')
          AND (l.gross, l.tax) <> (coalesce(u.gross, 0), coalesce(u.tax, 0)) AND {liveness_rules.settled("o.number")}""",
    ),
)

RULES = (
    Invariant(
        "a deposit is deducted and credited at most once in sum",
        """
        SELECT i.number, 'asked ' || l.gross || ' with tax ' || l.tax || ', deducted ' || u.deducted || ', credited '
               || u.credited || ', their tax ' || u.tax
        FROM orders_invoice i JOIN orders_invoiceline l ON l.invoice_id = i.id
        JOIN (SELECT c.corrects_id, coalesce(-sum(c.gross) FILTER (WHERE v.kind <> 'credit'), 0) AS deducted,
                     coalesce(sum(c.gross) FILTER (WHERE v.kind = 'credit'), 0) AS credited,
                     sum(CASE v.kind WHEN 'credit' THEN c.tax ELSE -c.tax END) AS tax
              FROM orders_invoiceline c JOIN orders_invoice v ON v.id = c.invoice_id
              WHERE c.corrects_id IS NOT NULL GROUP BY 1) u ON u.corrects_id = l.id
        WHERE i.kind = 'deposit' AND (least(u.deducted, u.credited, u.tax) < 0 OR u.deducted + u.credited > l.gross
                                      OR u.tax > l.tax OR l.credited > 0 AND u.deducted + u.credited <> l.gross)""",
    ),
    Invariant(
        "what is credited of an invoice line is its units' part, and never more than it billed",
        f"""
        SELECT i.number || ' line ' || l.position, 'credited ' || l.credited || ' of ' || l.quantity || ': net ' || c.net
               || ' of ' || l.net || ', tax ' || c.tax || ' of ' || l.tax || ', gross ' || c.gross || ' of ' || l.gross
        FROM orders_invoiceline l JOIN orders_invoice i ON i.id = l.invoice_id AND i.kind = 'invoice'
        JOIN (SELECT n.corrects_id, sum(n.net) AS net, sum(n.tax) AS tax, sum(n.gross) AS gross,
                     bool_or(n.quantity = 0) AS has_shares
              FROM orders_invoiceline n JOIN orders_invoice v ON v.id = n.invoice_id AND v.kind = 'credit'
              WHERE n.corrects_id IS NOT NULL GROUP BY 1) c ON c.corrects_id = l.id
        WHERE NOT i.is_imported
          AND (l.credited = l.quantity AND (c.net, c.tax, c.gross) <> (l.net, l.tax, l.gross)
               OR abs(c.gross) > abs(l.gross) OR abs(c.tax) > abs(l.tax)
               OR NOT c.has_shares AND (
                   2 * abs(c.gross * l.quantity - l.gross * l.credited) > l.quantity * {quantum("i.currency")}
                   OR 2 * abs(c.tax * l.quantity - l.tax * l.credited) > l.quantity * {quantum("i.currency")}))""",
    ),
    Invariant(
        "no more of an invoice is credited than it billed",
        """
        SELECT i.number, 'billed ' || b.gross || ', credited ' || c.gross
        FROM orders_invoice i
        JOIN (SELECT invoice_id, sum(gross) AS gross FROM orders_invoiceline WHERE corrects_id IS NULL GROUP BY 1) b
          ON b.invoice_id = i.id
        JOIN (SELECT l.invoice_id, sum(n.gross) AS gross FROM orders_invoiceline n
              JOIN orders_invoice v ON v.id = n.invoice_id AND v.kind = 'credit'
              JOIN orders_invoiceline l ON l.id = n.corrects_id GROUP BY 1) c ON c.invoice_id = i.id
        WHERE i.kind = 'invoice' AND NOT i.is_imported AND c.gross > b.gross""",
    ),
    Invariant(
        "no more of an order is credited than was billed",
        f"""
        SELECT o.number, 'billed ' || s.billed || ', credited ' || s.credited
        FROM orders_order o
        JOIN (SELECT order_id, coalesce(sum(gross) FILTER (WHERE kind = 'invoice' AND corrects_id IS NULL), 0) AS billed,
                     coalesce(sum(gross) FILTER (WHERE kind = 'credit'), 0) AS credited
              FROM ({OF_ORDER}) p WHERE order_line_id IS NOT NULL OR charge_id IS NOT NULL GROUP BY 1) s
          ON s.order_id = o.id
        WHERE NOT o.is_imported AND s.credited > s.billed""",
    ),
    Invariant(
        "an allowance that was credited is taken back at most once in sum",
        """
        SELECT i.number || ' line ' || l.position, 'credited ' || l.gross || ' with tax ' || l.tax || ', taken back '
               || -b.gross || ' with tax ' || -b.tax
        FROM orders_invoiceline l JOIN orders_invoice i ON i.id = l.invoice_id AND i.kind = 'credit'
        JOIN (SELECT corrects_id, sum(gross) AS gross, sum(tax) AS tax FROM orders_invoiceline
              WHERE corrects_id IS NOT NULL GROUP BY 1) b ON b.corrects_id = l.id
        WHERE NOT i.is_imported AND (greatest(b.gross, b.tax) > 0 OR least(l.gross + b.gross, l.tax + b.tax) < 0
                                    OR l.credited > 0 AND (l.gross + b.gross, l.tax + b.tax) <> (0, 0))""",
    ),
    Invariant(
        "no order is below zero",
        """
        SELECT number, 'comes to ' || gross || ' ' || currency FROM orders_order
        WHERE status IN ('quoted', 'placed', 'confirmed', 'completed') AND NOT is_imported AND gross < 0""",
    ),
)


def rules() -> tuple[Invariant, ...]:
    """All of them; the ones of finished orders with what is under way at the time."""
    return RULES + liveness_rules.beside_what_is_under_way(ORDERS)
