"""The profiles of the accountant's exports: columns, and the SQL that reads rows, documents and the ledger's sums.

Amounts of credit notes count against. Each query gets `company`, `places` (of its
currency), `run`, `since` and `until` (dates or null). The rows
and the ledger are read by different ways (lines, and the heads of their documents), so that each proves the other.
"""

from dataclasses import replace
from typing import Any

from oms.core import money
from orders.accounting import receivables
from orders.accounting.export_layout import (
    COUNT,
    DAY,
    KIND,
    MONEY,
    PERCENT,
    PRICE,
    TAX_CATEGORY,
    TEXT,
    Layout,
)
from orders.accounting.models import ExportRun
from orders.accounting.models.export import Profile
from orders.accounting.supplier_export import SUPPLIER_INVOICES

_SIGN = "(CASE i.kind WHEN 'credit' THEN -1 ELSE 1 END)"
_IN_RUN = (
    "JOIN orders_exporteddocument x ON x.run_id = %(run)s AND x.kind = 'invoice' AND x.key = i.id"
)
_VAT_NUMBER = "coalesce(i.seller->>'vat_number', '')"
_ISSUED = """i.company_id = %(company)s AND i.status = 'issued' AND NOT i.is_imported
    AND (%(since)s::date IS NULL OR i.issued_on >= %(since)s::date)
    AND (%(until)s::date IS NULL OR i.issued_on <= %(until)s::date)"""


_LINES = f"""
    SELECT i.number, i.kind, i.issued_on, i.supplied_on, i.due_on, c.code, coalesce(i.bill_to->>'name', c.name),
           coalesce(i.bill_to->>'country', ''), coalesce(i.bill_to->>'vat_number', ''), coalesce(o.number, ''),
           coalesce(h.code, ''), coalesce(s.code, ''), l.description, ({_SIGN} * l.quantity)::float8,
           l.unit_price::float8, l.discount_percent::float8, l.tax_category, l.tax_percent::float8,
           ({_SIGN} * l.net)::float8, ({_SIGN} * l.tax)::float8, ({_SIGN} * l.gross)::float8, i.currency,
           i.exchange_rate::float8, round({_SIGN} * l.gross / i.exchange_rate, %(places)s)::float8,
           coalesce(nullif(i.ship_to->>'country', ''), o.ship_to->>'country', ''), {_VAT_NUMBER}
    FROM orders_invoice i {_IN_RUN}
    JOIN orders_invoiceline l ON l.invoice_id = i.id
    JOIN orders_customer c ON c.id = i.customer_id
    LEFT JOIN orders_orderline ol ON ol.id = l.order_line_id
    LEFT JOIN orders_intercompanysupply p ON p.line_id = coalesce(l.corrects_id, l.id)
    LEFT JOIN inventory_sku s ON s.id = coalesce(ol.sku_id, p.sku_id)
    LEFT JOIN orders_ordercharge oc ON oc.id = l.charge_id
    LEFT JOIN orders_order o ON o.id = coalesce(i.order_id, ol.order_id, oc.order_id)
    LEFT JOIN orders_channel h ON h.id = o.channel_id
    ORDER BY i.id, l.position"""
_TAXES = f"""
    SELECT i.number, i.kind, i.issued_on, c.code, coalesce(i.bill_to->>'name', c.name),
           coalesce(i.bill_to->>'country', ''), coalesce(i.bill_to->>'vat_number', ''), t.tax_category,
           t.tax_percent::float8, ({_SIGN} * t.net)::float8, ({_SIGN} * t.tax)::float8, ({_SIGN} * t.gross)::float8,
           i.currency, i.exchange_rate::float8, round({_SIGN} * t.net / i.exchange_rate, %(places)s)::float8,
           round({_SIGN} * t.tax / i.exchange_rate, %(places)s)::float8, {_VAT_NUMBER},
           coalesce(i.ship_to->>'country', ''), i.supplied_on
    FROM orders_invoice i {_IN_RUN}
    JOIN (SELECT l.invoice_id, l.tax_category, l.tax_percent, sum(l.net) AS net, sum(l.tax) AS tax,
                 sum(l.gross) AS gross
          FROM orders_invoiceline l
          WHERE l.invoice_id IN (SELECT key FROM orders_exporteddocument WHERE run_id = %(run)s AND kind = 'invoice')
          GROUP BY 1, 2, 3) t ON t.invoice_id = i.id
    JOIN orders_customer c ON c.id = i.customer_id
    ORDER BY i.id, t.tax_category, t.tax_percent"""
