"""Layouts of accounting programs: from rows of invoice lines to the rows that a vendor's import reads."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class BilledLine:
    """A line of an invoice or a credit note: amounts in its currency, exact, of credit notes below zero.

    `registration`: the country of the VAT number that it is billed under, where that isn't the company's own.
    """

    number: str
    customer: str
    issued_on: date
    due_on: date
    supplied_on: date | None
    reference: str
    code: str
    description: str
    quantity: int
    net: Decimal
    tax: Decimal
    tax_percent: Decimal
    tax_category: str
    currency: str
    is_credit: bool = False
    registration: str = ""
