"""The export profile of supplier invoices, which companies of the installation bill each other."""

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

_SIGN = "(CASE i.kind WHEN 'credit' THEN -1 ELSE 1 END)"
_IN_RUN = (
    "JOIN orders_exporteddocument x ON x.run_id = %(run)s AND x.kind = 'supplier' AND x.key = i.id"
)

SUPPLIER_INVOICES = Layout(
    columns=(
        ("Number", TEXT),
        ("Kind", KIND),
        ("Date", DAY),
        ("Posted", DAY),
        ("Due", DAY),
        ("Supplier", TEXT),
        ("Name", TEXT),
        ("Country", TEXT),
        ("VAT number", TEXT),
        ("Corrects", TEXT),
        ("SKU", TEXT),
        ("Description", TEXT),
        ("Quantity", COUNT),
        ("Price", PRICE),
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
    ),
    rows=f"""
        SELECT i.number, i.kind, i.issued_on, i.booked_on, i.due_on, s.code, s.name, coalesce(m.seller->>'country', ''),
               coalesce(m.seller->>'vat_number', ''), coalesce(c.number, ''), coalesce(k.code, ''), l.description,
               ({_SIGN} * l.quantity)::float8, l.unit_price::float8, l.tax_category, l.tax_percent::float8,
               ({_SIGN} * l.net)::float8, ({_SIGN} * l.tax)::float8, ({_SIGN} * l.gross)::float8, i.currency,
               i.exchange_rate::float8, round({_SIGN} * l.net / i.exchange_rate, %(places)s)::float8,
               round({_SIGN} * l.tax / i.exchange_rate, %(places)s)::float8, coalesce(m.bill_to->>'vat_number', '')
        FROM orders_supplierinvoice i {_IN_RUN}
        JOIN orders_supplierinvoiceline l ON l.invoice_id = i.id
        JOIN inventory_supplier s ON s.id = i.supplier_id
        JOIN orders_invoice m ON m.id = i.mirrors_id
        LEFT JOIN orders_supplierinvoice c ON c.id = i.corrects_id
        LEFT JOIN inventory_sku k ON k.id = l.sku_id
        ORDER BY i.id, l.position""",
    ledger=f"""
        SELECT i.currency, count(*), sum({_SIGN} * i.net), sum({_SIGN} * i.tax), sum({_SIGN} * i.gross), NULL::numeric
        FROM orders_supplierinvoice i {_IN_RUN} GROUP BY 1 ORDER BY 1""",
    ledger_taxes=f"""
        SELECT i.currency, l.tax_percent, sum({_SIGN} * l.tax) FROM orders_supplierinvoice i {_IN_RUN}
        JOIN orders_supplierinvoiceline l ON l.invoice_id = i.id GROUP BY 1, 2 ORDER BY 1, 2""",
    documents=(
        (
            "supplier",
            """
            SELECT i.id FROM orders_supplierinvoice i WHERE i.company_id = %(company)s
            AND (%(since)s::date IS NULL OR i.booked_on >= %(since)s::date)
            AND (%(until)s::date IS NULL OR i.booked_on <= %(until)s::date)""",
        ),
    ),
    sums={"net": 16, "tax": 17, "gross": 18},
    currency=19,
    document=0,
    rate=15,
)