_HEADS = f"""
    SELECT i.currency, count(*), sum({_SIGN} * i.net), sum({_SIGN} * i.tax), sum({_SIGN} * i.gross), NULL::numeric
    FROM orders_invoice i {_IN_RUN} GROUP BY 1 ORDER BY 1"""
_HEAD_TAXES = f"""
    SELECT i.currency, l.tax_percent, sum({_SIGN} * l.tax) FROM orders_invoice i {_IN_RUN}
    JOIN orders_invoiceline l ON l.invoice_id = i.id GROUP BY 1, 2 ORDER BY 1, 2"""
_OF_COMPANY = """p.company_id = %(company)s AND NOT p.is_imported"""
_WITHIN = """(%(since)s::date IS NULL OR {day} >= %(since)s::date)
    AND (%(until)s::date IS NULL OR {day} <= %(until)s::date)"""
_PAYMENT_ROWS = """
    SELECT p.paid_on AS day, p.number, 'payment' AS kind, c.code, c.name, p.reference, '' AS of, p.captured AS amount,
           0::numeric AS tax, p.currency, p.exchange_rate AS rate, p.id, 1 AS rank
    FROM orders_payment p JOIN orders_customer c ON c.id = p.customer_id
    JOIN orders_exporteddocument x ON x.run_id = %(run)s AND x.kind = 'payment' AND x.key = p.id
    UNION ALL
    SELECT r.booked_on, p.number, CASE r.kind WHEN 'refund' THEN 'refund' ELSE r.kind || ' payment' END, c.code, c.name,
           r.reference, coalesce(n.number, ''), -r.amount, 0, p.currency, r.exchange_rate, r.id, 2
    FROM orders_refund r JOIN orders_payment p ON p.id = r.payment_id JOIN orders_customer c ON c.id = p.customer_id
    LEFT JOIN orders_invoice n ON n.id = r.credit_id
    JOIN orders_exporteddocument x ON x.run_id = %(run)s AND x.kind = 'refund' AND x.key = r.id
    UNION ALL
    SELECT r.booked_on, p.number, 'fee of a returned payment', c.code, c.name, r.reference, '', -r.fee, 0, p.currency,
           r.exchange_rate, r.id, 3
    FROM orders_refund r JOIN orders_payment p ON p.id = r.payment_id JOIN orders_customer c ON c.id = p.customer_id
    JOIN orders_exporteddocument x ON x.run_id = %(run)s AND x.kind = 'refund' AND x.key = r.id WHERE r.fee <> 0
    UNION ALL
    SELECT w.booked_on, coalesce(i.number, p.number), 'write-off: ' || replace(w.kind, '_', ' '), c.code, c.name,
           w.reason, coalesce(i.number, ''), CASE WHEN w.invoice_id IS NULL THEN -w.amount ELSE w.amount END, w.tax,
           coalesce(i.currency, p.currency), coalesce(i.exchange_rate, p.exchange_rate), w.id, 4
    FROM orders_writeoff w LEFT JOIN orders_invoice i ON i.id = w.invoice_id
    LEFT JOIN orders_payment p ON p.id = w.payment_id
    JOIN orders_customer c ON c.id = coalesce(i.customer_id, p.customer_id)
    JOIN orders_exporteddocument x ON x.run_id = %(run)s AND x.kind = 'write_off' AND x.key = w.id"""
