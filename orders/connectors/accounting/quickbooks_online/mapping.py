"""The invoice import of QuickBooks Online: CSV, a row for each line, an invoice's rows together.

Source: Intuit's help article "Import multiple invoices at once" (QuickBooks Online, Gear › Import data › Invoices;
quickbooks.intuit.com/learn-support) and the sample file that it offers, region United Kingdom, which has the columns
below; an asterisk marks what is required. An import takes at most 100 invoices and 1,000 rows; it takes invoices
alone, so credit notes are entered by hand. Amounts are in the invoice's currency; dates as YYYY-MM-DD, to be chosen at
the import.
"""

from collections.abc import Iterable, Iterator

from orders.connectors.accounting import BilledLine

COLUMNS = ("*InvoiceNo", "*Customer", "*InvoiceDate", "*DueDate", "Terms", "Location", "Memo", "Item(Product/Service)",
           "ItemDescription", "ItemQuantity", "ItemRate", "*ItemAmount", "*ItemTaxCode", "ItemTaxAmount", "Currency",
           "Service Date")
MOST_INVOICES, MOST_ROWS = 100, 1000
STANDARD_RATE = 20  # percent, in the United Kingdom
NUMBER_LENGTH = 21  # of an invoice number, at the most


def row(line: BilledLine) -> list[object]:
    """A line as its row; the rate is what the amount comes to per unit, to six places."""
    rate = line.net / line.quantity if line.quantity else line.net
    return [number(line.number), line.customer, line.issued_on, line.due_on, "", "", line.reference, line.code,
            line.description, line.quantity or 1, round(rate, 6), line.net, tax_code(line), line.tax, line.currency,
            line.supplied_on or line.issued_on]


def number(legal: str) -> str:
    """A legal number as far as QuickBooks takes it: one that is too long goes without the company's code."""
    if len(legal) <= NUMBER_LENGTH:
        return legal
    series, *_code, year, count = legal.split("-")
    return f"{series}-{year}-{count}"


def tax_code(line: BilledLine) -> str:
    """The name of the tax code as QuickBooks writes it: "20.0% S", reduced "5.0% R"; exempt, zero, not taxed here."""
    if line.tax_category == "S":
        return f"{line.tax_percent:.1f}% {'S' if line.tax_percent == STANDARD_RATE else 'R'}"
    return {"Z": "0.0% Z", "E": "Exempt", "AE": "20.0% RC", "K": "0.0% ECG", "G": "0.0% Z", "O": "No VAT"}[
        line.tax_category]


def files(lines: Iterable[BilledLine]) -> Iterator[list[list[object]]]:
    """The rows of each file, as many invoices in one as an import takes; one that is longer stands alone."""
    rows: list[list[object]] = []
    invoices: set[str] = set()
    for invoice in _by_invoice(lines):
        if rows and (len(invoices) == MOST_INVOICES or len(rows) + len(invoice) > MOST_ROWS):
            yield rows
            rows, invoices = [], set()
        rows += [row(line) for line in invoice]
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
