"""The export profile of supplier invoices, which companies of the installation bill each other."""

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

_IN_RUN = """JOIN orders_exporteddocument x
    ON x.run_id = %(run)s AND x.kind = 'supplier' AND x.key = d.document_id"""

SUPPLIER_INVOICES = Layout(
    columns=(
        Column("number", "Number"),
        Column("kind", "Kind", KIND, "d.kind"),
        Column("issued_on", "Date", DAY),
        Column("booked_on", "Posted", DAY),
        Column("due_on", "Due", DAY),
        Column("supplier", "Supplier"),
        Column("supplier_name", "Name"),
        Column("country", "Country"),
        Column("vat_number", "VAT number"),
        Column("corrects", "Corrects"),
        Column("sku", "SKU"),
        Column("description", "Description"),
        Column("quantity", "Quantity", COUNT),
        Column("unit_price", "Price", PRICE),
        Column("tax_category", "Tax category", TAX_CATEGORY),
        Column("tax_percent", "Tax %", PERCENT),
        Column("net", "Net", MONEY),
        Column("tax", "Tax", MONEY),
        Column("gross", "Gross", MONEY),
        Column("currency", "Currency"),
        Column("exchange_rate", "Exchange rate", PRICE),
        Column(
            "home_net", "Net in company currency", MONEY, "round(net / exchange_rate, %(places)s)"
        ),
        Column(
            "home_tax", "Tax in company currency", MONEY, "round(tax / exchange_rate, %(places)s)"
        ),
        Column("company_vat_number", "Company's VAT number"),
    ),
    source=f"reporting.supplier_document_lines d {_IN_RUN} ORDER BY document_id, position",
    ledger=f"""
        SELECT currency, count(*) AS documents, sum(net) AS net, sum(tax) AS tax, sum(gross) AS gross
        FROM reporting.supplier_documents d {_IN_RUN} GROUP BY currency ORDER BY currency""",
    ledger_taxes=f"""
        SELECT currency, tax_percent, sum(tax) AS tax FROM reporting.supplier_document_lines d {_IN_RUN}
        GROUP BY currency, tax_percent ORDER BY currency, tax_percent""",
    documents=(
        (
            "supplier",
            """
            SELECT i.id FROM orders_supplierinvoice i WHERE i.company_id = %(company)s
            AND (%(since)s::date IS NULL OR i.booked_on >= %(since)s::date)
            AND (%(until)s::date IS NULL OR i.booked_on <= %(until)s::date)""",
        ),
    ),
    sums=("net", "tax", "gross"),
    counts_documents=True,
    has_rates=True,
)