_PAYMENT_KEYS = f"""SELECT p.id FROM orders_payment p
    WHERE {_OF_COMPANY} AND p.status = 'captured' AND {_WITHIN.format(day="p.paid_on")}"""
_REFUND_KEYS = f"""SELECT r.id FROM orders_refund r JOIN orders_payment p ON p.id = r.payment_id
    LEFT JOIN orders_invoice n ON n.id = r.credit_id
    WHERE r.status = 'done' AND p.company_id = %(company)s AND NOT coalesce(n.is_imported, false)
    AND {_WITHIN.format(day="r.booked_on")}"""
_WRITE_OFF_KEYS = f"""SELECT w.id FROM orders_writeoff w LEFT JOIN orders_invoice i ON i.id = w.invoice_id
    LEFT JOIN orders_payment p ON p.id = w.payment_id
    WHERE coalesce(i.company_id, p.company_id) = %(company)s AND {_WITHIN.format(day="w.booked_on")}"""
_MONEY_SUMS = """
    SELECT currency, count(*), NULL::numeric, NULL::numeric, NULL::numeric, sum(amount) FROM (
        SELECT p.currency, p.captured AS amount FROM orders_payment p WHERE p.id IN (
            SELECT key FROM orders_exporteddocument WHERE run_id = %(run)s AND kind = 'payment')
        UNION ALL SELECT p.currency, -r.amount - r.fee FROM orders_refund r JOIN orders_payment p ON p.id = r.payment_id
        WHERE r.id IN (SELECT key FROM orders_exporteddocument WHERE run_id = %(run)s AND kind = 'refund')
        UNION ALL SELECT coalesce(i.currency, p.currency), CASE WHEN w.invoice_id IS NULL THEN -1 ELSE 1 END * w.amount
        FROM orders_writeoff w LEFT JOIN orders_invoice i ON i.id = w.invoice_id
        LEFT JOIN orders_payment p ON p.id = w.payment_id
        WHERE w.id IN (SELECT key FROM orders_exporteddocument WHERE run_id = %(run)s AND kind = 'write_off')) x
    GROUP BY 1 ORDER BY 1"""


_IS_GOODS = "coalesce(ol.sku_id, p.sku_id) IS NOT NULL"  # charges and deposits have no units


def _sales(group: str, joins: str) -> str:
    return f"""
    SELECT {group}, coalesce(sum({_SIGN} * l.quantity) FILTER (WHERE {_IS_GOODS}), 0)::float8,
           sum({_SIGN} * l.net)::float8, sum({_SIGN} * l.tax)::float8,
           sum({_SIGN} * l.gross)::float8, i.currency
    FROM orders_invoice i JOIN orders_invoiceline l ON l.invoice_id = i.id
    LEFT JOIN orders_orderline ol ON ol.id = l.order_line_id LEFT JOIN orders_ordercharge oc ON oc.id = l.charge_id
    LEFT JOIN orders_intercompanysupply p ON p.line_id = coalesce(l.corrects_id, l.id)
    LEFT JOIN orders_order o ON o.id = coalesce(i.order_id, ol.order_id, oc.order_id) {joins}
    WHERE {_ISSUED} GROUP BY 1, 2, i.currency ORDER BY i.currency, sum({_SIGN} * l.net) DESC, 1"""


_SALES_SUMS = f"""
    SELECT i.currency, NULL::bigint, sum({_SIGN} * i.net), sum({_SIGN} * i.tax), sum({_SIGN} * i.gross), NULL::numeric
    FROM orders_invoice i WHERE {_ISSUED} GROUP BY 1 ORDER BY 1"""
_SALES_TAIL = (
    ("Quantity", COUNT),
    ("Net", MONEY),
    ("Tax", MONEY),
    ("Gross", MONEY),
    ("Currency", TEXT),
)
_SALES_COLUMNS = {"net": 3, "tax": 4, "gross": 5}
_MONEY_KEYS = (("payment", _PAYMENT_KEYS), ("refund", _REFUND_KEYS), ("write_off", _WRITE_OFF_KEYS))
# A display name is unique in QuickBooks, at most 100 characters long, and has no colon.
_UNIQUE_NAME = "replace(left(c.name, 97 - length(c.code)), ':', '-') || ' (' || c.code || ')'"
_INVOICE_KEYS = (("invoice", f"SELECT i.id FROM orders_invoice i WHERE {_ISSUED}"),)

