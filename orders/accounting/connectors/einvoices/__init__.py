"""What an e-invoice says, whichever format writes it. Amounts are Decimal in the document's currency, never negative
but on lines that take something off."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from orders.planners.taxes import TaxGroup as TaxGroup

# Registers by the ICD list, of the countries whose rules name one.
LEGAL_SCHEMES = {"NL": ("0106", "0190"), "SE": ("0007",), "NO": ("0192",), "IS": ("0196",)}
INVOICE, PREPAYMENT, CREDIT_NOTE = "380", "386", "381"  # UNTDID 1001


@dataclass(frozen=True)
class Party:
    """A seller, a buyer, or where goods went; countries by ISO 3166-1, endpoint schemes by the EAS code list."""

    name: str
    country: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    region: str = ""
    vat_number: str = ""
    registration: str = ""
    endpoint: str = ""
    endpoint_scheme: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Item:
    """A line: units (UN/ECE Rec. 20) at a price without tax; `net` is what it comes to, less its discount."""

    number: int
    name: str
    quantity: int
    unit_price: Decimal
    net: Decimal
    category: str
    percent: Decimal
    code: str = ""
    discount: Decimal = Decimal(0)
    discount_reason: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Adjustment:
    """A charge on the whole document, or an allowance where it is below zero, without tax."""

    reason: str
    net: Decimal
    category: str
    percent: Decimal


@dataclass(frozen=True)
class Document:
    """An invoice or a credit note as EN 16931 knows it."""

    kind: str
    number: str
    issued_on: date
    currency: str
    seller: Party
    buyer: Party
    items: list[Item]
    taxes: list[TaxGroup]
    net: Decimal
    tax: Decimal
    gross: Decimal
    places: int = 2
    paid: Decimal = Decimal(0)
    adjustments: list[Adjustment] = field(default_factory=list)
    due_on: date | None = None
    supplied_on: date | None = None
    ship_to: Party | None = None
    terms: str = ""
    notes: tuple[str, ...] = ()
    order_number: str = ""
    buyer_reference: str = ""
    purchase_order: str = ""
    preceding: tuple[
        tuple[str, date], ...
    ] = ()  # numbers and days of what is corrected or deducted
    iban: str = ""
    bic: str = ""
    home_currency: str = ""
    home_tax: Decimal | None = None
