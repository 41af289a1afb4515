"""Views with named columns for exports; amounts of credit notes count against."""

from django.db import migrations

SCHEMA = "CREATE SCHEMA IF NOT EXISTS reporting"
SIGN = "(CASE i.kind WHEN 'credit' THEN -1 ELSE 1 END)"
DOCUMENT = f"""
    i.company_id, i.customer_id, i.status, i.is_imported, i.kind, i.number, i.issued_on, i.supplied_on, i.due_on,
    c.code AS customer, c.name AS customer_name, coalesce(i.bill_to->>'name', c.name) AS name,
    coalesce(i.bill_to->>'country', '') AS country, coalesce(i.bill_to->>'vat_number', '') AS vat_number,
    coalesce(i.seller->>'vat_number', '') AS company_vat_number,
    coalesce(i.seller->>'registered_in', '') AS registration, i.currency, i.exchange_rate"""
VIEWS = {
    "documents": f"""
        SELECT i.id AS document_id, {DOCUMENT}, coalesce(i.ship_to->>'country', '') AS destination,
               {SIGN} * i.net AS net, {SIGN} * i.tax AS tax, {SIGN} * i.gross AS gross
        FROM orders_invoice i JOIN orders_customer c ON c.id = i.customer_id""",
    "document_lines": f"""
        SELECT l.id AS line_id, l.invoice_id AS document_id, l.position, {DOCUMENT},
               coalesce(o.number, '') AS order_number, coalesce(h.code, '') AS channel,
               coalesce(h.name, '') AS channel_name, coalesce(s.code, '') AS sku, s.name AS sku_name, l.description,
               coalesce(ol.sku_id, p.sku_id) IS NOT NULL AS is_goods, {SIGN} * l.quantity AS quantity, l.unit_price,
               l.discount_percent, l.tax_category, l.tax_percent, {SIGN} * l.net AS net, {SIGN} * l.tax AS tax,
               {SIGN} * l.gross AS gross,
               coalesce(nullif(i.ship_to->>'country', ''), o.ship_to->>'country', '') AS destination
        FROM orders_invoiceline l JOIN orders_invoice i ON i.id = l.invoice_id
        JOIN orders_customer c ON c.id = i.customer_id
        LEFT JOIN orders_orderline ol ON ol.id = l.order_line_id
        LEFT JOIN orders_intercompanysupply p ON p.line_id = coalesce(l.corrects_id, l.id)
        LEFT JOIN inventory_sku s ON s.id = coalesce(ol.sku_id, p.sku_id)
        LEFT JOIN orders_ordercharge oc ON oc.id = l.charge_id
        LEFT JOIN orders_order o ON o.id = coalesce(i.order_id, ol.order_id, oc.order_id)
        LEFT JOIN orders_channel h ON h.id = o.channel_id""",
    "payments": """
        SELECT p.id AS payment_id, p.company_id, p.is_imported, p.status, p.paid_on AS booked_on, p.number,
               c.code AS customer, c.name AS customer_name, p.reference, p.captured AS amount, p.currency,
               p.exchange_rate
        FROM orders_payment p JOIN orders_customer c ON c.id = p.customer_id""",
    "refunds": """
        SELECT r.id AS refund_id, r.payment_id, p.company_id, r.kind, r.status, r.booked_on, p.number,
               c.code AS customer, c.name AS customer_name, r.reference, coalesce(n.number, '') AS document,
               coalesce(n.is_imported, false) AS is_imported, r.amount, r.fee, p.currency, r.exchange_rate
        FROM orders_refund r JOIN orders_payment p ON p.id = r.payment_id JOIN orders_customer c ON c.id = p.customer_id
        LEFT JOIN orders_invoice n ON n.id = r.credit_id""",
    "write_offs": """
        SELECT w.id AS write_off_id, coalesce(i.company_id, p.company_id) AS company_id, w.kind, w.booked_on,
               coalesce(i.number, p.number) AS number, c.code AS customer, c.name AS customer_name, w.reason,
               coalesce(i.number, '') AS document,
               CASE WHEN w.invoice_id IS NULL THEN -w.amount ELSE w.amount END AS amount, w.tax,
               coalesce(i.currency, p.currency) AS currency, coalesce(i.exchange_rate, p.exchange_rate) AS exchange_rate
        FROM orders_writeoff w LEFT JOIN orders_invoice i ON i.id = w.invoice_id
        LEFT JOIN orders_payment p ON p.id = w.payment_id
        JOIN orders_customer c ON c.id = coalesce(i.customer_id, p.customer_id)""",
    "open_items": """
        SELECT company_id, customer_id, currency, number, due_on, least(amount, greatest(so_far - applied, 0)) AS open
        FROM (
            SELECT i.company_id, i.customer_id, i.currency, i.number, i.applied, coalesce(t.due_on, i.due_on) AS due_on,
                   coalesce(t.amount, i.gross) AS amount,
                   sum(coalesce(t.amount, i.gross)) OVER (PARTITION BY i.id ORDER BY t.due_on, t.id) AS so_far
            FROM orders_invoice i LEFT JOIN orders_installment t ON t.invoice_id = i.id
            WHERE i.status = 'issued' AND i.applied < i.gross AND i.kind <> 'credit') part
        UNION ALL
        SELECT company_id, customer_id, currency, number, NULL, applied - gross FROM orders_invoice
        WHERE status = 'issued' AND applied < gross AND kind = 'credit'
        UNION ALL
        SELECT company_id, customer_id, currency, number, NULL, applied + refunded_unlinked + written_off - captured
        FROM orders_payment WHERE captured > applied + refunded_unlinked + written_off""",
    "supplier_documents": f"""
        SELECT i.id AS document_id, i.company_id, i.kind, i.number, i.booked_on, i.currency, {SIGN} * i.net AS net,
               {SIGN} * i.tax AS tax, {SIGN} * i.gross AS gross
        FROM orders_supplierinvoice i""",
    "supplier_document_lines": f"""
        SELECT l.id AS line_id, l.invoice_id AS document_id, l.position, i.company_id, i.number, i.kind, i.issued_on,
               i.booked_on, i.due_on, s.code AS supplier, s.name AS supplier_name,
               coalesce(m.seller->>'country', '') AS country, coalesce(m.seller->>'vat_number', '') AS vat_number,
               coalesce(c.number, '') AS corrects, coalesce(k.code, '') AS sku, l.description,
               {SIGN} * l.quantity AS quantity, l.unit_price, l.tax_category, l.tax_percent, {SIGN} * l.net AS net,
               {SIGN} * l.tax AS tax, {SIGN} * l.gross AS gross, i.currency, i.exchange_rate,
               coalesce(m.bill_to->>'vat_number', '') AS company_vat_number
        FROM orders_supplierinvoiceline l JOIN orders_supplierinvoice i ON i.id = l.invoice_id
        JOIN inventory_supplier s ON s.id = i.supplier_id JOIN orders_invoice m ON m.id = i.mirrors_id
        LEFT JOIN orders_supplierinvoice c ON c.id = i.corrects_id LEFT JOIN inventory_sku k ON k.id = l.sku_id""",
}


class Migration(migrations.Migration):
    dependencies = [("orders", "0010_tie_demand"), ("inventory", "0003_labels")]

    operations = [
        migrations.RunSQL(SCHEMA, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(f"CREATE VIEW reporting.{name} AS {query}", f"DROP VIEW reporting.{name}")
            for name, query in VIEWS.items()
        ),
    ]
