"""Invariants of credit notes: what each of them corrects, and how much of it."""

from oms.insights.completeness_rules import OF_ORDER
from oms.insights.invariants import Invariant
from orders.planners import places

_REGISTRATION = "coalesce({}.seller->>'registered_in', '')"
_AREAS = ", ".join(f"'{code}'" for code in sorted({*places.EU, *places.BRITISH}))
# Allowances have the rates of their goods in these areas alone; elsewhere one may be more than the goods at its rate.
_HAS_OWN_RATE = f"""
    EXISTS (SELECT 1 FROM orders_ordercharge a JOIN orders_order q ON q.id = a.order_id
            JOIN core_company m ON m.id = q.company_id
            WHERE {{}} AND a.gross < 0 AND coalesce(nullif(a.origin, ''), m.country) NOT IN ({_AREAS}))"""

RULES = (
    Invariant(
        "a credit note falls under the VAT registration of what it corrects",
        f"""
        SELECT DISTINCT n.number, 'under ' || quote_literal({_REGISTRATION.format("n")}) || ', but ' || i.number
               || ' is under ' || quote_literal({_REGISTRATION.format("i")})
        FROM orders_invoice n
        JOIN (SELECT id AS note_id, corrects_id AS invoice_id FROM orders_invoice WHERE corrects_id IS NOT NULL
              UNION ALL
              SELECT l.invoice_id, c.invoice_id FROM orders_invoiceline l
              JOIN orders_invoiceline c ON c.id = l.corrects_id) s ON s.note_id = n.id
        JOIN orders_invoice i ON i.id = s.invoice_id
        WHERE n.kind = 'credit' AND NOT n.is_imported AND {_REGISTRATION.format("n")} <> {_REGISTRATION.format("i")}""",
    ),
    Invariant(
        "no more of an invoice is credited at a tax rate than it billed",
        f"""
        SELECT i.number, 'billed ' || b.gross || ', credited ' || c.gross || ' at ' || b.tax_percent || ' percent '
               || b.tax_category
        FROM orders_invoice i
        JOIN (SELECT invoice_id, tax_percent, tax_category, sum(gross) AS gross FROM orders_invoiceline
              WHERE corrects_id IS NULL GROUP BY 1, 2, 3) b ON b.invoice_id = i.id
        JOIN (SELECT l.invoice_id, n.tax_percent, n.tax_category, sum(n.gross) AS gross FROM orders_invoiceline n
              JOIN orders_invoice v ON v.id = n.invoice_id AND v.kind = 'credit'
              JOIN orders_invoiceline l ON l.id = n.corrects_id GROUP BY 1, 2, 3) c
          ON (c.invoice_id, c.tax_percent, c.tax_category) = (b.invoice_id, b.tax_percent, b.tax_category)
        WHERE i.kind = 'invoice' AND NOT i.is_imported AND c.gross > greatest(b.gross, 0)
          AND NOT {_HAS_OWN_RATE.format("a.id IN (SELECT charge_id FROM orders_invoiceline WHERE invoice_id = i.id)")}""",
    ),
    Invariant(
        "no more of an order is credited at a tax rate and under a VAT registration than was billed",
        f"""
        SELECT o.number, 'billed ' || s.billed || ', credited ' || s.credited || ' at ' || s.tax_percent || ' percent '
               || s.tax_category || ' under ' || quote_literal(s.registration)
        FROM orders_order o
        JOIN (SELECT order_id, registration, tax_percent, tax_category,
                     coalesce(sum(gross) FILTER (WHERE kind = 'invoice' AND corrects_id IS NULL), 0) AS billed,
                     coalesce(sum(gross) FILTER (WHERE kind = 'credit'), 0) AS credited
              FROM ({OF_ORDER}) p WHERE order_line_id IS NOT NULL OR charge_id IS NOT NULL GROUP BY 1, 2, 3, 4) s
          ON s.order_id = o.id
        WHERE NOT o.is_imported AND s.credited > greatest(s.billed, 0)
          AND NOT {_HAS_OWN_RATE.format("a.order_id = o.id")}""",
    ),
    Invariant(
        "a credit note of nothing says which units it credits",
        """
        SELECT number, 'comes to nothing and credits no units' FROM orders_invoice i
        WHERE kind = 'credit' AND gross = 0 AND tax = 0 AND NOT is_imported
          AND NOT EXISTS (SELECT 1 FROM orders_invoiceline l
                          WHERE l.invoice_id = i.id AND l.corrects_id IS NOT NULL AND l.quantity > 0)""",
    ),
)
