"""The imports of QuickBooks Online: CSV, a row for each line, a document's rows together.

Sources: Intuit's help articles "Import multiple invoices at once" and "How to import credit notes" (QuickBooks Online,
Gear › Import data; quickbooks.intuit.com/learn-support) and the sample file for invoices, region United Kingdom, which
has the columns below; an asterisk marks what is required. An import takes at most 100 documents and 1,000 rows.
Payments have no import from a file. Amounts are in the document's currency; dates as YYYY-MM-DD, to be chosen at the
import, where tax codes are mapped to those of the books, too.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from orders.accounting.connectors.exports import BilledLine

TaxCodes = Mapping[tuple[str, str, Decimal], str]

COLUMNS = (
    "*InvoiceNo",
    "*Customer",
    "*InvoiceDate",
    "*DueDate",
    "Terms",
    "Location",
    "Memo",
    "Item(Product/Service)",
    "ItemDescription",
    "ItemQuantity",
    "ItemRate",
    "*ItemAmount",
    "*ItemTaxCode",
    "ItemTaxAmount",
    "Currency",
    "Service Date",
)
CREDIT_COLUMNS = (
    "*CreditNoteNo",
    "*Customer",
    "*CreditNoteDate",
    "Memo",
    "Item(Product/Service)",
    "ItemDescription",
    "ItemQuantity",
    "ItemRate",
    "*ItemAmount",
    "*ItemTaxCode",
    "ItemTaxAmount",
    "Currency",
    "Service Date",
)
MOST_INVOICES, MOST_ROWS = 100, 1000
# The names of QuickBooks' own tax codes in the United Kingdom, by VAT number (the company's own), category and percent.
BRITISH = {
    ("", "S", Decimal(20)): "20.0% S",
    ("", "S", Decimal(5)): "5.0% R",
    ("", "Z", Decimal(0)): "0.0% Z",
    ("", "E", Decimal(0)): "Exempt",
    ("", "AE", Decimal(0)): "20.0% RC",
    ("", "K", Decimal(0)): "0.0% ECG",
    ("", "G", Decimal(0)): "0.0% Z",
    ("", "O", Decimal(0)): "No VAT",
}
TAX_CODES: dict[str, TaxCodes] = {"GB": BRITISH, "IM": BRITISH}
NUMBER_LENGTH = 21  # of an invoice number, at the most


def row(line: BilledLine, codes: TaxCodes = BRITISH) -> list[object]:
    """A line of an invoice as its row; the rate is what the amount comes to per unit, to six places."""
    return [
        number(line.number),
        line.customer,
        line.issued_on,
        line.due_on,
        "",
        "",
        line.reference,
        *_item(line, 1),
        tax_code(line, codes),
        line.tax,
        line.currency,
        line.supplied_on or line.issued_on,
    ]


def credit_row(line: BilledLine, codes: TaxCodes = BRITISH) -> list[object]:
    """A line of a credit note as its row: what is credited is above zero."""
    return [
        number(line.number),
        line.customer,
        line.issued_on,
        line.reference,
        *_item(line, -1),
        tax_code(line, codes),
        -line.tax,
        line.currency,
        line.supplied_on or line.issued_on,
    ]


def _item(line: BilledLine, sign: int) -> list[object]:
    quantity, net = abs(line.quantity) or 1, sign * line.net
    return [line.code, line.description, quantity, _rate(net, quantity), net]


def _rate(net: Decimal, quantity: int) -> Decimal:
    """What an amount comes to per unit, to six places, without zeros beyond the second."""
    rate = round(net / quantity, 6)
    return round(rate, 2) if rate == round(rate, 2) else rate.normalize()


def number(legal: str) -> str:
    """A legal number as far as QuickBooks takes it: one that is too long goes without the company's code."""
    if len(legal) <= NUMBER_LENGTH:
        return legal
    series, *_code, year, count = legal.split("-")
    return f"{series}-{year}-{count}"


def tax_code(line: BilledLine, codes: TaxCodes = BRITISH) -> str:
    """The name of a line's tax code; one that isn't known says what it is for, to be mapped at the import."""
    key = line.registration, line.tax_category, line.tax_percent.normalize()
    return codes.get(key) or unknown_code(*key)


def unknown_code(registration: str, category: str, percent: Decimal) -> str:
    return f"{registration} {category} {percent.normalize():f}%".strip()


def files(lines: Iterable[BilledLine], codes: TaxCodes = BRITISH) -> Iterator[list[list[object]]]:
    """The rows of each file, as many documents in one as an import takes; one that is longer stands alone."""
    rows: list[list[object]] = []
    invoices: set[str] = set()
    for invoice in _by_invoice(lines):
        if rows and (len(invoices) == MOST_INVOICES or len(rows) + len(invoice) > MOST_ROWS):
            yield rows
            rows, invoices = [], set()
        rows += [
            credit_row(line, codes) if line.is_credit else row(line, codes) for line in invoice
        ]
        invoices.add(invoice[0].number)
    if rows:
        yield rows


def _by_invoice(lines: Iterable[BilledLine]) -> Iterator[list[BilledLine]]:
    own: list[BilledLine] = []
    for line in lines:
        if own and own[0].number != line.number:
            yield own
            own = []
        own.append(line)
    if own:
        yield own
