"""The profiles of the accountant's exports: columns of the `reporting` views, documents and the ledger's sums.

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
    Column,
    Layout,
)
from orders.accounting.models import ExportRun
from orders.accounting.models.export import Profile
from orders.accounting.supplier_export import SUPPLIER_INVOICES

_WITHIN = """(%(since)s::date IS NULL OR {day} >= %(since)s::date)
    AND (%(until)s::date IS NULL OR {day} <= %(until)s::date)"""
_ISSUED = f"""d.company_id = %(company)s AND d.status = 'issued' AND NOT d.is_imported
    AND {_WITHIN.format(day="d.issued_on")}"""


def _in_run(kind: str, key: str) -> str:
    return f"""JOIN orders_exporteddocument x
    ON x.run_id = %(run)s AND x.kind = '{kind}' AND x.key = {key}"""


_INVOICE_IN_RUN = _in_run("invoice", "d.document_id")
_HEADS = """
    SELECT currency, count(*) AS documents, sum(net) AS net, sum(tax) AS tax, sum(gross) AS gross
    FROM reporting.documents d {which} GROUP BY currency ORDER BY currency"""
_IN_HEADS = _HEADS.format(which=_INVOICE_IN_RUN)
_HEAD_TAXES = f"""
    SELECT currency, tax_percent, sum(tax) AS tax FROM reporting.document_lines d {_INVOICE_IN_RUN}
    GROUP BY currency, tax_percent ORDER BY currency, tax_percent"""
_TAXES = """
    (SELECT document_id, tax_category, tax_percent, sum(net) AS net, sum(tax) AS tax, sum(gross) AS gross
     FROM reporting.document_lines
     WHERE document_id IN (SELECT key FROM orders_exporteddocument WHERE run_id = %(run)s AND kind = 'invoice')
     GROUP BY document_id, tax_category, tax_percent) t
    JOIN reporting.documents d ON d.document_id = t.document_id ORDER BY d.document_id, tax_category, tax_percent"""
_PAYMENTS = f"""(
    SELECT booked_on, number, 'payment' AS kind, customer, customer_name, reference, '' AS document, amount,
           0::numeric AS tax, currency, exchange_rate, payment_id AS key, 1 AS rank
    FROM reporting.payments d {_in_run("payment", "d.payment_id")}
    UNION ALL
    SELECT booked_on, number, CASE d.kind WHEN 'refund' THEN 'refund' ELSE d.kind || ' payment' END, customer,
           customer_name, reference, document, -amount, 0, currency, exchange_rate, refund_id, 2
    FROM reporting.refunds d {_in_run("refund", "d.refund_id")}
    UNION ALL
    SELECT booked_on, number, 'fee of a returned payment', customer, customer_name, reference, '', -fee, 0, currency,
           exchange_rate, refund_id, 3
    FROM reporting.refunds d {_in_run("refund", "d.refund_id")} WHERE fee <> 0
    UNION ALL
    SELECT booked_on, number, 'write-off: ' || replace(d.kind, '_', ' '), customer, customer_name, reason, document,
           amount, tax, currency, exchange_rate, write_off_id, 4
    FROM reporting.write_offs d {_in_run("write_off", "d.write_off_id")}) t ORDER BY booked_on, rank, t.key"""
_MONEY_SUMS = """
    SELECT currency, count(*) AS documents, sum(amount) AS amount FROM (
        SELECT p.currency, p.captured AS amount FROM orders_payment p WHERE p.id IN (
            SELECT key FROM orders_exporteddocument WHERE run_id = %(run)s AND kind = 'payment')
        UNION ALL SELECT p.currency, -r.amount - r.fee FROM orders_refund r JOIN orders_payment p ON p.id = r.payment_id
        WHERE r.id IN (SELECT key FROM orders_exporteddocument WHERE run_id = %(run)s AND kind = 'refund')
        UNION ALL SELECT coalesce(i.currency, p.currency), CASE WHEN w.invoice_id IS NULL THEN -1 ELSE 1 END * w.amount
        FROM orders_writeoff w LEFT JOIN orders_invoice i ON i.id = w.invoice_id
        LEFT JOIN orders_payment p ON p.id = w.payment_id
        WHERE w.id IN (SELECT key FROM orders_exporteddocument WHERE run_id = %(run)s AND kind = 'write_off')) x
    GROUP BY currency ORDER BY currency"""
_MONEY_KEYS = (
    (
        "payment",
        f"""SELECT d.payment_id AS id FROM reporting.payments d WHERE d.company_id = %(company)s
        AND NOT d.is_imported AND d.status = 'captured' AND {_WITHIN.format(day="d.booked_on")}""",
    ),
    (
        "refund",
        f"""SELECT d.refund_id AS id FROM reporting.refunds d WHERE d.status = 'done'
        AND d.company_id = %(company)s AND NOT d.is_imported AND {_WITHIN.format(day="d.booked_on")}""",
    ),
    (
        "write_off",
        f"""SELECT d.write_off_id AS id FROM reporting.write_offs d
        WHERE d.company_id = %(company)s AND {_WITHIN.format(day="d.booked_on")}""",
    ),
)
_INVOICE_KEYS = (
    ("invoice", f"SELECT d.document_id AS id FROM reporting.documents d WHERE {_ISSUED}"),
)
# A display name is unique in QuickBooks, at most 100 characters long, and has no colon.
_UNIQUE_NAME = (
    "replace(left(customer_name, 97 - length(customer)), ':', '-') || ' (' || customer || ')'"
)


def _sales(key: Column, name: Column) -> Layout:
    """Sales by a key; charges and deposits have no units."""
    return Layout(
        columns=(
            key,
            name,
            Column("quantity", "Quantity", COUNT),
            Column("net", "Net", MONEY),
            Column("tax", "Tax", MONEY),
            Column("gross", "Gross", MONEY),
            Column("currency", "Currency"),
        ),
        source=f"""(
            SELECT {key.name}, {name.name}, coalesce(sum(quantity) FILTER (WHERE is_goods), 0) AS quantity,
                   sum(net) AS net, sum(tax) AS tax, sum(gross) AS gross, currency
            FROM reporting.document_lines d WHERE {_ISSUED} GROUP BY {key.name}, {name.name}, currency) t
            ORDER BY t.currency, t.net DESC, t.{key.name}""",
        ledger=_HEADS.format(which=f"WHERE {_ISSUED}"),
        sums=("net", "tax", "gross"),
    )


LINES = Layout(
    columns=(
        Column("number", "Number"),
        Column("kind", "Kind", KIND, "d.kind"),
        Column("issued_on", "Date", DAY),
        Column("supplied_on", "Date of supply", DAY),
        Column("due_on", "Due", DAY),
        Column("customer", "Customer"),
        Column("name", "Name"),
        Column("country", "Country"),
        Column("vat_number", "VAT number"),
        Column("order_number", "Order"),
        Column("channel", "Channel"),
        Column("sku", "SKU"),
        Column("description", "Description"),
        Column("quantity", "Quantity", COUNT),
        Column("unit_price", "Price", PRICE),
        Column("discount_percent", "Discount %", PERCENT),
        Column("tax_category", "Tax category", TAX_CATEGORY),
        Column("tax_percent", "Tax %", PERCENT),
        Column("net", "Net", MONEY),
        Column("tax", "Tax", MONEY),
        Column("gross", "Gross", MONEY),
        Column("currency", "Currency"),
        Column("exchange_rate", "Exchange rate", PRICE),
        Column(
            "home_gross",
            "Gross in company currency",
            MONEY,
            "round(gross / exchange_rate, %(places)s)",
        ),
        Column("destination", "Destination"),
        Column("company_vat_number", "Company's VAT number"),
    ),
    source=f"reporting.document_lines d {_INVOICE_IN_RUN} ORDER BY d.document_id, d.position",
    ledger=_IN_HEADS,
    ledger_taxes=_HEAD_TAXES,
    documents=_INVOICE_KEYS,
    sums=("net", "tax", "gross"),
    counts_documents=True,
    has_rates=True,
)


def _for_quickbooks(column: Column) -> Column:
    """Names as QuickBooks takes them, and the registration, whose tax codes it has, for the company's VAT number."""
    other = {"name": _UNIQUE_NAME, "company_vat_number": "registration"}
    return replace(column, sql=other.get(column.name, column.sql))