LINES = Layout(
    columns=(
        ("Number", TEXT),
        ("Kind", KIND),
        ("Date", DAY),
        ("Date of supply", DAY),
        ("Due", DAY),
        ("Customer", TEXT),
        ("Name", TEXT),
        ("Country", TEXT),
        ("VAT number", TEXT),
        ("Order", TEXT),
        ("Channel", TEXT),
        ("SKU", TEXT),
        ("Description", TEXT),
        ("Quantity", COUNT),
        ("Price", PRICE),
        ("Discount %", PERCENT),
        ("Tax category", TAX_CATEGORY),
        ("Tax %", PERCENT),
        ("Net", MONEY),
        ("Tax", MONEY),
        ("Gross", MONEY),
        ("Currency", TEXT),
        ("Exchange rate", PRICE),
        ("Gross in company currency", MONEY),
        ("Destination", TEXT),
        ("Company's VAT number", TEXT),
    ),
    rows=_LINES,
    ledger=_HEADS,
    ledger_taxes=_HEAD_TAXES,
    documents=_INVOICE_KEYS,
    sums={"net": 18, "tax": 19, "gross": 20},
    currency=21,
    document=0,
    rate=17,
)

LAYOUTS: dict[str, Layout] = {
    Profile.INVOICE_LINES: LINES,
    Profile.INVOICE_TAXES: Layout(
        columns=(
            ("Number", TEXT),
            ("Kind", KIND),
            ("Date", DAY),
            ("Customer", TEXT),
            ("Name", TEXT),
            ("Country", TEXT),
            ("VAT number", TEXT),
            ("Tax category", TAX_CATEGORY),
            ("Tax %", PERCENT),
            ("Net", MONEY),
            ("Tax", MONEY),
            ("Gross", MONEY),
            ("Currency", TEXT),
            ("Exchange rate", PRICE),
            ("Net in company currency", MONEY),
            ("Tax in company currency", MONEY),
            ("Company's VAT number", TEXT),
            ("Destination", TEXT),
            ("Date of supply", DAY),
        ),
        rows=_TAXES,
        ledger=_HEADS,
        ledger_taxes=_HEAD_TAXES,
        documents=_INVOICE_KEYS,
        sums={"net": 9, "tax": 10, "gross": 11},
        currency=12,
        document=0,
        rate=8,
    ),
    Profile.PAYMENTS: Layout(
        columns=(
            ("Date", DAY),
            ("Number", TEXT),
            ("Kind", TEXT),
            ("Customer", TEXT),
            ("Name", TEXT),
            ("Reference", TEXT),
            ("Document", TEXT),
            ("Amount", MONEY),
            ("Tax given up", MONEY),
            ("Currency", TEXT),
            ("Exchange rate", PRICE),
            ("Amount in company currency", MONEY),
        ),
        rows=f"""SELECT day, number, kind, code, name, reference, of, amount::float8, tax::float8, currency,
                        rate::float8, round(amount / rate, %(places)s)::float8
                 FROM ({_PAYMENT_ROWS}) t ORDER BY day, rank, id""",
        ledger=_MONEY_SUMS,
        sums={"amount": 7},
        currency=9,
        documents=_MONEY_KEYS,
    ),
    Profile.QUICKBOOKS: replace(
        LINES,
        documents=(*_INVOICE_KEYS, *_MONEY_KEYS),
        rows=_LINES.replace("coalesce(i.bill_to->>'name', c.name)", _UNIQUE_NAME)
        .replace(_VAT_NUMBER, "coalesce(i.seller->>'registered_in', '')")
        .replace("ORDER BY i.id", "ORDER BY i.kind = 'credit', i.id"),
    ),
    Profile.SUPPLIER_INVOICES: SUPPLIER_INVOICES,
    Profile.RECEIVABLES: Layout(
        columns=(
            ("Customer", TEXT),
            ("Name", TEXT),
            *((name.capitalize(), MONEY) for name in receivables.BUCKETS),
            ("Total", MONEY),
            ("Currency", TEXT),
        ),
        rows=receivables.AGED,
        ledger=receivables.BALANCES,
        sums={"amount": 8},
        currency=9,
    ),
    Profile.SALES_BY_PRODUCT: Layout(
        columns=(("SKU", TEXT), ("Name", TEXT), *_SALES_TAIL),
        currency=6,
        sums=_SALES_COLUMNS,
        ledger=_SALES_SUMS,
        rows=_sales(
            "coalesce(s.code, '')",
            "LEFT JOIN inventory_sku s ON s.id = coalesce(ol.sku_id, p.sku_id)",
        ).replace(
            "SELECT coalesce(s.code, '')",
            "SELECT coalesce(s.code, ''), coalesce(s.name, 'charges and deposits')",
        ),
    ),
    Profile.SALES_BY_CHANNEL: Layout(
        columns=(("Channel", TEXT), ("Name", TEXT), *_SALES_TAIL),
        currency=6,
        sums=_SALES_COLUMNS,
        ledger=_SALES_SUMS,
        rows=_sales(
            "coalesce(h.code, ''), coalesce(h.name, '')",
            "LEFT JOIN orders_channel h ON h.id = o.channel_id",
        ),
    ),
    Profile.SALES_BY_CUSTOMER: Layout(
        columns=(("Customer", TEXT), ("Name", TEXT), *_SALES_TAIL),
        currency=6,
        sums=_SALES_COLUMNS,
        ledger=_SALES_SUMS,
        rows=_sales("c.code, c.name", "JOIN orders_customer c ON c.id = i.customer_id"),
    ),
    Profile.STOCK_VALUE: Layout(
        columns=(
            ("SKU", TEXT),
            ("Name", TEXT),
            ("Warehouse", TEXT),
            ("On hand", COUNT),
            ("Average cost", PRICE),
            ("Value", MONEY),
            ("Currency", TEXT),
        ),
        rows="""SELECT s.code, s.name, w.code, t.on_hand::float8, t.average_cost::float8,
                       round(t.on_hand * t.average_cost, %(places)s)::float8, m.currency
                FROM inventory_stock t JOIN inventory_sku s ON s.id = t.sku_id
                JOIN inventory_warehouse w ON w.id = t.warehouse_id JOIN core_company m ON m.id = w.company_id
                WHERE w.company_id = %(company)s AND t.on_hand <> 0 ORDER BY s.code, w.code""",
        ledger="""SELECT m.currency, NULL::bigint, NULL::numeric, NULL::numeric, NULL::numeric, sum(v.value)
                  FROM (SELECT b.warehouse_id, round(sum(k.on_hand) * t.average_cost, %(places)s) AS value
                        FROM inventory_binstock k JOIN inventory_bin b ON b.id = k.bin_id
                        JOIN inventory_stock t ON t.sku_id = k.sku_id AND t.warehouse_id = b.warehouse_id
                        GROUP BY b.warehouse_id, k.sku_id, t.average_cost) v
                  JOIN inventory_warehouse w ON w.id = v.warehouse_id JOIN core_company m ON m.id = w.company_id
                  WHERE w.company_id = %(company)s GROUP BY 1""",
        sums={"amount": 5},
        currency=6,
    ),
}


def parameters(run: ExportRun) -> dict[str, Any]:
    """What the statements of a layout are asked with."""
    return {
        "company": run.company_id,
        "places": money.minor_units(run.company.currency),
        "run": run.pk,
        "since": run.since,
        "until": run.until,
        "profile": run.profile,
        "only_new": run.only_new,
    }
