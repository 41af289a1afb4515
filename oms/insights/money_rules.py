"""Invariants of orders' totals, invoices, payments and balances."""

from oms.core import money
from oms.insights.invariants import Invariant

_UNUSUAL = " ".join(
    f"WHEN '{code}' THEN {places}" for code, places in sorted(money.MINOR_UNITS.items())
)


def places(currency: str) -> str:
    """SQL for the minor units of a currency column."""
    return f"(CASE {currency} {_UNUSUAL} ELSE 2 END)"


def quantum(currency: str) -> str:
    """SQL for the smallest coin of a currency column."""
    return f"power(10::numeric, -{places(currency)})"


_LINES = f"""
    SELECT order_id, gross - tax AS net, tax, gross FROM (
        SELECT l.order_id, {
    ", ".join(
        f"round(l.{name} * (l.quantity - l.canceled) / l.quantity, {places('o.currency')}) AS {name}"
        for name in ("tax", "gross")
    )
}
        FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id) kept
    UNION ALL SELECT order_id, net, tax, gross FROM orders_ordercharge WHERE NOT is_canceled"""

RULES = (
    Invariant(
        "an order is the sum of its lines and charges",
        f"""
        SELECT o.number, 'net ' || o.net || '/' || s.net || ', tax ' || o.tax || '/' || s.tax || ', gross ' || o.gross
               || '/' || s.gross
        FROM orders_order o
        JOIN (SELECT order_id, sum(net) AS net, sum(tax) AS tax, sum(gross) AS gross FROM ({_LINES}) p GROUP BY 1) s
          ON s.order_id = o.id
        WHERE o.status <> 'draft' AND (o.net <> s.net OR o.tax <> s.tax OR o.gross <> s.gross)""",
    ),
    Invariant(
        "net and tax make gross",
        """
        SELECT 'line ' || id, net || ' + ' || tax || ' is not ' || gross FROM orders_orderline WHERE net + tax <> gross
        UNION ALL SELECT 'invoice line ' || id, net || ' + ' || tax || ' is not ' || gross FROM orders_invoiceline
        WHERE net + tax <> gross
        UNION ALL SELECT 'charge ' || id, net || ' + ' || tax || ' is not ' || gross FROM orders_ordercharge
        WHERE net + tax <> gross""",
    ),
    Invariant(
        "tax is what its rate and price mode say",
        f"""
        SELECT o.number || ' ' || l.tax_percent || ' percent', 'tax ' || l.tax || ', the rate says ' || l.expected
        FROM (SELECT order_id, tax_percent, sum(tax) AS tax, count(*) AS lines,
                     sum(net) * tax_percent / 100 AS expected
              FROM orders_orderline GROUP BY 1, 2) l JOIN orders_order o ON o.id = l.order_id
        WHERE o.status <> 'draft' AND NOT o.is_imported AND NOT o.is_as_sold
          AND abs(l.tax - l.expected) > l.lines * power(10::numeric, -{places("o.currency")})""",
    ),
    Invariant(
        "an invoice is the sum of its lines",
        """
        SELECT coalesce(i.number, 'draft ' || i.id), 'net ' || i.net || '/' || l.net || ', tax ' || i.tax || '/' || l.tax
               || ', gross ' || i.gross || '/' || l.gross
        FROM orders_invoice i
        JOIN (SELECT invoice_id, sum(net) AS net, sum(tax) AS tax, sum(gross) AS gross FROM orders_invoiceline GROUP BY 1)
          l ON l.invoice_id = i.id
        WHERE i.net <> l.net OR i.tax <> l.tax OR i.gross <> l.gross""",
    ),
    Invariant(
        "invoiced on a line is what its invoices billed",
        """
        SELECT 'line ' || l.id || ' of ' || o.number, 'invoiced ' || l.invoiced || ', billed ' || coalesce(i.billed, 0)
        FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
        LEFT JOIN (SELECT n.order_line_id, sum(n.quantity) AS billed FROM orders_invoiceline n
                   JOIN orders_invoice v ON v.id = n.invoice_id AND v.kind = 'invoice' GROUP BY 1) i
          ON i.order_line_id = l.id
        WHERE l.invoiced <> coalesce(i.billed, 0)""",
    ),
    Invariant(
        "what was shipped is invoiced once its order is completed",
        """
        SELECT 'line ' || l.id || ' of ' || o.number, 'shipped ' || l.shipped || ', invoiced ' || l.invoiced
        FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
        LEFT JOIN (SELECT order_line_id, sum(quantity) AS units FROM orders_invoiceline n
                   JOIN orders_invoice v ON v.id = n.invoice_id AND v.kind = 'credit' GROUP BY 1) c
          ON c.order_line_id = l.id
        WHERE o.status = 'completed' AND (l.invoiced < l.shipped OR l.invoiced - l.shipped > coalesce(c.units, 0))""",
    ),
    Invariant(
        "credited on an invoice line is what its credit notes say",
        """
        SELECT 'invoice line ' || l.id, 'credited ' || l.credited || ' of ' || l.quantity || ', notes say '
               || coalesce(c.credited, 0)
        FROM orders_invoiceline l
        LEFT JOIN (SELECT corrects_id, sum(quantity) AS credited FROM orders_invoiceline WHERE corrects_id IS NOT NULL
                   GROUP BY 1) c ON c.corrects_id = l.id
        WHERE l.credited <> coalesce(c.credited, 0) OR l.credited > l.quantity""",
    ),
    Invariant(
        "captured is at most what was authorized, refunded at most what was captured",
        """
        SELECT p.number, 'amount ' || p.amount || ', captured ' || p.captured || ', refunded ' || p.refunded
               || ', its refunds ' || coalesce(r.total, 0) || ', without a note ' || p.refunded_unlinked || '/'
               || coalesce(r.bare, 0)
        FROM orders_payment p
        LEFT JOIN (SELECT payment_id, sum(amount) AS total, coalesce(sum(amount) FILTER (WHERE credit_id IS NULL), 0) AS bare
                   FROM orders_refund WHERE status <> 'failed' GROUP BY 1) r ON r.payment_id = p.id
        WHERE p.captured > p.amount OR p.refunded > p.captured OR p.refunded <> coalesce(r.total, 0)
           OR p.refunded_unlinked <> coalesce(r.bare, 0)""",
    ),
    Invariant(
        "a payment's applications are at most what it has",
        """
        SELECT p.number, 'applied ' || p.applied || ', rows say ' || coalesce(a.total, 0) || ', captured ' || p.captured
        FROM orders_payment p
        LEFT JOIN (SELECT payment_id, sum(amount) AS total FROM orders_paymentapplication GROUP BY 1) a ON a.payment_id = p.id
        WHERE p.applied <> coalesce(a.total, 0) OR p.applied > p.captured - p.refunded_unlinked - p.written_off""",
    ),
    Invariant(
        "what is written off is what its rows say, and at most what was open",
        """
        SELECT p.number, 'written off ' || p.written_off || ', rows say ' || coalesce(w.total, 0)
        FROM orders_payment p
        LEFT JOIN (SELECT payment_id, sum(amount) AS total FROM orders_writeoff WHERE payment_id IS NOT NULL GROUP BY 1) w
          ON w.payment_id = p.id
        WHERE p.written_off <> coalesce(w.total, 0)
        UNION ALL
        SELECT i.number, 'written off ' || w.amount || ', its application says ' || coalesce(a.amount, 0)
        FROM orders_writeoff w JOIN orders_invoice i ON i.id = w.invoice_id
        LEFT JOIN orders_paymentapplication a ON a.write_off_id = w.id
        WHERE a.amount IS DISTINCT FROM w.amount OR a.invoice_id IS DISTINCT FROM w.invoice_id""",
    ),
    Invariant(
        "what is taken back is of its own entry, and at most that",
        """
        SELECT i.number, 'application ' || a.id || ' of ' || a.amount || ', taken back ' || b.total
        FROM orders_paymentapplication a JOIN orders_invoice i ON i.id = a.invoice_id
        JOIN (SELECT r.reverses_id, -sum(r.amount) AS total,
                     bool_and((r.invoice_id, coalesce(r.payment_id, 0), coalesce(r.credit_id, 0))
                              = (o.invoice_id, coalesce(o.payment_id, 0), coalesce(o.credit_id, 0))) AS same
              FROM orders_paymentapplication r JOIN orders_paymentapplication o ON o.id = r.reverses_id GROUP BY 1) b
          ON b.reverses_id = a.id
        WHERE b.total > a.amount OR NOT b.same
        UNION ALL
        SELECT coalesce(i.number, p.number), 'write-off ' || w.id || ' of ' || w.amount || ' with tax ' || w.tax
               || ', reversed ' || b.total || ' with tax ' || b.tax
        FROM orders_writeoff w LEFT JOIN orders_invoice i ON i.id = w.invoice_id
        LEFT JOIN orders_payment p ON p.id = w.payment_id
        JOIN (SELECT reverses_id, -sum(amount) AS total, -sum(tax) AS tax FROM orders_writeoff
              WHERE reverses_id IS NOT NULL GROUP BY 1) b ON b.reverses_id = w.id
        WHERE b.total > w.amount OR b.tax > w.tax OR b.total = w.amount AND b.tax <> w.tax
        UNION ALL
        SELECT o.number, 'moved ' || r.amount || ', arrived ' || coalesce(n.captured, 0)
        FROM orders_refund r JOIN orders_payment o ON o.id = r.payment_id
        LEFT JOIN orders_payment n ON n.reference = r.reference AND n.origin_id = o.id
        WHERE r.kind = 'moved' AND r.amount IS DISTINCT FROM n.captured""",
    ),
    Invariant(
        "installments add up to their invoice",
        """
        SELECT i.number, 'gross ' || i.gross || ', installments ' || t.total
        FROM orders_invoice i JOIN (SELECT invoice_id, sum(amount) AS total FROM orders_installment GROUP BY 1) t
          ON t.invoice_id = i.id
        WHERE i.gross <> t.total""",
    ),
    Invariant(
        "an invoice's applications are at most what it asks, a credit note's what it has",
        """
        SELECT i.number, 'applied ' || i.applied || ', rows say ' || coalesce(a.total, 0) + coalesce(u.total, 0)
               + coalesce(r.total, 0) || ', gross ' || i.gross
        FROM orders_invoice i
        LEFT JOIN (SELECT invoice_id, sum(amount) AS total FROM orders_paymentapplication GROUP BY 1) a ON a.invoice_id = i.id
        LEFT JOIN (SELECT credit_id, sum(amount) AS total FROM orders_paymentapplication GROUP BY 1) u ON u.credit_id = i.id
        LEFT JOIN (SELECT credit_id, sum(amount) AS total FROM orders_refund WHERE status <> 'failed' GROUP BY 1) r
          ON r.credit_id = i.id
        WHERE i.applied <> coalesce(a.total, 0) + coalesce(u.total, 0) + coalesce(r.total, 0)
           OR i.applied > i.gross""",
    ),
    Invariant(
        "exchange differences are what the rates of both sides say",
        f"""
        SELECT i.number, 'difference ' || a.exchange_difference || ', the rates say '
               || round(a.amount / coalesce(p.exchange_rate, n.exchange_rate) - a.amount / i.exchange_rate, 4)
        FROM orders_paymentapplication a JOIN orders_invoice i ON i.id = a.invoice_id
        JOIN core_company c ON c.id = i.company_id
        LEFT JOIN orders_payment p ON p.id = a.payment_id LEFT JOIN orders_invoice n ON n.id = a.credit_id
        WHERE abs(a.exchange_difference - a.amount / coalesce(p.exchange_rate, n.exchange_rate)
                  + a.amount / i.exchange_rate) > 2 * power(10::numeric, -{places("c.currency")})
        UNION ALL
        SELECT p.number, 'difference of a refund ' || r.exchange_difference || ', the rates say '
               || round(r.amount / coalesce(n.exchange_rate, p.exchange_rate) - r.amount / r.exchange_rate, 4)
        FROM orders_refund r JOIN orders_payment p ON p.id = r.payment_id
        JOIN core_company c ON c.id = p.company_id LEFT JOIN orders_invoice n ON n.id = r.credit_id
        WHERE abs(r.exchange_difference - r.amount / coalesce(n.exchange_rate, p.exchange_rate)
                  + r.amount / r.exchange_rate) > 2 * power(10::numeric, -{places("c.currency")})""",
    ),
    Invariant(
        "a customer's balance is what is open",
        """
        SELECT c.code, 'documents ' || d.total || ', open items ' || o.total
        FROM orders_customer c
        JOIN (SELECT customer_id, sum(amount) AS total FROM (
                SELECT customer_id, CASE kind WHEN 'credit' THEN -gross ELSE gross END AS amount FROM orders_invoice
                WHERE status = 'issued'
                UNION ALL SELECT customer_id, refunded + written_off - captured FROM orders_payment
                UNION ALL SELECT i.customer_id, -w.amount FROM orders_writeoff w JOIN orders_invoice i
                  ON i.id = w.invoice_id) x GROUP BY 1) d
          ON d.customer_id = c.id
        JOIN (SELECT customer_id, sum(amount) AS total FROM (
                SELECT customer_id, CASE kind WHEN 'credit' THEN applied - gross ELSE gross - applied END AS amount
                FROM orders_invoice WHERE status = 'issued'
                UNION ALL SELECT customer_id, applied + refunded_unlinked + written_off - captured FROM orders_payment) x
                GROUP BY 1) o
          ON o.customer_id = c.id
        WHERE d.total <> o.total""",
    ),
    Invariant(
        "a customer's exposure is what is owed, and ordered and not invoiced",
        """
        SELECT c.code, 'entries ' || coalesce(e.total, 0) || ', documents ' || coalesce(d.total, 0)
        FROM orders_customer c
        LEFT JOIN (SELECT customer_id, sum(amount) AS total FROM orders_exposureentry GROUP BY 1) e
          ON e.customer_id = c.id
        LEFT JOIN (SELECT customer_id, sum(amount) AS total FROM (
                     SELECT customer_id, exposure_of(o) AS amount FROM orders_order o
                     UNION ALL SELECT customer_id, exposure_of(i) FROM orders_invoice i
                     UNION ALL SELECT customer_id, exposure_of(p) FROM orders_payment p
                     UNION ALL SELECT i.customer_id, exposure_of(w) FROM orders_writeoff w
                       JOIN orders_invoice i ON i.id = w.invoice_id) x GROUP BY 1) d
          ON d.customer_id = c.id
        WHERE coalesce(e.total, 0) <> coalesce(d.total, 0)""",
    ),
    Invariant(
        "legal numbers have no gap and no double",
        """
        SELECT s.series || ' ' || s.year, 'last ' || s.last || ', issued ' || coalesce(i.issued, 0) || ', highest '
               || coalesce(i.highest, 0)
        FROM core_sequence s
        LEFT JOIN (SELECT company_id, series, year, count(*) AS issued, count(DISTINCT sequence_number) AS distinct_numbers,
                          max(sequence_number) AS highest
                   FROM orders_invoice WHERE status = 'issued' AND NOT is_imported GROUP BY 1, 2, 3) i
          ON i.company_id = s.company_id AND i.series = s.series AND i.year = s.year
        WHERE s.last <> coalesce(i.issued, 0) OR s.last <> coalesce(i.highest, 0)
           OR coalesce(i.distinct_numbers, 0) <> coalesce(i.issued, 0)""",
    ),
    Invariant(
        "each legal document carries the hash of the one before",
        """
        SELECT number, 'previous hash does not match' FROM (
            SELECT number, previous_hash,
                   lag(hash, 1, '') OVER (PARTITION BY company_id, series, year ORDER BY sequence_number) AS before
            FROM orders_invoice WHERE status = 'issued' AND NOT is_imported) chain
        WHERE previous_hash <> before""",
    ),
    Invariant(
        "one order per channel and external number",
        """
        SELECT channel_id || ' ' || external_id, count(*) || ' orders' FROM orders_order WHERE external_id IS NOT NULL
        GROUP BY channel_id, external_id HAVING count(*) > 1""",
    ),
)