LAYOUTS: dict[str, Layout] = {
    Profile.INVOICE_LINES: LINES,
    Profile.INVOICE_TAXES: Layout(
        columns=(
            Column("number", "Number"),
            Column("kind", "Kind", KIND),
            Column("issued_on", "Date", DAY),
            Column("customer", "Customer"),
            Column("name", "Name"),
            Column("country", "Country"),
            Column("vat_number", "VAT number"),
            Column("tax_category", "Tax category", TAX_CATEGORY),
            Column("tax_percent", "Tax %", PERCENT),
            Column("net", "Net", MONEY, "t.net"),
            Column("tax", "Tax", MONEY, "t.tax"),
            Column("gross", "Gross", MONEY, "t.gross"),
            Column("currency", "Currency"),
            Column("exchange_rate", "Exchange rate", PRICE),
            Column(
                "home_net",
                "Net in company currency",
                MONEY,
                "round(t.net / exchange_rate, %(places)s)",
            ),
            Column(
                "home_tax",
                "Tax in company currency",
                MONEY,
                "round(t.tax / exchange_rate, %(places)s)",
            ),
            Column("company_vat_number", "Company's VAT number"),
            Column("destination", "Destination"),
            Column("supplied_on", "Date of supply", DAY),
        ),
        source=_TAXES,
        ledger=_IN_HEADS,
        ledger_taxes=_HEAD_TAXES,
        documents=_INVOICE_KEYS,
        sums=("net", "tax", "gross"),
        counts_documents=True,
        has_rates=True,
    ),
    Profile.PAYMENTS: Layout(
        columns=(
            Column("booked_on", "Date", DAY),
            Column("number", "Number"),
            Column("kind", "Kind"),
            Column("customer", "Customer"),
            Column("customer_name", "Name"),
            Column("reference", "Reference"),
            Column("document", "Document"),
            Column("amount", "Amount", MONEY),
            Column("tax", "Tax given up", MONEY),
            Column("currency", "Currency"),
            Column("exchange_rate", "Exchange rate", PRICE),
            Column(
                "home_amount",
                "Amount in company currency",
                MONEY,
                "round(amount / exchange_rate, %(places)s)",
            ),
        ),
        source=_PAYMENTS,
        ledger=_MONEY_SUMS,
        sums=("amount",),
        documents=_MONEY_KEYS,
    ),
    Profile.QUICKBOOKS: replace(
        LINES,
        columns=tuple(map(_for_quickbooks, LINES.columns)),
        documents=(*_INVOICE_KEYS, *_MONEY_KEYS),
        source=LINES.source.replace("ORDER BY", "ORDER BY d.kind = 'credit',"),
    ),
    Profile.SUPPLIER_INVOICES: SUPPLIER_INVOICES,
    Profile.RECEIVABLES: Layout(
        columns=(
            Column("customer", "Customer"),
            Column("customer_name", "Name"),
            *(
                Column(name, title.capitalize(), MONEY)
                for name, title in receivables.BUCKETS.items()
            ),
            Column("amount", "Total", MONEY),
            Column("currency", "Currency"),
        ),
        source=f"({receivables.AGED}) t ORDER BY currency, customer",
        ledger=receivables.BALANCES,
        sums=("amount",),
    ),
    Profile.SALES_BY_PRODUCT: _sales(
        Column("sku", "SKU"),
        Column("sku_name", "Name", sql="coalesce(sku_name, 'charges and deposits')"),
    ),
    Profile.SALES_BY_CHANNEL: _sales(Column("channel", "Channel"), Column("channel_name", "Name")),
    Profile.SALES_BY_CUSTOMER: _sales(
        Column("customer", "Customer"), Column("customer_name", "Name")
    ),
    Profile.STOCK_VALUE: Layout(
        columns=(
            Column("sku", "SKU"),
            Column("sku_name", "Name"),
            Column("warehouse", "Warehouse"),
            Column("on_hand", "On hand", COUNT),
            Column("average_cost", "Average cost", PRICE),
            Column("amount", "Value", MONEY, "round(value, %(places)s)"),
            Column("currency", "Currency"),
        ),
        source="""reporting.stock_value
            WHERE company_id = %(company)s AND on_hand <> 0 ORDER BY sku, warehouse""",
        ledger="""SELECT m.currency, NULL::bigint AS documents, sum(v.value) AS amount
                  FROM (SELECT b.warehouse_id, round(sum(k.on_hand) * t.average_cost, %(places)s) AS value
                        FROM inventory_binstock k JOIN inventory_bin b ON b.id = k.bin_id
                        JOIN inventory_stock t ON t.sku_id = k.sku_id AND t.warehouse_id = b.warehouse_id
                        GROUP BY b.warehouse_id, k.sku_id, t.average_cost) v
                  JOIN inventory_warehouse w ON w.id = v.warehouse_id JOIN core_company m ON m.id = w.company_id
                  WHERE w.company_id = %(company)s GROUP BY m.currency""",
        sums=("amount",),
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
